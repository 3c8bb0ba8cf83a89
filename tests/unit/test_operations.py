"""What nobody ended is found, and what dead processes hold is taken back; parked messages go back as they are meant."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from functions.operations.leases import SweepLeases
from functions.operations.reconciling import Reconcile
from functions.operations.redriving import Redrive, Wanted
from functions.operations.sweeping import SweepDeliveries, SweepOutbox
from shared.adapters import memory
from shared.adapters.memory.allowances import Ledgers
from shared.domain.contact import Contact
from shared.domain.errors import InvalidError
from shared.domain.ledgers import ledger_id
from shared.messages import ContactReserved
from shared.ports import Counted as Signals
from shared.ports import Unended, Untold
from tests.contract.samples import NOW, Counted, delivery, parked
from tests.property.test_allowances import EMAIL, daily

HOUR = timedelta(hours=1)


class Heard:
    """A publisher that keeps what it is given."""

    def __init__(self):
        self.messages = []

    def publish(self, messages):
        self.messages += messages


class Reckoning:
    """A history that says what it is told to say."""

    def __init__(self, *unended, counted=None, untold=(), reserved=None):
        self._unended, self._counted, self._untold, self._reserved = unended, counted, untold, reserved

    def unended(self, since, until, limit):
        return [each for each in self._unended if since <= each.at < until][:limit]

    def counted(self, since, until):
        return self._counted

    def untold(self, since, until, limit):
        return self._untold[:limit]

    def reserved(self, since):
        return self._reserved


class Live:
    """The port `Catalogues`, of one revision."""

    def __init__(self, revision):
        self.revision = revision

    def current(self):
        return self


@pytest.fixture
def store():
    return memory.Store()


@pytest.fixture
def contacts(store):
    return memory.Contacts(store, Counted())


# Deliveries


def test_a_delivery_that_nobody_ended_is_told_again_once_its_message_comes_no_more(store, contacts):
    contacts.claim(delivery(delivery_id="v-abandoned").claimed(NOW - HOUR), None)
    contacts.claim(delivery(delivery_id="v-held").claimed(NOW), None)
    contacts.settle(delivery(delivery_id="v-sent").settled("sent", NOW - HOUR), None, release=False)
    heard = Heard()

    swept = SweepDeliveries(memory.AbandonedDeliveries(store, Counted()), heard)(NOW, "")

    assert (swept.found, swept.told, swept.more) == (1, 1, False)
    assert [each.delivery.delivery_id for each in heard.messages] == ["v-abandoned"]
    assert all(isinstance(each, ContactReserved) for each in heard.messages)


def test_more_than_a_page_is_told_to_the_last(store, contacts):
    for number in range(450):
        at = NOW - HOUR - timedelta(seconds=number)
        contacts.claim(delivery(delivery_id=f"v-{number}", person_id=f"p-{number}").claimed(at), None)
    heard = Heard()
    swept = SweepDeliveries(memory.AbandonedDeliveries(store, Counted()), heard)(NOW, "")
    assert swept.told == len({each.delivery.delivery_id for each in heard.messages}) == 450


def test_a_reservation_whose_message_was_lost_is_told_as_its_contact_has_it(contacts):
    reserved = delivery(delivery_id="v-1", at=NOW - HOUR, expires_at=NOW + HOUR)
    contacts.reserve(reserved.person_id, None, [Contact.of(reserved)])
    sent = delivery(delivery_id="v-2", person_id="p-2").settled("sent", NOW - HOUR)
    contacts.settle(sent, None, release=False)
    waits = delivery(delivery_id="v-3", person_id="p-3").deferred(NOW - HOUR, NOW + HOUR, "paced")
    contacts.settle(waits, None, release=False)
    unended = [Unended(f"v-{n}", f"p-{n}", NOW - HOUR) for n in (1, 2, 3, 4)]
    lately = Unended("v-5", "p-5", NOW)
    heard = Heard()

    swept = SweepOutbox(Reckoning(*unended, lately), contacts, heard)(NOW, "")

    assert (swept.found, swept.told, swept.waiting, swept.gone) == (4, 2, 1, 1)
    first, second = (each.delivery for each in heard.messages)
    assert (first.delivery_id, first.state, first.expires_at) == ("v-1", "reserved", NOW + HOUR)
    assert second == sent


def test_a_sweep_goes_on_after_what_it_told_and_comes_to_an_end(store, contacts):
    start = NOW - 10 * HOUR
    gone = [Unended(f"v-{n}", "p-gone", start + timedelta(seconds=n)) for n in range(2000)]
    reserved = delivery(delivery_id="v-last", at=NOW - HOUR, expires_at=NOW + HOUR)
    contacts.reserve(reserved.person_id, None, [Contact.of(reserved)])
    last = Unended("v-last", reserved.person_id, NOW - HOUR)
    for number in range(2001):
        at = NOW - HOUR - timedelta(seconds=number)
        contacts.claim(delivery(delivery_id=f"v-held-{number}", person_id=f"p-{number}").claimed(at), None)
    heard = Heard()

    for sweep in (
        SweepOutbox(Reckoning(*gone, last), contacts, heard),
        SweepDeliveries(memory.AbandonedDeliveries(store, Counted()), heard),
    ):
        first = sweep(NOW, "")
        second = sweep(NOW, "", first.after)
        assert (first.more, second.more, second.found, second.told) == (True, False, 1, 1)

    assert len({each.delivery.delivery_id for each in heard.messages}) == len(heard.messages) == 2002


# Volumes


def test_what_a_dead_process_holds_is_taken_back_less_what_it_used(store):
    revision = daily(10_000)
    dead, living = (memory.Allowances(store, Counted(), name, lambda _n: None) for name in ("dead", "living"))
    for _ in range(5):
        assert not dead.take(revision, [EMAIL], NOW).closed
    assert not living.take(revision, [EMAIL], NOW).closed
    later = NOW + 2 * HOUR
    assert not living.take(revision, [EMAIL], later).closed  # it settles its block, and has a young one
    sweep = SweepLeases(Live(revision), Ledgers(store, Counted()), Reckoning(reserved={EMAIL: 7}))

    swept = sweep(later)

    assert (swept.found, swept.taken_back, swept.left) == (1, 1, 0)
    [rule] = revision.catalogue.rules
    ledger = Ledgers(store, Counted()).load("volume", ledger_id(rule, revision.catalogue.time_zone, later)[0]).value
    assert (ledger.spent, set(ledger.blocks)) == (7, {"living"})
    assert sweep(later).found == 0


def test_a_process_that_comes_back_takes_nothing_more_of_what_was_taken_back(store):
    revision = daily(1000)
    idle = memory.Allowances(store, Counted(), "idle", lambda _n: None)
    assert not idle.take(revision, [EMAIL], NOW).closed
    later = NOW + 2 * HOUR
    assert SweepLeases(Live(revision), Ledgers(store, Counted()), Reckoning(reserved={EMAIL: 1}))(later).taken_back == 1

    given = 1
    while not idle.take(revision, [EMAIL], later).closed:
        given += 1
    idle.close()

    assert given == 1000


# What was parked


class Letters:
    """Dead letters, of which none wait."""

    def __init__(self):
        self.published = []

    def take_in(self, quarantine, *, now, limit=1000):
        return 0

    def republish(self, topic, data, attributes):
        self.published.append((topic, data))


def test_only_what_is_meant_goes_back_so_many_at_a_time(store):
    quarantine, letters = memory.Quarantine(store), Letters()
    for number in range(120):
        quarantine.park(parked(number % 200, id=f"q-{number}", reason="Timed out" if number % 2 else "other"))
    quarantine.park(parked(id="q-cut", truncated=True, reason="timed out"))
    quarantine.park(parked(id="q-later", reason="timed out", at=NOW + HOUR))
    redrive, after, done = Redrive(quarantine, letters), "", []

    while not done or after:
        found = redrive(Wanted(reason="timed out", before=NOW + 0.5 * HOUR, most=25, after=after), NOW)
        done.append((found.redriven, found.refused))
        after = found.after

    assert [sum(each) for each in zip(*done, strict=True)] == [60, 1]
    assert max(redriven for redriven, _ in done) == 25
    assert {each.id for each in quarantine.list(200)} >= {"q-cut", "q-later", "q-0"}


@pytest.mark.parametrize("wanted", [Wanted(most=0), Wanted(most=501), Wanted(after="yesterday")])
def test_what_cannot_be_meant_is_refused(store, wanted):
    with pytest.raises(InvalidError):
        Redrive(memory.Quarantine(store), Letters())(wanted, NOW)


def test_what_comes_back_before_it_is_forgotten_is_parked_still(store):
    quarantine, poison = memory.Quarantine(store), parked(0)

    class Returning(Letters):
        def republish(self, topic, data, attributes):
            super().republish(topic, data, attributes)
            quarantine.park(msgspec.structs.replace(poison, at=NOW + HOUR))

    quarantine.park(poison)
    letters = Returning()

    assert Redrive(quarantine, letters)(Wanted(), NOW).redriven == 1
    assert [each.at for each in quarantine.list()] == [NOW + HOUR]
    assert Redrive(quarantine, letters)(Wanted(before=NOW), NOW + 2 * HOUR).redriven == 0


# A day


def test_a_day_adds_up_or_says_what_is_lost(store):
    quarantine = memory.Quarantine(store)
    quarantine.park(parked(attributes={"decision_id": "d-parked"}))
    untold = [Untold("d-parked", NOW - 3 * HOUR), Untold("d-lost", NOW - 3 * HOUR), Untold("d-new", NOW)]

    found = Reconcile(Reckoning(counted=Signals(5, 7, 3, 0), untold=untold), quarantine)(NOW.date(), NOW)

    assert (found.accepted, found.decided, found.ended, found.quarantined, found.in_flight) == (15, 5, 7, 1, 1)
    assert (found.lost, found.named, found.agrees) == (1, ("d-lost",), False)
    for counted, agrees in ((Signals(5, 7, 0, 0), True), (Signals(5, 7, 0, 1), False)):
        found = Reconcile(Reckoning(counted=counted), quarantine)(NOW.date(), NOW)
        assert found.agrees == agrees


def test_a_day_that_has_not_begun_is_none(store):
    with pytest.raises(InvalidError):
        Reconcile(Reckoning(), memory.Quarantine(store))((NOW + 24 * HOUR).date(), NOW)


def test_what_is_told_of_while_it_is_counted_is_not_lost(store):
    found = Reconcile(Reckoning(counted=Signals(5, 0, 3, 0)), memory.Quarantine(store))(NOW.date(), NOW)
    assert msgspec.structs.replace(found, day=NOW.date()).agrees
    assert (found.accepted, found.decided) == (8, 8)
