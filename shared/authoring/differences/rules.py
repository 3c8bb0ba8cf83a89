"""Differences of contact policy: limits, periods and scopes in people's units, for rules of any kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from shared.authoring.differences.change import (
    Change,
    changed,
    listed,
    number,
    paired,
    pounds,
    quoted,
    scope_words,
)
from shared.domain.catalogue import Catalogue
from shared.domain.contact_words import lasting
from shared.domain.rules import Cap, Cooldown, Rule, Scope

_POUNDS = frozenset({"amount", "pounds", "spend"})
_LABELS = {"per": "counted apart per", "same": "only for the same", "reason": "reason"}


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
    if isinstance(is_now, Cap) and set(fields) & {"limit", "window_seconds"}:
        on = scope_words(is_now.scope, new)
        if was.window_seconds == is_now.window_seconds:
            said = f"{was.limit} → {is_now.limit} per {lasting(is_now.window_seconds)}"
        else:
            said = f"{_rate(was)} → {_rate(is_now)}"
        yield Change(about=about, kind="changed", said=f"on {on} {said}", actions=0)
        fields = [field for field in fields if field not in ("limit", "window_seconds")]
    for field in fields:
        label = _LABELS.get(field, field.removesuffix("_seconds").replace("_", " "))
        before, after = _word(field, getattr(was, field), old), _word(field, getattr(is_now, field), new)
        yield from changed(about, label, before, after, str, actions=0)


def _said(rule: Rule, catalogue: Catalogue) -> str:
    """A rule in a line."""
    if isinstance(rule, Cap):
        per = f", for each {rule.per}" if rule.per else ""
        return f"at most {_rate(rule)} {listed(rule.outcomes)} on {scope_words(rule.scope, catalogue)}{per}"
    if isinstance(rule, Cooldown):
        same = f" of the same {rule.same}" if rule.same else ""
        blocks = scope_words(rule.blocks, catalogue)
        return f"after {listed(rule.outcomes)}, nothing{same} for {lasting(rule.period_seconds)} on {blocks}"
    return rule.reason


def _rate(cap: Cap) -> str:
    return f"{cap.limit} per {lasting(cap.window_seconds)}"


def _word(field: str, value: Any, catalogue: Catalogue) -> Any:  # noqa: PLR0911 - one answer per kind of value
    """A value of a field as people say it; None stays None."""
    if value is None or value == ():
        return None
    if isinstance(value, Scope):
        return scope_words(value, catalogue)
    if field.endswith("_seconds"):
        return lasting(value)
    if field == "reason":
        return quoted(value)
    if field in _POUNDS:
        return pounds(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
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
