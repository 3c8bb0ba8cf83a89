"""Lives: persons who share identifiers, and every way in which their signals may come.

What must come of it is worked out from the set of the signals alone: who is whom, what each was told to be, what each
did and consented to.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import reduce
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from shared.domain.consent import apply_consents
from shared.domain.consent.objections import with_objections
from shared.domain.errors import TransientError
from shared.domain.identity.links import Graph
from shared.domain.identity.partition import SHARED, partition
from shared.domain.identity.resolution import keys_of
from shared.domain.identity.voices import together
from shared.domain.signal import ConsentChange, Signal
from tests.property.identities import (
    CATALOGUES,
    IDENTIFIERS,
    NAMESPACES,
    NOW,
    OBJECTIONS,
    REFUSAL,
    SOURCES,
    STRENGTH,
    TYPES,
    Platform,
    evidence,
)

PRIORITIES = {source.id: source.priority for source in SOURCES}
WORDS = st.one_of(
    st.builds(
        ConsentChange,
        purpose=st.just("marketing"),
        channel=st.sampled_from([None, "email"]),
        granted=st.booleans(),
    ),
    st.builds(ConsentChange, purpose=st.just(OBJECTIONS[0].word), granted=st.booleans()),
)


@st.composite
def happenings(draw: st.DrawFn) -> Signal:
    """Something that happened within two days, told by one of two sources; it has no name yet."""
    at = NOW + timedelta(hours=draw(st.integers(0, 40)))
    return Signal(
        id="",
        type=draw(st.sampled_from(TYPES)),
        at=at,
        received_at=at,
        source=draw(st.sampled_from(sorted(PRIORITIES))),
        identifiers=draw(IDENTIFIERS),
        properties={"amount": draw(st.integers(1, 3))},
        consent=draw(st.lists(WORDS, max_size=1).map(tuple)),
        attributes=draw(st.dictionaries(st.sampled_from(["city", "age"]), st.sampled_from([1, True, "a"]), max_size=2)),
    )


class Known(NamedTuple):
    """What is known of a person."""

    attributes: dict[str, str]
    features: dict[str, bytes]
    consents: dict[str, Any]
    flags: tuple[str, ...]
    unique: dict[str, str]


NOTHING = Known({}, {}, {}, (), {})


class Crossing:
    """A store of persons into which somebody else writes just before the next commit."""

    def __init__(self, persons: Any) -> None:
        self.persons = persons
        self.meanwhile: Callable[[], object] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.persons, name)

    def rewrite(self, change: Any) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        self.persons.rewrite(change)


class Lives(RuleBasedStateMachine):
    """A platform of two handlers, to which signals come in every way. What they name begins with `prefix`."""

    def __init__(self, persons: Any = None, prefix: str = "") -> None:
        super().__init__()
        self.prefix = prefix
        self.crossing = Crossing(persons or Platform().persons)
        self.one = Platform(self.crossing, prefix=f"p{prefix}")
        self.other = Platform(self.crossing.persons, prefix=f"q{prefix}")
        self.sent: list[Signal] = []
        self.held: list[Signal] = []
        self.refused: set[str] = set()

    @initialize(stream=st.lists(happenings(), min_size=1, max_size=3))
    def begin(self, stream: list[Signal]) -> None:
        self.come(stream, late=False)

    @rule(stream=st.lists(happenings(), min_size=1, max_size=3), late=st.booleans())
    def come(self, stream: list[Signal], late: bool) -> None:
        for each in stream:
            named = self.named(each)
            if late:
                self.held.append(named)
            else:
                self.take(named)

    @rule(here=happenings(), there=happenings())
    def come_at_once(self, here: Signal, there: Signal) -> None:
        first = self.named(here)
        self.sent.append(first)
        second = self.named(there)
        self.sent.append(second)
        self.crossing.meanwhile = lambda: self.other.take(second)
        self.one.take(first)
        self.crossing.meanwhile = None
        self.other.take(second)

    @precondition(lambda self: self.held)
    @rule(at=st.integers(0, 100))
    def come_late(self, at: int) -> None:
        self.take(self.held.pop(at % len(self.held)))

    @rule(at=st.integers(0, 100))
    def come_again(self, at: int) -> None:
        self.one.take(self.sent[at % len(self.sent)])

    @rule(at=st.integers(0, 100), each=happenings(), whole=st.booleans())
    def meet(self, at: int, each: Signal, whole: bool) -> None:
        known = self.sent[at % len(self.sent)].identifiers
        met = {**known, **each.identifiers} if whole else {**each.identifiers, **known}
        self.take(self.named(msgspec.structs.replace(each, identifiers=met)))

    @rule(at=st.integers(0, 100))
    def part(self, at: int) -> None:
        joined = sorted(
            (link, person_id)
            for person_id, graph in self.graphs(self.one).items()
            for link in graph.links.keys() - graph.conflicts.keys() - graph.refusals.keys()
        )
        if joined:
            link, person_id = joined[at % len(joined)]
            self.one.refuse(person_id, [link])
            self.refused.add(link)

    def teardown(self) -> None:
        for each in self.held:
            self.take(each)
        assert known(self.one, self.sent) == truth(self.sent, self.refused)
        keys, links = evidence(self.sent)
        conflicts = partition(keys, links, STRENGTH, self.refused).conflicts
        noted: dict[str, str] = {}
        for person in filter(None, persons(self.one, self.sent).values()):
            noted |= person.graph.conflicts
            assert {self.one.person(former).value.person_id for former in person.fragments} <= {person.person_id}
        # what is shared already is not tried again
        assert {each for each in noted.items() if each[1] != SHARED} == {
            each for each in conflicts.items() if each[1] != SHARED
        }

    def named(self, each: Signal) -> Signal:
        whose = {ns: self.prefix + value.removeprefix(self.prefix) for ns, value in each.identifiers.items()}
        return msgspec.structs.replace(each, id=f"s-{len(self.sent) + len(self.held)}", identifiers=whose)

    def take(self, each: Signal) -> None:
        self.one.take(each)
        self.sent.append(each)

    def graphs(self, platform: Platform) -> dict[str, Any]:
        people = persons(platform, self.sent).values()
        return {person.person_id: person.graph for person in people if person is not None}


def persons(platform: Platform, stream: Iterable[Signal]) -> dict[str, Any]:
    """The person of each identifier of a stream, None of one that is nobody's."""
    keys = sorted({key for each in stream for key in keys_of(each, NAMESPACES)})
    identifiers = platform.persons.identifiers(keys)
    places = {key: platform.people.place(identifiers[key].value) for key in keys}
    return {key: place and place.person.value for key, place in places.items()}


def known(platform: Platform, stream: Iterable[Signal]) -> dict[frozenset[str], Known]:
    """What is known of each person of a stream, by the person's identifiers."""
    alone: dict[str, set[str]] = {}
    what: dict[str, Known] = {}
    for key, person in persons(platform, stream).items():
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


def truth(stream: Sequence[Signal], refused: Collection[str] = ()) -> dict[frozenset[str], Known]:
    """What must be known of each person."""
    keys, links = evidence(stream)
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
