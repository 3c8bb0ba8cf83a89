"""Differences of what surrounds actions: taxonomy, exclusions, channels and prices, arbitration, what can be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from shared.domain.catalogue import (
    Attribute,
    Catalogue,
    Channel,
    ContextWeight,
    DeclaredEstimator,
    Learning,
    NumericPredictor,
    Predictor,
)
from shared.domain.catalogue.formats import Shape
from shared.domain.differences.change import Change, changed, number, paired, pounds, quoted, scope_words, whole
from shared.domain.differences.slots import of_slots

_LEVELS = {"brands": "brand", "issues": "issue", "groups": "group"}


def of_surroundings(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    """Every difference that is none of an action, a condition or a rule."""
    yield from changed("bank", "name", old.name, new.name, quoted, actions=0)
    yield from changed("bank", "time zone", old.time_zone, new.time_zone, str, actions=0)
    yield from changed("bank", "locale", old.locale, new.locale, str, actions=0)
    for field, what in _LEVELS.items():
        for name, was, is_now in paired(getattr(old, field), getattr(new, field), lambda level: level.id):
            about = f"{what} {name}"
            if was is None or is_now is None:
                yield whole(about, was, is_now, lambda level: quoted(level.name))
                continue
            yield from changed(about, "name", was.name, is_now.name, quoted, actions=0)
            yield from changed(about, "issue", was.parent, is_now.parent, str, actions=0)
            yield from changed(about, "owner", was.owner, is_now.owner, quoted, actions=0)
    for name, was, is_now in paired(old.exclusions, new.exclusions, lambda exclusion: exclusion.flag):
        about = f"exclusion {name}"
        if was is None or is_now is None:
            yield whole(about, was, is_now, lambda exclusion: quoted(exclusion.reason))
        else:
            yield from changed(about, "reason", was.reason, is_now.reason, quoted, actions=0)
    yield from _of_channels(old, new)
    yield from _of_arbitration(old, new)
    yield from of_slots(old, new)
    yield from _of_attributes("profile", _without_features(old), _without_features(new))
    yield from _of_attributes("context", old.context_schema, new.context_schema)
    yield from _of_attributes("action", old.action_schema, new.action_schema)
    yield from _of_signals(old, new)
    yield from _of_formats(old, new)
    for field in ("callbacks", "connectors", "content_services", "namespaces", "sources"):
        for name, was, is_now in paired(getattr(old, field), getattr(new, field), lambda item: item.id):
            yield from _of_fields(f"{field.removesuffix('s').replace('_', ' ')} {name}", was, is_now)
    yield from _of_fields("what identifies nobody", old.blocked, new.blocked)
    yield from changed("fairness", "fewest persons of a part", old.fairness.fewest, new.fairness.fewest, str, actions=0)
    yield from changed("fairness", "parts", old.fairness.parts, new.fairness.parts, _value, actions=0)
    for name, was, is_now in paired(old.fairness.limits, new.fairness.limits, lambda limit: limit.id):
        yield from _of_fields(f"limit of fairness {name}", was, is_now)
    for name, was, is_now in paired(old.audiences, new.audiences, lambda audience: audience.id):
        yield from _of_fields(f"audience {name}", was, is_now)


def _of_channels(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    for name, was, is_now in paired(old.channels, new.channels, lambda channel: channel.id):
        about = f"channel {name}"
        if was is None or is_now is None:
            yield whole(about, was, is_now, lambda channel: f"{channel.direction}, {pounds(channel.price)} a contact")
            continue
        yield from changed(about, "price of a contact", was.price, is_now.price, pounds, actions=0)
        placements = {p.id for p in was.placements}, {p.id for p in is_now.placements}
        for placement in sorted(placements[0] ^ placements[1]):
            kind, verb = ("lost", "removed") if placement in placements[0] else ("gained", "added")
            yield Change(about=about, kind=kind, said=f"placement {verb}: {placement}", actions=0)  # type: ignore[arg-type]
        for _, before, after in paired(was.placements, is_now.placements, lambda placement: placement.id):
            if before is not None and after is not None:
                yield from changed(about, f"name of {before.id}", before.name, after.name, quoted, actions=0)
        for field in Channel.__struct_fields__:
            if field not in ("id", "price", "placements"):
                label = field.replace("_", " ")
                yield from changed(about, label, getattr(was, field), getattr(is_now, field), _value, actions=0)


def _of_arbitration(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    for field in new.weights.__struct_fields__:
        was, is_now = getattr(old.weights, field), getattr(new.weights, field)
        yield from changed("arbitration", f"weight of {field}", was, is_now, number, actions=0)
    for name, was, is_now in paired(old.context_weights, new.context_weights, lambda weight: weight.name):
        about = f"context weight {name}"
        if was is None or is_now is None:
            yield whole(about, was, is_now, partial(_weight, old if is_now is None else new))
            continue
        yield from changed(about, "weight", was.weight, is_now.weight, number, actions=0)
        yield from changed(about, "condition", was.when, is_now.when, lambda text: f"`{text}`", actions=0)
        before, after = scope_words(was.scope, old), scope_words(is_now.scope, new)
        yield from changed(about, "scope", before, after, str, actions=0)
    yield from changed("arbitration", "exploration", old.exploration, new.exploration, str, actions=0)
    yield from changed("arbitration", "effect that counts", old.effect, new.effect, str, actions=0)
    was, is_now = old.learning, new.learning
    yield from changed("learning", "parents", _parents(was), _parents(is_now), str, actions=0)
    yield from changed("learning", "alike", _alike(was), _alike(is_now), str, actions=0)
    yield from changed("learning", "alike from", _alike_from(was), _alike_from(is_now), str, actions=0)
    yield from changed("learning", "half-life", _forgetting(was), _forgetting(is_now), str, actions=0)
    yield from changed("learning", "calibrated", was.calibrated, is_now.calibrated, _value, actions=0)
    yield from changed("learning", "challenger", _challenger(was), _challenger(is_now), str, actions=0)
    for reads, was, is_now in paired(old.predictors, new.predictors, lambda predictor: predictor.reads):
        about = f"predictor {reads}"
        if was is None or is_now is None:
            yield whole(about, was, is_now, _bins)
        else:
            yield from changed(about, "bins", _bins(was), _bins(is_now), str, actions=0)
    yield from _of_estimators(old, new)


def _of_estimators(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    for name, was, is_now in paired(old.estimators, new.estimators, lambda each: each.name):
        about = f"estimator {name}"
        if was is None or is_now is None:
            yield whole(about, was, is_now, _role)
            continue
        yield from changed(about, "role", _role(was), _role(is_now), str, actions=0)
        yield from changed(about, "file", _digest(was), _digest(is_now), str, actions=0)
        before, after = scope_words(was.scope, old), scope_words(is_now.scope, new)
        yield from changed(about, "scope", before, after, str, actions=0)
        yield from changed(about, "deadline", was.deadline_ms, is_now.deadline_ms, lambda ms: f"{ms} ms", actions=0)


def _role(estimator: DeclaredEstimator) -> str:
    return "serves" if estimator.serves else "challenges"


def _digest(estimator: DeclaredEstimator) -> str:
    return hashlib.sha256(estimator.estimator).hexdigest()[:12]


def _parents(learning: Learning) -> str:
    return ", ".join(learning.parents) or "none"


def _alike(learning: Learning) -> str:
    return "; ".join(", ".join(group) for group in learning.alike) or "none"


def _alike_from(learning: Learning) -> str:
    return "declared ones only" if learning.alike_from is None else f"an association of {learning.alike_from:g}"


def _forgetting(learning: Learning) -> str:
    return "none" if learning.half_life_days is None else f"{learning.half_life_days} days"


def _challenger(learning: Learning) -> str:
    if learning.challenger is None:
        return "none"
    without, parents = learning.challenger.without, learning.challenger.parents
    return f"without {', '.join(without) or 'none'}, parents {', '.join(parents) or 'none'}"


def _bins(predictor: Predictor) -> str:
    """Where a predictor's bins meet, or the values that have one."""
    if isinstance(predictor, NumericPredictor):
        return f"split at {', '.join(f'{edge:g}' for edge in predictor.edges)}"
    return f"of {', '.join(predictor.values)}"


