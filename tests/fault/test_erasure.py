"""Erasure under deaths, repetitions and signals that race with it: nobody comes back, and nothing is left."""

from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.privacy.erasing import PARKED_READ, Erase
from functions.privacy.finding import Find
from shared.adapters import memory
from shared.domain.erasure import ERASED, IN_FLIGHT, READMITTED_AFTER
from shared.domain.errors import ErasedError, InvalidError, TransientError
from shared.ports import Held
from tests.contract.samples import parked
from tests.fault.world import KEY, NOW, Death, Interleaver, Watched, World, canonical, ordinary

WHO = {"customer_no": ordinary()}
PORTS = ("data", "keys", "erasures", "quarantine", "persons")


class Office:
    """A world, and the erasures of it; `announce` hears of every call that an erasure makes."""

    def __init__(self, world, announce=lambda _call: None):
        self.world, self.store = world, world.store
        self.keys = memory.new_sealer(self.store).keys
        self.erasures, self.data = memory.Erasures(self.store), memory.PersonalData(self.store)
        plain = {
            "data": self.data,
            "keys": self.keys,
            "erasures": self.erasures,
            "quarantine": world.quarantine,
            "persons": world.plain["persons"],
        }
        ports = {name: Watched(plain[name], announce, name) for name in PORTS}
        self.find = Find(ports["persons"], world.plain["contacts"], ports["data"], KEY)
        ids = map("e-{}".format, itertools.count())
        self.erase = Erase(
            self.find, ports["data"], ports["keys"], ports["erasures"], ports["quarantine"], lambda: next(ids)
        )
        self.person = self.find.identifier(WHO).person_id

    def begin(self, now=NOW):
        return self.erase.begin(WHO, by="desk", case="DSR-1", now=now).erasure

    def is_gone(self):
        """Whether nothing of the person is left anywhere."""
        with pytest.raises(ErasedError):
            self.keys.key(self.person)
        with pytest.raises(ErasedError):
            self.world.plain["persons"].profile(self.person)
        assert self.data.held([self.person]) == Held()
        assert self.person not in self.store.histories
        assert self.find.identifier(WHO).rule == ERASED
        return not any(self.person.encode() in each.data for each in self.world.quarantine.list(1000))


def lived(announce=lambda _call: None, heard=lambda _call: None):
    """A world in which the customer was written to, and something of theirs was parked, and an office whose erasures
    are `heard`.
    """
    world = World(announce, customers=[WHO["customer_no"]])
    world.receive(canonical(WHO["customer_no"], "first"))
    world.run()
    assert world.provider.sent
    office = Office(world, heard)
    world.quarantine.park(parked(1, data=b'{"person_id": "' + office.person.encode() + b'"}'))
    world.quarantine.park(parked(2))
    return world, office


def test_a_signal_that_comes_after_the_erasure_ends_at_identity():
    world, office = lived()
    office.begin()
    world.receive(canonical(WHO["customer_no"], "late"))
    world.receive(canonical("", "named", identifiers={**WHO, "cookie_id": "never seen"}))
    world.run()
    assert [(row.outcome, row.person_id, row.record) for row in world.queue.rows[-2:]] == [(ERASED, None, None)] * 2
    assert office.is_gone()
    assert len(world.quarantine.list()) == 1


def test_a_customer_who_uses_the_browser_of_somebody_erased_is_a_customer():
    world, office = lived()
    cookie = {"cookie_id": "shared browser"}
    world.receive(canonical("", "seen together", identifiers={**WHO, **cookie}))
    world.run()
    office.begin()
    decision = world.receive(canonical("", "other", identifiers={"customer_no": "somebody else", **cookie}))
    world.run()
    told = next(row for row in world.queue.rows if row.decision_id == decision)
    assert told.outcome != ERASED
    assert told.person_id not in (None, office.person)
    assert office.is_gone()


def test_what_is_parked_is_looked_through_to_the_end():
    world, office = lived()
    later = NOW + timedelta(days=1)
    for number in range(3, PARKED_READ + 3):
        world.quarantine.park(parked(number, at=later))
    world.quarantine.park(parked(0, at=later + timedelta(hours=1), data=office.person.encode()))

    assert office.begin().erased["quarantine"] == 2
    assert office.is_gone()


def test_a_message_that_waits_is_not_sent():
    world = World(customers=[WHO["customer_no"]])
    office = Office(world)
    world.receive(canonical(WHO["customer_no"], "first"))
    world.run(until=lambda: world.queue.waiting[0][0] == "contacts-reserved")
    erasure = office.begin()
    world.run()
    assert not world.provider.sent
    assert world.queue.rows[-1].outcome == "cancelled"
    assert ERASED in world.queue.rows[-1].record
    assert office.erase.go_on(erasure.id, NOW + IN_FLIGHT).erasure.finished_at
    assert office.is_gone()


