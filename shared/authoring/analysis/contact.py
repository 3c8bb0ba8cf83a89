"""Rules of contact policy that can never matter, or that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from shared.domain.catalogue import Catalogue, facts
from shared.domain.rules import Cap, Cooldown, Dimension, Scope, in_scope

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
    all that `cap` judges and counts all that `cap` counts.
    """
    return (
        other.limit <= cap.limit
        and other.window_seconds >= cap.window_seconds
        and set(cap.outcomes) <= set(other.outcomes)
        and _within(cap.scope, other.scope)
        and _as_coarse(other.per, cap.per)
    )


def _of_cooldowns(cooldowns: Sequence[Cooldown]) -> Iterator[Finding]:
    for position, one in enumerate(cooldowns):
        for index, other in enumerate(cooldowns):
            if index != position and _covers(other, one) and (index < position or not _covers(one, other)):
                yield Finding(
                    one.id, "period", f"adds nothing: cooldown {other.id} stops the same for as long or longer"
                )
                break


def _covers(other: Cooldown, one: Cooldown) -> bool:
    return (
        other.period_seconds >= one.period_seconds
        and set(one.outcomes) <= set(other.outcomes)
        and _within(one.after, other.after)
        and _within(one.blocks, other.blocks)
        and _as_coarse(other.same, one.same)
    )


def _counts(cap: Cap) -> tuple[object, ...]:
    return cap.scope, cap.outcomes, cap.window_seconds, cap.per


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
