"""Contact policy: its rules as a revision holds them, with durations in seconds and holidays as dates."""

from __future__ import annotations

import msgspec

from shared.authoring import forms
from shared.authoring.holidays import dates
from shared.authoring.names import Names
from shared.domain.contact_policy.quiet import WEEKDAYS
from shared.domain.contact_policy.windows import LONGEST_SECONDS
from shared.domain.rules import (
    Budget,
    CalendarUnit,
    Cap,
    ConsentRule,
    Cooldown,
    ExclusionRule,
    Holdout,
    QuietHours,
    QuietTime,
    Rule,
    Volume,
)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_CALENDARS: dict[str, CalendarUnit] = {"calendar_day": "day", "calendar_week": "week", "calendar_month": "month"}
FOREVER_SECONDS = 36525 * 86400


def build_rules(policy: forms.ContactPolicy, names: Names) -> tuple[Rule, ...]:
    """The rules in the order of the file, which is the order they are tried in."""
    names.unique(policy.rules, "rule")
    return tuple(_rule(rule, names) for rule in policy.rules)


def _rule(rule: forms.Rule, names: Names) -> Rule:  # noqa: PLR0911 - one answer per kind of rule
    replace = msgspec.structs.replace
    match rule:
        case forms.Cap():
            return _cap(rule, names)
        case forms.Cooldown():
            return _cooldown(rule, names)
        case forms.QuietHours():
            return _quiet_hours(rule, names)
        case ConsentRule():
            return replace(rule, purposes=names.set_of(rule, "purposes"), scope=names.scope(rule.scope))
        case ExclusionRule():
            return replace(rule, stops=names.set_of(rule, "stops"))
        case Holdout():
            return replace(rule, stops=names.set_of(rule, "stops"), scope=names.scope(rule.scope))
        case Volume() | Budget():
            return replace(rule, scope=names.scope(rule.scope))


def _cap(rule: forms.Cap, names: Names) -> Cap:
    calendar = _CALENDARS.get(rule.window)
    if rule.preference is not None:
        names.attribute(rule.preference, "int", rule, "preference")
    return Cap(
        id=rule.id,
        limit=rule.limit,
        outcomes=names.set_of(rule, "outcomes"),
        window_seconds=LONGEST_SECONDS[calendar] if calendar else _seconds(rule, "window", names),
        reason=rule.reason,
        scope=names.scope(rule.scope),
        per=rule.per,
        calendar=calendar,
        preference=rule.preference,
    )


def _cooldown(rule: forms.Cooldown, names: Names) -> Cooldown:
    without = names.set_of(rule, "without")
    several = rule.count > 1 or bool(rule.without)
    if several and rule.within is None:
        what = "count" if rule.count > 1 else "without"
        if names.is_read(rule, "within"):
            names.problems.add(names.place(rule, what), f"{what} needs within: how long to look back, such as 14d")
    elif rule.within is not None and not several and names.is_read(rule, "count") and names.is_read(rule, "without"):
        names.problems.add(names.place(rule, "within"), "says nothing without count or without")
    for outcome in set(without) & set(rule.outcomes):
        place = names.place(rule, "without", rule.without.index(outcome))
        names.problems.add(place, f"{outcome} cannot both begin the period and keep it from beginning")
    return Cooldown(
        id=rule.id,
        outcomes=names.set_of(rule, "outcomes"),
        period_seconds=_seconds(rule, "period", names),
        reason=rule.reason,
        after=names.scope(rule.after),
        blocks=names.scope(rule.blocks),
        same=rule.same,
        count=rule.count,
        within_seconds=_seconds(rule, "within", names) if rule.within is not None else 0,
        without=without,
    )


def _quiet_hours(rule: forms.QuietHours, names: Names) -> QuietHours:
    for index, quiet in enumerate(rule.times):
        if "holiday" in quiet.days and rule.holidays is None and names.is_read(rule, "holidays"):
            place = names.place(rule, "times", index, "days", quiet.days.index("holiday"))
            names.problems.add(place, "needs holidays: a calendar and its years")
        for number, day in enumerate(quiet.days):
            if day in quiet.days[:number]:
                names.problems.add(names.place(rule, "times", index, "days", number), f"{day} is here twice")
    return QuietHours(
        id=rule.id,
        times=tuple(sorted(map(_in_week_order, rule.times), key=lambda each: (each.days, each.from_, each.until))),
        reason=rule.reason,
        scope=names.scope(rule.scope),
        max_defer_seconds=_seconds(rule, "max_defer", names) if rule.max_defer is not None else 0,
        holidays=dates(rule.holidays, names) if rule.holidays is not None else (),
    )


def _in_week_order(quiet: QuietTime) -> QuietTime:
    days = tuple(day for day in (*WEEKDAYS, "holiday") if day in quiet.days)
    return msgspec.structs.replace(quiet, days=days)


def _seconds(rule: forms.Form, field: str, names: Names) -> int:
    text: str = getattr(rule, field)
    if text in ("forever", ""):
        return FOREVER_SECONDS
    seconds = int(text[:-1]) * _SECONDS[text[-1]]
    if seconds > FOREVER_SECONDS:
        names.problems.add(names.place(rule, field), f"{text} is more than a hundred years: write forever")
    return min(seconds, FOREVER_SECONDS)
