"""Lives: persons who share identifiers, and every way in which their signals may come.

What must come of it is worked out from the set of the signals: who is whom, what each was told to be, what each did and
consented to, and who was erased.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from functions.privacy.erasing import Erase
from functions.privacy.finding import Find
from shared.adapters import memory
from shared.domain.erasure import ERASED, IN_FLIGHT
from shared.domain.errors import ErasedError
from shared.domain.identity.partition import ABSENT, SHARED, partition
from shared.domain.identity.resolution import keys_of
from shared.domain.signal import ConsentChange, Signal
from shared.messages import HistoryRow
from tests.contract.samples import Counted
from tests.property.identities import (
    IDENTIFIERS,
    NAMESPACES,
    NOW,
    OBJECTIONS,
    STRENGTH,
    TYPES,
    Platform,
    evidence,
)
from tests.property.truth import PRIORITIES, known, persons, truth

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


class Memory:
    """The stores of persons and of what is erased with them, in memory."""

    def __init__(self) -> None:
        store, meter = memory.Store(), Counted()
        self.persons = memory.Persons(store, meter)
        self.contacts = memory.Contacts(store, meter)
        self.personal_data = memory.PersonalData(store)
        self.keys = memory.new_sealer(store).keys
        self.erasures = memory.Erasures(store)
        self.quarantine = memory.Quarantine(store)


class Lives(RuleBasedStateMachine):
    """A platform of two handlers, to which signals come in every way, and whose persons are erased. What they name
    begins with `prefix`.
    """

    def __init__(self, documents: Any = None, prefix: str = "") -> None:
        super().__init__()
        documents = documents or Memory()
        self.prefix = prefix
        self.crossing = Crossing(documents.persons)
        self.one = Platform(self.crossing, prefix=f"p{prefix}")
        self.other = Platform(documents.persons, prefix=f"q{prefix}")
        self.privacy = Erase(
            Find(documents.persons, documents.contacts, documents.personal_data, b"-" * 32),
            documents.personal_data,
            documents.keys,
            documents.erasures,
            documents.quarantine,
            map("e-{}".format, itertools.count()).__next__,
        )
        self.named: list[Signal] = []
        self.sent: dict[str, Signal] = {}
        self.held: list[Signal] = []
        self.refused: set[str] = set()
        self.erased: set[str] = set()

    @initialize(stream=st.lists(happenings(), min_size=1, max_size=3))
    def begin(self, stream: list[Signal]) -> None:
        self.come(stream, late=False)

    @rule(stream=st.lists(happenings(), min_size=1, max_size=3), late=st.booleans())
    def come(self, stream: list[Signal], late: bool) -> None:
        for each in stream:
            named = self.name(each)
            if late:
                self.held.append(named)
            else:
                self.take(named)

    @rule(here=happenings(), there=happenings())
    def come_at_once(self, here: Signal, there: Signal) -> None:
        first, second = self.name(here), self.name(there)
        self.crossing.meanwhile = lambda: self.take(second, self.other)
        self.take(first)
        self.crossing.meanwhile = None
        self.take(second, self.other)

    @precondition(lambda self: self.held)
    @rule(at=st.integers(0, 100))
    def come_late(self, at: int) -> None:
        self.take(self.held.pop(at % len(self.held)))

    @rule(at=st.integers(0, 100))
    def come_again(self, at: int) -> None:
        self.take(self.named[at % len(self.named)])

    @rule(at=st.integers(0, 100), each=happenings(), whole=st.booleans())
    def meet(self, at: int, each: Signal, whole: bool) -> None:
        self.take(self.name(self.met(at, each, whole)))

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

    @rule(at=st.integers(0, 100), besides=st.integers(1, 100))
    def unmerge(self, at: int, besides: int) -> None:
        if (whom := self.somebody(at)) is None:
            return
        together = sorted(self.part_of(whom))
        if len(together) > 1:
            other = together[(together.index(whom) + 1 + besides % (len(together) - 1)) % len(together)]
            self.one.unmerge(whom, other)
            self.refused |= {link for graph in self.graphs(self.one).values() for link in graph.refusals}
            assert self.person_of(whom) != self.person_of(other)

    @rule(at=st.integers(0, 100))
    def erase(self, at: int) -> None:
        if (whom := self.somebody(at)) is not None:
            self.begin_erasure(self.person_of(whom))
            self.privacy.finish_due(NOW + IN_FLIGHT)
            self.erased |= self.part_of(whom)

    @rule(at=st.integers(0, 100), each=happenings())
    def erase_at_once(self, at: int, each: Signal) -> None:
        """Erase somebody just before what a signal says of them is written."""
        if (whom := self.somebody(at)) is None:
            return
        person_id, signal = self.person_of(whom), self.name(self.met(at, each, whole=False))
        self.crossing.meanwhile = lambda: self.begin_erasure(person_id)
        told = self.one.told(signal)
        came_before = self.crossing.meanwhile is not None or (
            getattr(told, "profile", None) and self.is_gone(told.person_id)
        )
        if came_before:
            counts = self.without_erased(signal)
            if counts is not None:
                self.sent[signal.id] = counts
        if self.crossing.meanwhile is not None:
            self.crossing.meanwhile = None
            self.begin_erasure(self.person_of(whom))
        self.privacy.finish_due(NOW + IN_FLIGHT)
        self.erased |= self.part_of(whom)
        if not came_before:
            self.take(signal)

    def teardown(self) -> None:
        for each in self.held:
            self.take(each)
        sent = list(self.sent.values())
        assert known(self.one, sent, self.erased) == truth(sent, self.refused, self.erased)
        keys, links = evidence(sent)
        conflicts = partition(keys - self.erased, links, STRENGTH, self.refused).conflicts
        noted: dict[str, str] = {}
        for person in filter(None, persons(self.one, sent, self.erased).values()):
            noted |= person.graph.conflicts
            assert {self.one.person(former).value.person_id for former in person.fragments} <= {person.person_id}
        of_erased = {each for each, link in links.items() if {link.stronger, link.weaker} & self.erased}
        # what is shared already is not tried again, and what hangs on it has its link in no graph
        assert {each for each in noted.items() if each[1] not in (SHARED, ABSENT) and each[0] not in of_erased} == {
            each for each in conflicts.items() if each[1] not in (SHARED, ABSENT) and each[0] not in of_erased
        }

    def name(self, each: Signal) -> Signal:
        whose = {ns: self.prefix + value.removeprefix(self.prefix) for ns, value in each.identifiers.items()}
        self.named.append(msgspec.structs.replace(each, id=f"s-{len(self.named)}", identifiers=whose))
        return self.named[-1]

    def met(self, at: int, each: Signal, whole: bool) -> Signal:
        seen = self.named[at % len(self.named)].identifiers
        together = {**seen, **each.identifiers} if whole else {**each.identifiers, **seen}
        return msgspec.structs.replace(each, identifiers=together)

    def take(self, each: Signal, platform: Platform | None = None) -> None:
        """Let a signal come, of which counts what is not of somebody erased."""
        counts = self.without_erased(each)
        told = (platform or self.one).told(each)
        assert isinstance(told, HistoryRow) == (counts is None)
        if counts is None:
            assert (told.outcome, told.person_id, told.record) == (ERASED, None, None)
        else:
            self.sent.setdefault(each.id, counts)

    def without_erased(self, each: Signal) -> Signal | None:
        voice, *_ = keys_of(each, NAMESPACES)
        if voice in self.erased:
            return None
        living = {key.partition(":")[0] for key in keys_of(each, NAMESPACES) if key not in self.erased}
        return msgspec.structs.replace(each, identifiers={ns: each.identifiers[ns] for ns in sorted(living)})

    def somebody(self, at: int) -> str | None:
        """An identifier of a person, None where there is nobody."""
        found = persons(self.one, self.sent.values(), self.erased)
        keys = [key for key, person in found.items() if person is not None]
        return keys[at % len(keys)] if keys else None

    def person_of(self, key: str) -> str:
        person = persons(self.one, self.sent.values(), self.erased)[key]
        return person.person_id

    def part_of(self, key: str) -> frozenset[str]:
        """The identifiers of somebody."""
        return next(part for part in truth(list(self.sent.values()), self.refused, self.erased) if key in part)

    def is_gone(self, person_id: str) -> bool:
        try:
            self.one.person(person_id)
        except ErasedError:
            return True
        return False

    def begin_erasure(self, person_id: str) -> None:
        self.privacy.begin({"person_id": person_id}, by="ann", case="DSR-1", now=NOW)

    def graphs(self, platform: Platform) -> dict[str, Any]:
        people = persons(platform, self.sent.values(), self.erased).values()
        return {person.person_id: person.graph for person in people if person is not None}
