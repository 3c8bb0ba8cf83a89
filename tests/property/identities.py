"""Identifiers for the laws of identity: signals, an empty platform that takes them, and what must come of it."""

from __future__ import annotations

import itertools
from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st

from functions.identity.handler import Identify
from functions.identity.people import People
from functions.persons.finding import Found
from functions.persons.unmerging import Unmerge, Unmerged
from shared.adapters import memory
from shared.domain.catalogue import (
    AnyFeature,
    ConsentTerms,
    Count,
    Decayed,
    Distinct,
    Expression,
    FirstSeen,
    LastSeen,
    Namespace,
    Objection,
    Revision,
    Source,
    Step,
)
from shared.domain.catalogue import Sequence as SequenceFeature
from shared.domain.identity.links import NO_GRAPH, Link, Refusal
from shared.domain.identity.partition import Strength, partition
from shared.domain.identity.resolution import hanging_by, keys_of, seen_together
from shared.domain.policy.policy import Policy
from shared.domain.profile import Person
from shared.domain.signal import ConsentChange, Signal
from shared.messages import HistoryRow, SignalIdentified, SignalReceived
from shared.ports import Versioned
from tests.contract.samples import Counted, revision
from tests.ungoverned import Ungoverned

NOW = datetime(2026, 3, 1, tzinfo=UTC)

NAMESPACES = {
    each.id: each
    for each in (
        Namespace(id="customer_no", kind="person", priority=100, unique=True),
        Namespace(id="crm_id", kind="person", priority=80, unique=True),
        Namespace(id="email", kind="person", priority=60, max_values=2, max_persons=2),
        Namespace(id="phone", kind="person", priority=50),
        Namespace(id="device_id", kind="device", priority=25, max_persons=2, max_values=3),
        Namespace(id="cookie_id", kind="device", priority=20, max_persons=2, ttl_days=1),
        Namespace(id="session_id", kind="session", priority=10),
    )
}
VALUES = {"customer_no": 3, "crm_id": 2, "email": 4, "phone": 2, "device_id": 4, "cookie_id": 3, "session_id": 3}
STRENGTH = Strength(NAMESPACES)
SOURCES = (
    Source(id="web", name="Site", format="canonical"),
    Source(id="crm", name="CRM", format="canonical", priority=5),
)
OBJECTIONS = (Objection(word="profiling", flag="objects_to_profiling"),)
TYPES = ("page_viewed", "calculator_used")
FEATURES: tuple[AnyFeature, ...] = (
    Count(name="day", description="d", types=TYPES, window="1d"),
    Count(name="ever", description="d", types=TYPES[:1], window="forever"),
    Decayed(name="decayed", description="d", types=TYPES, amount="amount", half_life="1d"),
    Distinct(name="amounts", description="d", types=TYPES, of="amount", window="7d"),
    FirstSeen(name="first", description="d", types=TYPES),
    LastSeen(name="last", description="d", types=TYPES),
    SequenceFeature(
        name="then", description="d", steps=(Step(types=TYPES[:1]), Step(types=TYPES[1:])), within="2h", window="7d"
    ),
)
REFUSAL = Refusal(reason="two people", operator="ann", at=NOW)
AMOUNT = ["get", ["get", ["name", "signal"], "properties"], "amount"]

ANY = st.dictionaries(st.sampled_from(sorted(NAMESPACES)), st.integers(0, 3), min_size=1, max_size=4).map(
    lambda drawn: {ns: f"{ns[:2]}{value % VALUES[ns]}" for ns, value in drawn.items()}
)
# an e-mail that soon is shared, and what many e-mails use, which is as well, if that one counts
OF_MANY = st.builds(lambda value: {"customer_no": f"cu{value}", "email": "em0"}, st.integers(0, 2))
USED_BY_MANY = st.builds(
    lambda value, used: {"email": f"em{value}"} | {ns: f"{ns[:2]}0" for ns in used},
    st.integers(0, 2),
    st.sets(st.sampled_from(["device_id", "cookie_id", "session_id"]), min_size=1),
)
IDENTIFIERS = ANY | OF_MANY | USED_BY_MANY


WORDS = st.none() | st.builds(
    ConsentChange, purpose=st.just("marketing"), channel=st.sampled_from(["email", "sms"]), granted=st.booleans()
)


@st.composite
def signals(draw: st.DrawFn, max_size: int = 14, prefix: str = "") -> list[Signal]:
    """Signals of a few persons who share devices, over two days; with another prefix, of others."""
    drawn = draw(st.lists(st.tuples(IDENTIFIERS, st.integers(0, 40), WORDS), min_size=1, max_size=max_size))
    return [
        signal(prefix + str(number), {ns: prefix + value for ns, value in identifiers.items()}, hour, word)
        for number, (identifiers, hour, word) in enumerate(drawn)
    ]


def signal(name: str, identifiers: dict[str, str], hour: int = 0, word: ConsentChange | None = None) -> Signal:
    """A signal; what it states of the person is its own name."""
    at = NOW + timedelta(hours=hour)
    return Signal(
        id=f"s-{name}",
        type="page_viewed",
        at=at,
        received_at=at,
        source="web",
        identifiers=identifiers,
        consent=(word,) if word else (),
        attributes={"last": name},
    )


