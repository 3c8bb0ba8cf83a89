"""Rules of contact policy, and what they stopped, in words and with the values that counted."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from shared.domain.contact_policy import Withheld, WithheldRows
from shared.domain.contact_policy.tallies import NEVER
from shared.domain.rules import (
    Budget,
    Cap,
    ConsentRule,
    Cooldown,
    ExclusionRule,
    Holdout,
    QuietHours,
    Rule,
    Scope,
    Volume,
)

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def lasting(seconds: int) -> str:
    """A length of time in the largest unit that divides it."""
    if seconds >= NEVER.total_seconds():
        return "ever"
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size:,} {unit}" + ("" if seconds == size else "s")


def moment(at: datetime, zone: tzinfo) -> str:
    """An instant on the clock of a zone: `3 March 2026 09:00 GMT`."""
    return f"{at.astimezone(zone):%-d %B %Y %H:%M{':%S' if at.second else ''} %Z}"


def window(cap: Cap) -> str:
    """In what a cap counts: `in 7 days`, `in a calendar week`."""
    return f"in a calendar {cap.calendar}" if cap.calendar else f"in {lasting(cap.window_seconds)}"


def scope_of(rule: Rule | None) -> str:
    """What a rule judges: `channels email, sms; apart per action`."""
    scope: Scope = getattr(rule, "blocks" if isinstance(rule, Cooldown) else "scope", None) or Scope()
    named: dict[str, tuple[str, ...]] = {name: getattr(scope, name) for name in scope.__struct_fields__}
    if isinstance(rule, ConsentRule):
        named["purposes"] = rule.purposes
    elif isinstance(rule, ExclusionRule | Holdout):
        named["purposes"] = rule.stops
    parts = [f"{name} {', '.join(values)}" for name, values in named.items() if values]
    apart = getattr(rule, "per", None) or getattr(rule, "same", None)
    return "; ".join([*(parts or ["all"]), *([f"apart per {apart}"] if apart else [])])


def is_as_wanted(rule: Rule | None, withheld: Withheld | WithheldRows) -> bool:
    """Whether it was the person's own limit that stopped a treatment."""
    return isinstance(rule, Cap) and withheld.limit is not None and withheld.limit < rule.limit


def counted(rule: Rule, withheld: Withheld, of: dict[str, Any] | None, now: datetime, zone: tzinfo) -> str:  # noqa: PLR0911 - one answer per kind of rule
    """What a rule went by when it stopped a treatment.

    Args:
        rule: the rule.
        withheld: what the ledger says.
        of: the treatment's facts, None where the revision has it not.
        now: when it was stopped.
        zone: the person's.
    """
    match rule:
        case Cap():
            wanted = ", as the customer wants" if is_as_wanted(rule, withheld) else ""
            return f"{withheld.count} of {withheld.limit} {window(rule)}{wanted}"
        case Cooldown():
            several = f"{rule.count} within {lasting(rule.within_seconds)}, " if rule.count > 1 else ""
            without = f"none with {', '.join(rule.without)}, " if rule.without else ""
            return f"after {', '.join(rule.outcomes)}, {several}{without}for {lasting(rule.period_seconds)}"
        case QuietHours():
            return f"it was {moment(now, zone)} there"
        case Volume():
            reached = f"{withheld.count} of " if withheld.count is not None else ""
            return f"{reached}{rule.limit:,} per {rule.period}"
        case Budget():
            return f"£{rule.pounds:,g} per {rule.period}"
        case Holdout():
            return f"{rule.share * 100:g} % of persons, this one among them"
        case ExclusionRule():
            return f"flag {rule.flag}"
        case ConsentRule():
            return f"{of['purpose']} of {of['brand']} by {of['channel']}" if of else ", ".join(rule.purposes)