class Dying:
    """Lets a process die at one of its calls."""

    def __init__(self):
        self.left = None

    def __call__(self, _call):
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.left = None
                raise Death


def test_an_erasure_that_died_at_any_line_goes_on():
    for death in itertools.count():
        dying = Dying()
        world, office = lived(heard=dying)
        dying.left = death
        try:
            office.begin()
        except Death:
            pass
        else:
            break
        erasure = office.begin(NOW + timedelta(minutes=1))
        assert office.is_gone()
        assert office.begin(NOW + timedelta(minutes=1)).id == erasure.id
        office.erase.finish_due(NOW + timedelta(minutes=10))
        assert {each.person_ids for each in office.erasures.all()} == {()}
        assert office.is_gone()
        assert len(world.quarantine.list()) == 1
    assert death > 15


def test_the_clock_finishes_what_is_due_and_one_that_fails_holds_up_no_other(monkeypatch):
    world, office = lived()
    other = {"customer_no": "somebody else"}
    world.receive(canonical(other["customer_no"], "other"))
    world.run()
    first = office.begin()
    office.erase.begin(other, by="desk", case="DSR-2", now=NOW)
    assert office.erase.finish_due(NOW).finished == 0
    destroy = office.keys.destroy

    def unreachable(ids):
        if office.person in ids:
            raise TransientError("no answer")
        destroy(ids)

    monkeypatch.setattr(office.keys, "destroy", unreachable)
    with pytest.raises(TransientError, match=first.id):
        office.erase.finish_due(NOW + IN_FLIGHT)
    assert [each.id for each in office.erasures.due(NOW + IN_FLIGHT)] == [first.id]
    monkeypatch.undo()
    assert office.erase.finish_due(NOW + IN_FLIGHT).finished == 1
    assert not office.erasures.due(NOW + IN_FLIGHT)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 7), max_size=60))
def test_signals_that_race_with_an_erasure_bring_nobody_back(choices):
    turns = Interleaver(iter(choices))
    world, office = lived(turns.announce, turns.announce)
    for number in range(2):
        world.receive(canonical("", f"race {number}", identifiers={**WHO, "cookie_id": f"new {number}"}))
    turns.run([world.run, office.begin])
    world.run()
    office.begin(NOW + IN_FLIGHT)
    office.erase.finish_due(NOW + IN_FLIGHT)
    assert office.is_gone()
    world.receive(canonical(WHO["customer_no"], "after"))
    world.run()
    assert world.queue.rows[-1].outcome == ERASED
    living = [key for key, document in world.store.profiles.items() if document.data]
    assert living == []


def test_whoever_comes_back_is_somebody_new_and_not_too_early():
    world, office = lived()
    office.begin()
    with pytest.raises(InvalidError, match="may be readmitted from"):
        office.erase.readmit(WHO, NOW)
    office.erase.readmit(WHO, NOW + READMITTED_AFTER)
    decision = world.receive(canonical(WHO["customer_no"], "back"))
    world.run()
    told = next(row for row in world.queue.rows if row.decision_id == decision)
    assert told.person_id not in (None, office.person)
    with pytest.raises(InvalidError, match="does not stand for"):
        office.erase.readmit(WHO, NOW + READMITTED_AFTER)


@pytest.mark.parametrize("case", ["", "anna@example.org", "x" * 61, "line\nbreak"])
def test_the_record_of_an_erasure_takes_a_reference_and_no_more(case):
    _, office = lived()
    with pytest.raises(InvalidError, match="no reference"):
        office.erase.begin(WHO, by="desk", case=case, now=NOW)
    assert office.erasures.all() == []


def test_persons_who_became_one_are_erased_as_one():
    world, office = lived()
    cookie = {"cookie_id": "their own browser"}
    before = world.receive(canonical("", "alone", identifiers=cookie))
    world.run()
    other = next(row.person_id for row in world.queue.rows if row.decision_id == before)
    world.receive(canonical("", "together", identifiers={**WHO, **cookie}))
    world.run()
    assert set(office.find.person(other).ids) == {office.person, other}
    office.erase.begin(cookie, by="desk", case="DSR-1", now=NOW)
    assert office.is_gone()
    assert office.find.identifier(cookie).rule == ERASED
    for person_id in (office.person, other):
        with pytest.raises(ErasedError):
            office.keys.key(person_id)
        with pytest.raises(ErasedError):
            world.plain["persons"].profile(person_id)
