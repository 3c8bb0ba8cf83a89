"""Differences of what a change has to pass: prohibitions, limits, guards and the steps of a canary."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from shared.domain.catalogue import CanaryStep, Catalogue, Gates, Prohibition
from shared.domain.differences.change import Change, changed, number, paired, scope_words, whole

_ITEMS = frozenset({"prohibitions", "guards", "canary"})


def of_gates(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    """Every prohibition and limit that comes, goes or differs."""
    for name, was, is_now in paired(old.gates.prohibitions, new.gates.prohibitions, lambda each: each.id):
        about = f"prohibition {name}"
        if was is None or is_now is None:
            yield whole(about, was, is_now, partial(_prohibition, catalogue=old if is_now is None else new))
            continue
        before, after = _prohibition(was, catalogue=old), _prohibition(is_now, catalogue=new)
        yield from changed(about, "what must hold", before, after, str, actions=0)
        for field in ("after", "on_missing", "reason"):
            label = field.replace("_", " ")
            yield from changed(about, label, getattr(was, field), getattr(is_now, field), str, actions=0)
    for field in Gates.__struct_fields__:
        if field not in _ITEMS:
            yield from _limit("gates", field, old.gates, new.gates)
    for field in old.gates.guards.__struct_fields__:
        yield from _limit("guards", field, old.gates.guards, new.gates.guards)
    for share, was_step, step in paired(old.gates.canary, new.gates.canary, lambda each: each.share):
        if was_step is None or step is None:
            yield whole(f"canary of {share} %", was_step, step, _step)
        else:
            yield from changed(f"canary of {share} %", "looked at", _step(was_step), _step(step), str, actions=0)


def _limit(about: str, field: str, old: Any, new: Any) -> Iterator[Change]:
    yield from changed(about, field.replace("_", " "), getattr(old, field), getattr(new, field), _value, actions=0)


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key}: {number(inner)}" for key, inner in value.items()) or "none"
    return number(value)


def _prohibition(prohibition: Prohibition, *, catalogue: Catalogue) -> str:
    return f"`{prohibition.must}` for {scope_words(prohibition.scope, catalogue)}"


def _step(step: CanaryStep) -> str:
    return f"for {step.at_least} to {step.at_most}, {step.fewest:,} persons at least"
