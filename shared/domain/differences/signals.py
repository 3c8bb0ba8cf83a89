"""Differences of signal features and triggers: what is counted, and which signals start a decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.domain.catalogue import AnyFeature, Catalogue, Sequence, Step, Trigger
from shared.domain.differences.change import Change, changed, paired, whole
from shared.domain.features.features import state_key

_LABELS = {"of": "what is told apart"}


def of_signals(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    """What features say other than before, and what starts a decision that did not, or no longer does."""
    for name, was, is_now in paired(old.features, new.features, lambda feature: feature.name):
        about = f"feature {name}"
        if was is None or is_now is None:
            yield whole(about, was, is_now, _feature)
        else:
            yield from _changed_feature(about, was, is_now)
    for name, was, is_now in paired(old.triggers, new.triggers, lambda trigger: trigger.name):
        about = f"trigger {name}"
        if was is None or is_now is None:
            yield whole(about, was, is_now, _trigger)
            continue
        yield from changed(about, "signals", _types(was), _types(is_now), str, actions=0)
        yield from changed(about, "condition", was.when, is_now.when, _code, actions=0)
        yield from changed(about, "not again within", was.not_again_within, is_now.not_again_within, str, actions=0)
    both = [[t.name for t in side.triggers if t.name in {u.name for u in other}] for side, other in _sides(old, new)]
    if both[0] != both[1]:
        yield Change(about="triggers", kind="changed", said=f"asked in the order {', '.join(both[1])}", actions=0)
    yield from _starting(old, new)


def _sides(old: Catalogue, new: Catalogue) -> Iterator[tuple[Catalogue, tuple[Trigger, ...]]]:
    yield old, new.triggers
    yield new, old.triggers


def _changed_feature(about: str, was: AnyFeature, is_now: AnyFeature) -> Iterator[Change]:
    if type(was) is not type(is_now):
        yield Change(about=about, kind="changed", said=f"{_feature(was)} → {_feature(is_now)}", actions=0)
    else:
        yield from changed(about, "signals", _types(was), _types(is_now), str, actions=0)
        for field in is_now.__struct_fields__:
            before, after = getattr(was, field), getattr(is_now, field)
            if field in ("name", "types"):
                continue
            label = _LABELS.get(field, field.replace("_", " ").replace("when", "condition"))
            yield from changed(about, label, before, after, _said, actions=0)
    if state_key(was) != state_key(is_now):
        yield Change(about=about, kind="changed", said="begins anew: what it was made of so far is let go", actions=0)


def _starting(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    """Types of signal that start a decision on one side alone, where both sides name what they take."""
    if not (_names_all(old) and _names_all(new)):
        if bool(old.triggers) != bool(new.triggers):
            says = "only those that a trigger takes start a decision" if new.triggers else "every one starts a decision"
            yield Change(about="signals", kind="lost" if new.triggers else "gained", said=says, actions=0)
        return
    before, after = ({kind for t in side.triggers for kind in t.types} for side in (old, new))
    for kind in sorted(before - after):
        yield Change(about=f"signal {kind}", kind="lost", said="starts no decision any more", actions=0)
    for kind in sorted(after - before):
        yield Change(about=f"signal {kind}", kind="gained", said="may start a decision", actions=0)


def _names_all(catalogue: Catalogue) -> bool:
    return bool(catalogue.triggers) and all(trigger.types for trigger in catalogue.triggers)


def _feature(feature: AnyFeature) -> str:
    """What a feature is in a line, such as `count of page_viewed in 7d`."""
    kind = str(type(feature).__struct_config__.tag).replace("_", " ")
    parts = [f"{kind} of {_types(feature)}"]
    if isinstance(feature, Sequence):
        parts = [f"sequence {', then '.join(map(_types, feature.steps))} within {feature.within}"]
    if feature.when:
        parts.append(f"where {_code(feature.when)}")
    for field, words in (("amount", "amount {}"), ("of", "telling apart {}")):
        if hasattr(feature, field):
            parts.append(words.format(_code(getattr(feature, field))))
    for field, words in (("window", "in {}"), ("half_life", "half-life {}")):
        if hasattr(feature, field):
            parts.append(words.format(getattr(feature, field)))
    return ", ".join(parts)


def _trigger(trigger: Trigger) -> str:
    said = _types(trigger)
    if trigger.when:
        said += f", where {_code(trigger.when)}"
    return said + (f", not again within {trigger.not_again_within}" if trigger.not_again_within else "")


def _types(part: AnyFeature | Trigger | Step) -> str:
    return ", ".join(part.types) or "every signal"


def _code(text: str) -> str:
    return f"`{text}`"


def _said(value: Any) -> str:
    if isinstance(value, tuple):
        return ", then ".join(f"{_types(step)}{f' where {_code(step.when)}' if step.when else ''}" for step in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, int | float) else str(value)
