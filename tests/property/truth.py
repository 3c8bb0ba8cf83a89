"""What is known of everybody after a stream of signals, and what must be, worked out from the set of them alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from typing import Any, NamedTuple

import msgspec

from shared.domain.consent import apply_consents
from shared.domain.consent.objections import with_objections
from shared.domain.errors import TransientError
from shared.domain.identity.links import Graph
from shared.domain.identity.partition import partition
from shared.domain.identity.resolution import keys_of
from shared.domain.identity.voices import together
from shared.domain.signal import Signal
from tests.property.identities import (
    CATALOGUES,
    NAMESPACES,
    OBJECTIONS,
    REFUSAL,
    SOURCES,
    STRENGTH,
    Platform,
    evidence,
)

PRIORITIES = {source.id: source.priority for source in SOURCES}


class Known(NamedTuple):
    """What is known of a person."""

    attributes: dict[str, str]
    features: dict[str, bytes]
    consents: dict[str, Any]
    flags: tuple[str, ...]
    unique: dict[str, str]


NOTHING = Known({}, {}, {}, (), {})


def persons(platform: Platform, stream: Iterable[Signal], erased: Collection[str] = ()) -> dict[str, Any]:
    """The person of each identifier of a stream that is not erased, None of one that is nobody's."""
    keys = sorted({key for each in stream for key in keys_of(each, NAMESPACES)} - {*erased})
    identifiers = platform.persons.identifiers(keys)
    places = {key: platform.people.place(identifiers[key].value) if key in identifiers else None for key in keys}
    return {key: place and place.person.value for key, place in places.items()}


def known(platform: Platform, stream: Iterable[Signal], erased: Collection[str] = ()) -> dict[frozenset[str], Known]:
    """What is known of each person of a stream who is not erased, by the person's identifiers."""
    alone: dict[str, set[str]] = {}
    what: dict[str, Known] = {}
    for key, person in persons(platform, stream, erased).items():
        name = person.person_id if person else key
        alone.setdefault(name, set()).add(key)
        what[name] = (
            NOTHING
            if person is None
            else Known(
                {each: told(value) for each, value in person.attributes.items()},
                person.features,
                person.consents,
                person.flags,
                person.unique,
            )
        )
    return {frozenset(keys): what[name] for name, keys in alone.items()}


def truth(
    stream: Sequence[Signal], refused: Collection[str] = (), erased: Collection[str] = ()
) -> dict[frozenset[str], Known]:
    """What must be known of each person; what names the identifiers of somebody erased is evidence for nobody."""
    every, links = evidence(stream)
    keys = every - {*erased}
    found = partition(keys, links, STRENGTH, refused)
    graph = Graph(
        members=dict.fromkeys(keys, ""),
        links=links,
        conflicts=found.conflicts,
        refusals=dict.fromkeys(refused, REFUSAL),
    )
    of_voice: dict[str, list[Signal]] = {}
    for each in stream:
        of_voice.setdefault(keys_of(each, NAMESPACES)[0], []).append(each)
    return {
        frozenset(part): _of({key: of_voice[key] for key in part if key in of_voice}, part, graph)
        for part in found.parts
    }


def _of(spoken: Mapping[str, list[Signal]], keys: Iterable[str], graph: Graph) -> Known:
    every = [each for voice in spoken.values() for each in voice]
    stated: dict[str, Any] = {}
    for each in every:
        for name, value in each.attributes.items():
            statement = PRIORITIES[each.source], each.at, each.source, told(value)
            stated[name] = max(statement, stated.get(name, statement))
    words = {
        key: reduce(lambda held, each: apply_consents(held, each.consent, each), said, {})
        for key, said in spoken.items()
    }
    consents = together({key: held for key, held in words.items() if held}, graph)
    return Known(
        attributes={name: statement[-1] for name, statement in stated.items()},
        features=reduce(CATALOGUES.current().features.update, every, {}),
        consents=consents,
        flags=with_objections((), consents, OBJECTIONS),
        unique=dict(key.split(":") for key in keys if NAMESPACES[key.split(":")[0]].unique),
    )


def told(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def numbered(stream: Iterable[Signal]) -> list[Signal]:
    """The same with names."""
    return [msgspec.structs.replace(each, id=f"s-{number}") for number, each in enumerate(stream)]


def taken_at_once(platform: Platform, stream: Iterable[Signal]) -> None:
    """Let eight threads take signals, each as often as it is given back."""

    def take(each: Signal) -> None:
        while True:
            try:
                platform.take(each)
            except TransientError:
                continue  # as a topic delivers it again
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, stream))
