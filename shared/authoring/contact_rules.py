"""Contact policy: its rules as a revision holds them, with durations in seconds."""

from __future__ import annotations

import msgspec

from shared.authoring import forms
from shared.authoring.names import Names
from shared.domain.rules import Cap, ConsentRule, Cooldown, ExclusionRule, Rule

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
FOREVER_SECONDS = 36525 * 86400


def build_rules(policy: forms.ContactPolicy, names: Names) -> tuple[Rule, ...]:
    """The rules in the order of the file, which is the order they are tried in."""
    names.unique(policy.rules, "rule")
    return tuple(_rule(rule, names) for rule in policy.rules)


def _rule(rule: forms.Cap | forms.Cooldown | ConsentRule | ExclusionRule, names: Names) -> Rule:
    match rule:
        case forms.Cap():
            return Cap(
                id=rule.id,
                limit=rule.limit,
                outcomes=names.set_of(rule, "outcomes"),
                window_seconds=_seconds(rule, "window", names),
                reason=rule.reason,
                scope=names.scope(rule.scope),
                per=rule.per,
            )
        case forms.Cooldown():
            return Cooldown(
                id=rule.id,
                outcomes=names.set_of(rule, "outcomes"),
                period_seconds=_seconds(rule, "period", names),
                reason=rule.reason,
                after=names.scope(rule.after),
                blocks=names.scope(rule.blocks),
                same=rule.same,
            )
        case ConsentRule():
            return msgspec.structs.replace(rule, purposes=names.set_of(rule, "purposes"), scope=names.scope(rule.scope))
        case ExclusionRule():
            return msgspec.structs.replace(rule, stops=names.set_of(rule, "stops"))


def _seconds(rule: forms.Form, field: str, names: Names) -> int:
    text: str = getattr(rule, field)
    if text in ("forever", ""):
        return FOREVER_SECONDS
    seconds = int(text[:-1]) * _SECONDS[text[-1]]
    if seconds > FOREVER_SECONDS:
        names.problems.add(names.place(rule, field), f"{text} is more than a hundred years: write forever")
    return min(seconds, FOREVER_SECONDS)
