"""Signal features and triggers as a revision holds them, and which features anything reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial

import msgspec

from shared.authoring import forms
from shared.authoring.expressions import Checker
from shared.authoring.names import Files, Names
from shared.domain.catalogue import (
    Action,
    AnyFeature,
    Attribute,
    AttributeType,
    Connector,
    Count,
    Decayed,
    Distinct,
    Expression,
    Predictor,
    Sequence,
    Step,
    Sum,
    Trigger,
)
from shared.domain.catalogue.features import MOST_BUCKETS
from shared.domain.features.features import window_of
from shared.domain.part import seconds

LONGEST_SECONDS = 3660 * 86400
_TYPES: dict[str, AttributeType] = {
    "count": "int",
    "sum": "double",
    "decayed_sum": "double",
    "distinct": "int",
    "last_seen": "timestamp",
    "first_seen": "timestamp",
    "sequence": "bool",
}
_YES_NO = ("BOOL",), "a condition is true or false"
_NUMBER = ("INT", "DOUBLE"), "an amount is a number"
_PLAIN = ("STRING", "INT", "DOUBLE", "BOOL"), "what is told apart is text, a number, or true or false"


def attributes_of(features: tuple[AnyFeature, ...]) -> dict[str, Attribute]:
    """The attributes of the profile that features are."""
    return {
        feature.name: Attribute(
            type=_TYPES[_kind(feature)],
            description=feature.description,
            required=getattr(feature, "default", None) is not None,
        )
        for feature in sorted(features, key=lambda feature: feature.name)
    }


def made_of(feature: AnyFeature) -> set[str]:
    """The properties and the context that a feature looks at, by the paths that read them."""
    steps: tuple[AnyFeature | Step, ...] = feature.steps if isinstance(feature, Sequence) else ()
    texts = [part.when for part in (feature, *steps)]
    texts += [getattr(feature, field, None) for field in ("amount", "of")]
    return {found for text in texts if text for found in _READS.findall(text)}


_READS = re.compile(r"\b(?:signal\.properties|context)\.\w+")


def build_features(files: Files, names: Names, checker: Checker) -> tuple[AnyFeature, ...]:
    """The features by name."""
    features = files.features.features
    names.unique(features, "feature", "name")
    for feature in features:
        if feature.name in files.schema.profile or feature.name in Checker.LISTS:
            place = names.place(feature, "name")
            names.problems.add(place, f"profile.{feature.name} is there already, as schema.yaml has it")
        if feature.name in Checker.RESERVED:
            names.problems.add(names.place(feature, "name"), f"{feature.name} is a word of CEL and cannot be a name")
        _check_taken(feature, names, checker)
        _check_value(feature, names, checker)
        _check_time(feature, names)
    return tuple(_ordered(feature, names) for feature in sorted(features, key=lambda feature: feature.name))


def build_triggers(file: forms.Triggers, names: Names, checker: Checker) -> tuple[Trigger, ...]:
    """The triggers in the order of the file, which is the order in which they are asked."""
    names.unique(file.triggers, "trigger", "name")
    for trigger in file.triggers:
        _check_types(trigger, names)
        if trigger.when is not None:
            checker.trigger(trigger.when, partial(names.place, trigger, "when"))
        _check_span(trigger, "not_again_within", names)
    return tuple(msgspec.structs.replace(t, types=names.set_of(t, "types")) for t in file.triggers)


def features_read(
    features: tuple[AnyFeature, ...],
    expressions: Mapping[str, Expression],
    predictors: tuple[Predictor, ...],
    actions: tuple[Action, ...],
    connectors: tuple[Connector, ...],
) -> tuple[str, ...]:
    """The names of the features that a condition, a value, a predictor, a template or a connector reads."""
    read = {path[1] for e in expressions.values() for path in _paths(e) if path[0] == "profile" and len(path) > 1}
    read |= {predictor.reads.removeprefix("profile.") for predictor in predictors}
    read |= {name for connector in connectors for name in connector.person}
    said = [texts for a in actions for t in a.treatments for texts in (t.content, *t.translations.values())]
    texts = {text for content in said for text in content.values() if "{" in text}
    if features:
        read |= {found for text in texts for found in _IN_TEMPLATE.findall(text)}
    return tuple(feature.name for feature in features if feature.name in read)


_IN_TEMPLATE = re.compile(r"\bprofile\s*(?:\.\s*|\[\s*['\"])(\w+)")


def _paths(expression: Expression) -> Iterator[tuple[str, ...]]:
    yield from expression.reads
    yield from (term.atom.path for clause in expression.clauses or () for term in clause)


def _kind(feature: AnyFeature) -> str:
    return str(type(feature).__struct_config__.tag)


def _check_taken(feature: AnyFeature, names: Names, checker: Checker) -> None:
    steps: tuple[AnyFeature | Step, ...] = feature.steps if isinstance(feature, Sequence) else ()
    for part in (feature, *steps):
        _check_types(part, names)
        if part.when is not None:
            checker.of_signal(part.when, partial(names.place, part, "when"), *_YES_NO)


def _check_types(part: AnyFeature | Step | Trigger, names: Names) -> None:
    for index, kind in enumerate(part.types):
        names.refers("signal", kind, part, "types", index)


def _check_value(feature: AnyFeature, names: Names, checker: Checker) -> None:
    match feature:
        case Sum() | Decayed():
            checker.of_signal(feature.amount, partial(names.place, feature, "amount"), *_NUMBER)
        case Distinct():
            checker.of_signal(feature.of, partial(names.place, feature, "of"), *_PLAIN)


def _check_time(feature: AnyFeature, names: Names) -> None:
    for field in ("window", "half_life", "within"):
        if hasattr(feature, field):
            _check_span(feature, field, names)
    if not isinstance(feature, Count | Sum | Distinct) or not feature.window:
        return
    bucket, before = window_of(feature)
    if feature.window == "forever":
        if feature.bucket is not None:
            names.problems.add(names.place(feature, "bucket"), "a window that is forever has no buckets")
    elif seconds(feature.window) < bucket:
        place = names.place(feature, "window")
        names.problems.add(place, f"a window of {feature.window} is shorter than its bucket")
    elif before > MOST_BUCKETS:
        place = names.place(feature, "bucket" if feature.bucket else "window")
        names.problems.add(place, f"a window has at most {MOST_BUCKETS} buckets, and this has {before}")


def _check_span(form: AnyFeature | Trigger, field: str, names: Names) -> None:
    span = getattr(form, field)
    if span and seconds(span) > LONGEST_SECONDS:
        names.problems.add(names.place(form, field), "longer than ten years")


def _ordered(feature: AnyFeature, names: Names) -> AnyFeature:
    """A feature whose types are in order, whatever the order of the file."""
    if isinstance(feature, Sequence):
        steps = tuple(msgspec.structs.replace(step, types=names.set_of(step, "types")) for step in feature.steps)
        feature = msgspec.structs.replace(feature, steps=steps)
    return msgspec.structs.replace(feature, types=names.set_of(feature, "types"))
