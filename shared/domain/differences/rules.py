"""Differences of contact policy: limits, periods and scopes in people's units, for rules of any kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from shared.domain.catalogue import Catalogue
from shared.domain.contact_policy.quiet import WEEKDAYS
from shared.domain.contact_words import lasting
from shared.domain.differences.change import (
    Change,
    changed,
    counted,
    listed,
    number,
    paired,
    per_cent,
    pounds,
    quoted,
    scope_words,
)
from shared.domain.rules import Budget, Cap, Cooldown, DayKind, Holdout, QuietHours, QuietTime, Rule, Scope, Volume

_LABELS = {
    "per": "counted apart per",
    "same": "only for the same",
    "preference": "the customer's own limit",
    "max_defer_seconds": "waits for up to",
    "within_seconds": "within",
    "share": "persons held out",
}


def of_rules(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    """Every rule that comes, goes or differs, and whether they are tried in another order."""
    for _, was, is_now in paired(old.rules, new.rules, lambda rule: (_kind(rule), rule.id)):
        if was is None:
            yield Change(about=_about(is_now), kind="gained", said=f"added: {_said(is_now, new)}", actions=0)
        elif is_now is None:
            yield Change(about=_about(was), kind="lost", said=f"removed: {_said(was, old)}", actions=0)
        else:
            yield from _of_rule(was, is_now, old, new)
    before = [rule.id for rule in old.rules]
    after = [rule.id for rule in new.rules if rule.id in before]
    if [name for name in before if name in after] != after:
        said = f"tried in another order: {listed(rule.id for rule in new.rules)}"
        yield Change(about="contact policy", kind="changed", said=said, actions=0)


def _of_rule(was: Any, is_now: Any, old: Catalogue, new: Catalogue) -> Iterator[Change]:
    about = _about(is_now)
    fields = [field for field in is_now.__struct_fields__ if getattr(was, field) != getattr(is_now, field)]
    if isinstance(is_now, Cap | Volume | Budget) and _RATE & {*fields}:
        on = scope_words(is_now.scope, new)
        (before, per), (after, now_per) = _rate(was), _rate(is_now)
        said = f"{before} → {after} per {per}" if per == now_per else f"{before} per {per} → {after} per {now_per}"
        yield Change(about=about, kind="changed", said=f"on {on} {said}", actions=0)
        fields = [field for field in fields if field not in _RATE]
    if isinstance(is_now, QuietHours) and "times" in fields:
        said = f"on {scope_words(is_now.scope, new)} now quiet {_times(is_now)}, before {_times(was)}"
        yield Change(about=about, kind="changed", said=said, actions=0)
        fields.remove("times")
    for field in fields:
        label = _LABELS.get(field, field.removesuffix("_seconds").replace("_", " "))
        before, after = _word(field, getattr(was, field), old), _word(field, getattr(is_now, field), new)
        yield from changed(about, label, before, after, str, actions=0)


_RATE = {"limit", "pounds", "period", "window_seconds", "calendar"}
"""The fields of how much of something there may be in what time."""


def _said(rule: Rule, catalogue: Catalogue) -> str:  # noqa: PLR0911 - one answer per kind of rule
    """A rule in a line."""
    match rule:
        case Cap():
            per = f", for each {rule.per}" if rule.per else ""
            own = f", or what profile.{rule.preference} says where it is less" if rule.preference else ""
            on = scope_words(rule.scope, catalogue)
            return f"at most {' per '.join(_rate(rule))} {listed(rule.outcomes)} on {on}{per}{own}"
        case Cooldown():
            several = f"{rule.count} times " if rule.count > 1 else ""
            within = f" within {lasting(rule.within_seconds)}" if rule.within_seconds else ""
            without = f" without {listed(rule.without)}" if rule.without else ""
            same = f" of the same {rule.same}" if rule.same else ""
            blocks = scope_words(rule.blocks, catalogue)
            after = f"after {several}{listed(rule.outcomes)}{within}{without}"
            return f"{after}, nothing{same} for {lasting(rule.period_seconds)} on {blocks}"
        case QuietHours():
            waits = f", waiting for up to {lasting(rule.max_defer_seconds)}" if rule.max_defer_seconds else ""
            return f"quiet {_times(rule)} on {scope_words(rule.scope, catalogue)}{waits}"
        case Volume():
            return f"at most {' per '.join(_rate(rule))} over all persons on {scope_words(rule.scope, catalogue)}"
        case Budget():
            return f"at most {' per '.join(_rate(rule))} spent on {scope_words(rule.scope, catalogue)}"
        case Holdout():
            on = scope_words(rule.scope, catalogue)
            return f"{per_cent(rule.share)} of persons get no {listed(rule.stops).replace('_', ' ')} on {on}"
        case _:
            return rule.reason


def _rate(rule: Cap | Volume | Budget) -> tuple[str, str]:
    """How much there may be, and in what time."""
    match rule:
        case Cap():
            return str(rule.limit), f"calendar {rule.calendar}" if rule.calendar else lasting(rule.window_seconds)
        case Volume():
            return f"{rule.limit:,}", rule.period
        case Budget():
            return pounds(rule.pounds), rule.period


def _times(rule: QuietHours) -> str:
    """When it is quiet: `mon to fri 20:00 to 09:00 and sat, sun and holiday all day`."""
    return listed(f"{_days(each.days)} {_hours(each)}" for each in rule.times)


def _hours(quiet: QuietTime) -> str:
    return "all day" if quiet.from_ == quiet.until == "00:00" else f"{quiet.from_} to {quiet.until}"


def _days(days: tuple[DayKind, ...]) -> str:
    numbers = [WEEKDAYS.index(day) for day in days if day in WEEKDAYS]
    if not days:
        return "every day"
    if len(numbers) == len(days) > 2 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{days[0]} to {days[-1]}"
    return "/".join(days)


def _word(field: str, value: Any, catalogue: Catalogue) -> Any:  # noqa: PLR0911 - one answer per kind of value
    """A value of a field as people say it; None stays None."""
    if value is None or value == ():
        return None
    if isinstance(value, Scope):
        return scope_words(value, catalogue)
    if field.endswith("_seconds"):
        return lasting(value) if value else None
    if field == "reason":
        return quoted(value)
    if field == "share":
        return per_cent(value)
    if field == "holidays":
        return f"{counted(len(value), 'day')} from {value[0]} to {value[-1]}"
    if isinstance(value, int | float):
        return number(value)
    if isinstance(value, tuple):
        return listed(str(item) for item in value)
    if isinstance(value, msgspec.Struct):
        return msgspec.json.encode(value).decode()
    return str(value)


def _kind(rule: Any) -> str:
    return str(rule.__struct_config__.tag)


def _about(rule: Any) -> str:
    return f"{_kind(rule).replace('_', ' ')} {rule.id}"
