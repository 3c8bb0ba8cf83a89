"""Rules of contact policy that can never matter, or that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.domain.catalogue import Catalogue, facts
from shared.domain.contact_policy.quiet import WEEKDAYS
from shared.domain.rules import Budget, Cap, Cooldown, DayKind, Dimension, Holdout, QuietHours, Scope, in_scope

_DAY = 24 * 60

_COARSER: dict[Dimension, frozenset[Dimension]] = {
    "treatment": frozenset({"action", "group", "issue", "brand", "channel", "purpose"}),
    "action": frozenset({"group", "issue", "brand"}),
    "group": frozenset({"issue"}),
}
"""What two contacts share that share a dimension."""


class Finding(NamedTuple):
    """Something about a rule, and whether it keeps the catalogue from being built."""

    rule: str
    field: str
    message: str
    is_error: bool = False


def findings(catalogue: Catalogue) -> Iterator[Finding]:
    """All that is to be said of the rules, in their order."""
    caps = [rule for rule in catalogue.rules if isinstance(rule, Cap)]
    cooldowns = [rule for rule in catalogue.rules if isinstance(rule, Cooldown)]
    for rule in catalogue.rules:
        for field in ("scope", "blocks"):  # not `after`: what an outcome was of may be retired by now
            scope = getattr(rule, field, None)
            if scope is not None and not holds_any(catalogue, scope):
                yield Finding(rule.id, field, "no treatment is in this scope: the rule never stops anything")
    yield from _of_caps(caps)
    yield from _of_cooldowns(cooldowns)
    for rule in catalogue.rules:
        if isinstance(rule, QuietHours):
            yield from _of_quiet_hours(rule, catalogue)
        elif isinstance(rule, Budget):
            yield from _of_budget(rule, catalogue)
        elif isinstance(rule, Holdout) and rule.share in (0, 1):
            whom = "nobody is" if rule.share == 0 else "everybody is"
            yield Finding(rule.id, "share", f"{whom} held out, so that there is nothing to measure")


def _of_caps(caps: Sequence[Cap]) -> Iterator[Finding]:
    for position, cap in enumerate(caps):
        twins = [other for other in caps if _counts(other) == _counts(cap) and other.limit != cap.limit]
        if twins:
            if twins[0] in caps[:position]:
                message = f"contradicts cap {twins[0].id}: both count the same, up to {twins[0].limit} and {cap.limit}"
                yield Finding(cap.id, "limit", message, is_error=True)
            continue
        stricter = _stricter(cap, caps[:position], position) or _stricter(cap, caps[position + 1 :], None)
        if stricter is not None:
            message = f"can never bind: cap {stricter.id} ({stricter.limit}) always stops first"
            yield Finding(cap.id, "limit", message)


def _stricter(cap: Cap, others: Sequence[Cap], earlier: int | None) -> Cap | None:
    """A cap that stops whatever this one stops; of two that do so mutually, only an earlier one counts."""
    for other in others:
        if _never_binds(cap, other) and (earlier is not None or not _never_binds(other, cap)):
            return other
    return None


def _never_binds(cap: Cap, other: Cap) -> bool:
    """Whether, when `cap` has counted to its limit, `other` has counted to its own for the same candidate: it judges
    all that `cap` judges and counts all that `cap` counts. The person's own limit may be lower than any.
    """
    return (
        cap.preference is None
        and other.limit <= cap.limit
        and _spans(other, cap)
        and set(cap.outcomes) <= set(other.outcomes)
        and _within(cap.scope, other.scope)
        and _as_coarse(other.per, cap.per)
    )


def _spans(wide: Cap, narrow: Cap) -> bool:
    """Whether the window of one cap always holds that of another."""
    if wide.calendar is None:
        return wide.window_seconds >= narrow.window_seconds
    return narrow.calendar is not None and narrow.calendar in {wide.calendar, "day"}


def _of_cooldowns(cooldowns: Sequence[Cooldown]) -> Iterator[Finding]:
    for position, one in enumerate(cooldowns):
        for index, other in enumerate(cooldowns):
            if index != position and _covers(other, one) and (index < position or not _covers(one, other)):
                yield Finding(
                    one.id, "period", f"adds nothing: cooldown {other.id} stops the same for as long or longer"
                )
                break


def _covers(other: Cooldown, one: Cooldown) -> bool:
    """Whether `other` stops whatever `one` stops, as long as it does."""
    return (
        other.count <= one.count
        and (other.count == 1 or other.within_seconds >= one.within_seconds)
        and (not other.without or other.within_seconds == one.within_seconds)
        and set(other.without) <= set(one.without)
        and other.period_seconds >= one.period_seconds
        and set(one.outcomes) <= set(other.outcomes)
        and _within(one.after, other.after)
        and _within(one.blocks, other.blocks)
        and _as_coarse(other.same, one.same)
    )


def _counts(cap: Cap) -> tuple[object, ...]:
    return cap.scope, cap.outcomes, cap.window_seconds, cap.calendar, cap.per, cap.preference


def _of_quiet_hours(rule: QuietHours, catalogue: Catalogue) -> Iterator[Finding]:
    if _is_always_quiet(rule):
        yield Finding(rule.id, "times", "it is always quiet: what is in scope never goes out")
    channels = {channel.id for channel in catalogue.channels if channel.direction == "outbound"}
    sent = [t for action in catalogue.actions for t in action.treatments if in_scope(rule.scope, facts(action, t))]
    if rule.max_defer_seconds and sent and not any(treatment.channel in channels for treatment in sent):
        yield Finding(rule.id, "max_defer", "nothing waits: an inbound channel is answered now or not at all")
    if rule.holidays and not any(quiet.days for quiet in rule.times):
        yield Finding(rule.id, "holidays", "never matter: each of its times is on every day")


def _is_always_quiet(rule: QuietHours) -> bool:
    """Whether every minute of every kind of day is quiet, whatever kind of day is before it."""
    kinds: tuple[DayKind, ...] = (*WEEKDAYS, "holiday") if rule.holidays else WEEKDAYS
    minutes = {kind: _quiet_minutes(rule, kind) for kind in kinds}
    for kind in kinds:
        before = [WEEKDAYS[WEEKDAYS.index(kind) - 1], *kinds[7:]] if kind in WEEKDAYS else kinds
        own = {minute for minute in minutes[kind] if minute < _DAY}
        if any(len(own | {minute - _DAY for minute in minutes[day] if minute >= _DAY}) < _DAY for day in before):
            return False
    return True


def _quiet_minutes(rule: QuietHours, day: DayKind) -> set[int]:
    """The minutes from the beginning of a day that its own times keep quiet, those of the next day among them."""
    found: set[int] = set()
    for quiet in rule.times:
        if not quiet.days or day in quiet.days:
            begin, end = (60 * int(clock[:2]) + int(clock[3:]) for clock in (quiet.from_, quiet.until))
            found.update(range(begin, end if begin < end else end + _DAY))
    return found


def _of_budget(rule: Budget, catalogue: Catalogue) -> Iterator[Finding]:
    used = {t.channel for a in catalogue.actions for t in a.treatments if in_scope(rule.scope, facts(a, t))}
    prices = {channel.price: channel for channel in catalogue.channels if channel.id in used}
    paid = [price for price in prices if price > 0]
    if used and not paid:
        yield Finding(rule.id, "scope", "nothing in this scope costs anything: the budget never stops anything")
    elif paid and rule.pounds < min(paid):
        least = prices[min(paid)]
        yield Finding(rule.id, "pounds", f"less than one contact costs: {least.price:g} by {least.id}")


def _as_coarse(wide: Dimension | None, narrow: Dimension | None) -> bool:
    """Whether whatever shares `narrow` shares `wide` too; None is everything."""
    return wide is None or wide == narrow or (narrow is not None and wide in _COARSER.get(narrow, ()))


def _within(narrow: Scope, wide: Scope) -> bool:
    """Whether all that is in one scope is in the other, whatever the taxonomy."""
    for field in Scope.__struct_fields__:
        allowed = set(getattr(wide, field))
        if allowed and not (getattr(narrow, field) and set(getattr(narrow, field)) <= allowed):
            return False
    return True


def holds_any(catalogue: Catalogue, scope: Scope) -> bool:
    """Whether any treatment is in a scope."""
    return any(in_scope(scope, facts(action, t)) for action in catalogue.actions for t in action.treatments)