def expected(stream: Iterable[Signal], refused: Container[str] = ()) -> set[frozenset[str]]:
    """The persons that follow from the set of a stream's links."""
    return {frozenset(part) for part in partition(*evidence(stream), STRENGTH, refused).parts}


def evidence(stream: Iterable[Signal]) -> tuple[set[str], dict[str, Link]]:
    """The identifiers of a stream, and the earliest evidence for each link between them, by its id."""
    keys: set[str] = set()
    links: dict[str, Link] = {}
    for each in stream:
        strongest, *others = keys_of(each, NAMESPACES)
        keys.update((strongest, *others))
        for other in others:
            link = seen_together(each, strongest, other)
            if link.id not in links or link.evidence < links[link.id].evidence:
                links[link.id] = link
    return keys, links


class Catalogues(Ungoverned):
    """The port, with these namespaces."""

    def __init__(self) -> None:
        catalogue = msgspec.structs.replace(
            revision().catalogue,
            namespaces=tuple(NAMESPACES.values()),
            sources=SOURCES,
            features=FEATURES,
            expressions={"amount": Expression(encoded=msgspec.Raw(msgspec.json.encode(AMOUNT)))},
            consent=ConsentTerms(objections=OBJECTIONS),
        )
        self._policy = Policy(Revision(catalogue))

    def current(self) -> Policy:
        return self._policy


CATALOGUES = Catalogues()


class Platform:
    """Identity over a store of persons."""

    def __init__(self, persons: Any = None, prefix: str = "p") -> None:
        self.persons = persons or memory.Persons(memory.Store(), Counted())
        self.ids = map((prefix + "-{:06d}").format, itertools.count())
        self.identify = Identify(CATALOGUES, self.persons, lambda: next(self.ids))  # type: ignore[arg-type]
        self.people = People(self.persons, lambda: next(self.ids))

    def take(self, each: Signal) -> SignalIdentified:
        identified = self.told(each)
        assert isinstance(identified, SignalIdentified)
        return identified

    def told(self, each: Signal) -> SignalIdentified | HistoryRow:
        """What comes of a signal, which may end at identity."""
        received = SignalReceived(message_id=each.id, decision_id=each.id, occurred_at=each.at, signal=each)
        [told] = self.identify(received, each.at)
        return told

    def partition(self, stream: Sequence[Signal]) -> set[frozenset[str]]:
        """The persons, as a signal of each identifier alone finds them."""
        whose: dict[str, set[str]] = {}
        for key, probe in probes(stream).items():
            whose.setdefault(self.take(probe).person_id, set()).add(key)
        return {frozenset(keys) for keys in whose.values()}

    def refuse(self, person_id: str, links: Iterable[str]) -> None:
        """Refuse links of a person, as an operator does."""
        read = self.people.tied([self.person(person_id)], STRENGTH)
        refusals = dict.fromkeys(links, REFUSAL)
        rebuilt = self.people.rebuilt(read, STRENGTH, NOW, refusals=refusals, objections=OBJECTIONS)
        self.people.write(read, rebuilt)

    def unmerge(self, one: str, other: str) -> Unmerged:
        """Take two identifiers apart, by their keys, as an operator does."""
        apart = Unmerge(self._whom, CATALOGUES, self.people)  # type: ignore[arg-type]
        return apart({"key": one}, {"key": other}, reason=REFUSAL.reason, operator=REFUSAL.operator, now=NOW, do=True)

    def _whom(self, named: dict[str, str], _: datetime) -> Found:
        identifier = self.persons.identifiers([named["key"]])[named["key"]].value
        place = self.people.place(identifier)
        assert place is not None
        hanging = (hanging_by(identifier),) if identifier.anchor else ()
        return Found(self.people.with_graph(place.person, STRENGTH), frozenset(named.values()), hanging)

    def person(self, person_id: str) -> Versioned[Person]:
        """The person of an id."""
        found = self.people.person(person_id)
        assert found is not None
        return found

    def known_persons(self, stream: Iterable[Signal]) -> list[Person]:
        """The persons of a stream's identifiers."""
        ids = {self.take(probe).person_id for probe in probes(stream).values()}
        return [self.person(each).value for each in sorted(ids)]

    def known(self, stream: Iterable[Signal]) -> dict[str, Any]:
        """Whose each identifier of a stream is, and what is known of them, without what no decision reads."""
        known = {}
        for key, probe in probes(stream).items():
            person = self.person(self.take(probe).person_id).value
            known[key] = msgspec.structs.replace(person, version=0, graph=NO_GRAPH, fragments={}, lessons={})
        return known


def probes(stream: Iterable[Signal]) -> dict[str, Signal]:
    """A signal of each identifier of a stream alone, by key."""
    alone = [
        msgspec.structs.replace(
            each, id=f"probe-{each.id}", type="probe", identifiers={ns: value}, consent=(), attributes={}
        )
        for each in stream
        for ns, value in each.identifiers.items()
    ]
    return {keys_of(each, NAMESPACES)[0]: each for each in alone}