def _weight(catalogue: Catalogue, weight: ContextWeight) -> str:
    return f"× {weight.weight:g} on {scope_words(weight.scope, catalogue)}"  # noqa: RUF001 - a multiplication


def _without_features(catalogue: Catalogue) -> dict[str, Attribute]:
    features = {feature.name for feature in catalogue.features}
    return {name: attribute for name, attribute in catalogue.profile_schema.items() if name not in features}


def _of_attributes(root: str, old: Mapping[str, Attribute], new: Mapping[str, Attribute]) -> Iterator[Change]:
    for name, was, is_now in paired(old.items(), new.items(), lambda pair: pair[0]):
        about = f"attribute {root}.{name}"
        if was is None or is_now is None:
            yield whole(about, was, is_now, lambda pair: pair[1].type)
            continue
        yield from _of_fields(about, was[1], is_now[1])


def _of_signals(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    for name, was, is_now in paired(old.signals.items(), new.signals.items(), lambda pair: pair[0]):
        about = f"signal {name}"
        if was is None or is_now is None:
            yield whole(about, was, is_now, lambda pair: ", ".join(pair[1].properties) or "no properties")
            continue
        yield from changed(about, "open", was[1].open, is_now[1].open, _value, actions=0)
        yield from _of_attributes(f"signal {name}", was[1].properties, is_now[1].properties)


def _of_formats(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    for name, was, is_now in paired(old.formats, new.formats, lambda form: form.id):
        about = f"format {name}"
        if was is None or is_now is None:
            yield whole(about, was, is_now, lambda form: ", ".join(shape.name for shape in form.shapes))
            continue
        yield from changed(about, "batch", was.batch, is_now.batch, _written, actions=0)
        yield from changed(about, "headers", was.headers, is_now.headers, _written, actions=0)
        for shape, before, after in paired(was.shapes, is_now.shapes, lambda shape: shape.name):
            if before is None or after is None:
                yield whole(f"{about}, {shape}", before, after, lambda _: "")
                continue
            for field in Shape.__struct_fields__:
                values = getattr(before, field), getattr(after, field)
                yield from changed(f"{about}, {shape}", field, *values, _written, actions=0)
        order = [shape.name for shape in was.shapes], [shape.name for shape in is_now.shapes]
        if sorted(order[0]) == sorted(order[1]):
            yield from changed(about, "order of shapes", *order, ", ".join, actions=0)


def _written(value: Any) -> str:
    """A part of a format, as JSON."""
    return msgspec.json.encode(value).decode() if value else "none"


def _of_fields(about: str, was: Any, is_now: Any) -> Iterator[Change]:
    """A part of which every field is said as it stands."""
    if was is None or is_now is None:
        yield whole(about, was, is_now, lambda _: "")
        return
    for field in is_now.__struct_fields__:
        label = field.replace("_", " ")
        yield from changed(about, label, getattr(was, field), getattr(is_now, field), _value, actions=0)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_value(inner)}" for key, inner in value.items()) or "none"
    if isinstance(value, tuple):
        return ", ".join(_value(item) for item in value) or "none"
    if (
        isinstance(value, msgspec.Struct) and type(value).__str__ is object.__str__
    ):  # others say themselves what they are
        fields: dict[str, Any] = msgspec.to_builtins(value)  # which say the kind of what is one of several, too
        told = ((name.replace("_", " "), getattr(value, name, said)) for name, said in fields.items() if name != "type")
        return ", ".join(f"{name} {_value(inner)}" for name, inner in told) or "as usual"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.12g}" if isinstance(value, float) else str(value)
