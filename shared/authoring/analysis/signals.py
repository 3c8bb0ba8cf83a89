"""Signal features that nothing reads, and features and triggers that no signal can ever meet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from shared.authoring.analysis.reach import Reach
from shared.domain.catalogue import AnyFeature, Catalogue, Sequence, Step, Trigger


class Finding(NamedTuple):
    """What is wrong with a feature, a step of one, or a trigger, by its name and the keys of the field."""

    what: str
    name: str
    keys: tuple[str | int, ...]
    message: str
    is_error: bool = False


def findings(catalogue: Catalogue, reach: Reach) -> Iterator[Finding]:
    """Everything, features first."""
    for feature in catalogue.features:
        for keys, part in _parts(feature):
            if part.when and reach.is_never(part.types or feature.types, part.when):
                yield Finding(
                    "feature", feature.name, (*keys, "when"), "no signal can meet this condition", is_error=True
                )
        if feature.name not in catalogue.features_read:
            message = "nothing reads this feature: it is kept up to date for nobody"
            yield Finding("feature", feature.name, ("name",), message)
    for number, trigger in enumerate(catalogue.triggers):
        if trigger.when and reach.is_never(trigger.types, trigger.when):
            message = "no signal and no person can meet this condition: it starts no decision"
            yield Finding("trigger", trigger.name, ("when",), message, is_error=True)
        before = [t for t in catalogue.triggers[:number] if not t.when and not t.not_again_within]
        taken = next((t for t in before if _takes_all(t, trigger)), None)
        if taken is not None:
            message = f"never asked: {taken.name} takes every signal of these types before it"
            yield Finding("trigger", trigger.name, ("name",), message)


def _takes_all(earlier: Trigger, later: Trigger) -> bool:
    return not earlier.types or (bool(later.types) and set(later.types) <= set(earlier.types))


def _parts(feature: AnyFeature) -> Iterator[tuple[tuple[str | int, ...], AnyFeature | Step]]:
    yield (), feature
    if isinstance(feature, Sequence):
        yield from ((("steps", number), step) for number, step in enumerate(feature.steps))
