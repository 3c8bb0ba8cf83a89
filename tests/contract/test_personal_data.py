"""The ports `PersonalData` and `Erasures`: everything of a person, handed over and erased, and nobody else's."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from shared.domain.erasure import ERASED, Erasure, tombstone
from shared.domain.errors import AlreadyExistsError, ErasedError, StaleError
from shared.domain.outcome import Outcome
from shared.ports import Held, Versioned
from tests.contract.samples import NOW, contact, create, deferral, delivery, link, rich_profile, take, update

US, OTHERS = ("p-1", "p-0"), ("p-2",)


def outcome(of):
    return Outcome(id=f"o-{of.delivery_id}", outcome="click", delivery_id=of.delivery_id, at=NOW)


@pytest.fixture
def people(documents):
    """Two ids of one person, and somebody else, each with something everywhere."""
    for person_id in (*US, *OTHERS):
        links = [link("email", f"e-{person_id}", person_id), link("device", f"x-{person_id}", person_id)]
        create(documents.persons, msgspec.structs.replace(rich_profile(), person_id=person_id), links)
        shown = delivery(1, person_id, state="presented", expires_at=None)
        documents.contacts.present([shown])
        take(documents.outcomes, outcome(shown), shown, contact(shown))
        waiting = deferral(decision_id=f"d-{person_id}", person_id=person_id)
        documents.contacts.defer(person_id, documents.contacts.history(person_id).version, waiting)
        documents.contact_points.put({person_id: {"email": f"{person_id}@example.org"}})
    return documents


def versions(documents, ids):
    return {each: documents.persons.profile(each).version for each in ids}


def erase(documents, ids):
    documents.personal_data.bury(versions(documents, ids), NOW)
    tombstones = documents.personal_data.tombstone(ids, "e-1", NOW)
    return tombstones, dict(documents.personal_data.delete(ids))


def test_everything_is_held_under_all_ids(people):
    held = people.personal_data.held(US)
    assert {each.person_id for each in held.identifiers} == set(US)
    assert len(held.identifiers) == 4
    assert {each.person_id for each in held.deliveries} == set(US)
    assert {each.delivery_id for each in held.outcomes} == {each.delivery_id for each in held.deliveries}
    assert {each.person_id for each in held.deferrals} == set(US)
    assert held.addresses == {"email": "p-1@example.org"}


def test_what_is_erased_is_nowhere_and_everybody_else_is_as_before(people):
    before = people.personal_data.held(OTHERS)
    gone = {"outcomes": 2, "deliveries": 2, "deferrals": 2, "handovers": 0, "contacts": 2, "contact_points": 2}
    assert erase(people, US) == (4, gone)
    assert people.personal_data.held(US) == Held()
    assert people.contacts.history("p-1").version is None
    assert people.personal_data.held(OTHERS) == before
    assert people.persons.profile("p-2").value.attributes == rich_profile().attributes
    assert people.personal_data.tombstone(US, "e-1", NOW) == 0
    assert people.personal_data.delete(US) == dict.fromkeys(gone, 0)


def test_readers_and_writers_of_an_erased_person_are_told(people):
    read = people.persons.profile("p-1")
    erase(people, US)
    with pytest.raises(ErasedError):
        people.persons.profile("p-1")
    changed = msgspec.structs.replace(read.value, version=read.value.version + 1)
    with pytest.raises(StaleError):
        update(people.persons, Versioned(changed, read.version), [])


def test_nobody_is_buried_whom_somebody_wrote_meanwhile(people):
    read = versions(people, US)
    person = people.persons.profile("p-0")
    changed = msgspec.structs.replace(person.value, version=person.value.version + 1)
    update(people.persons, Versioned(changed, person.version), [])
    with pytest.raises(StaleError):
        people.personal_data.bury(read, NOW)
    assert people.persons.profile("p-1").value.person_id == "p-1"
    assert people.personal_data.known_by("email", "e-p-1") == [link("email", "e-p-1")]
    assert people.personal_data.known_by("device", "e-p-1") == []


def test_an_identifier_is_a_tombstone_until_it_is_readmitted(people):
    before = link("email", "e-p-1")
    erase(people, US)
    stone = people.persons.identifiers(["email:e-p-1"])["email:e-p-1"].value
    assert stone == tombstone(before, "e-1", NOW)
    assert (stone.rule, stone.person_id) == (ERASED, "")
    assert stone in people.personal_data.identifiers(US, "e-1")
    newcomer = msgspec.structs.replace(rich_profile(), person_id="p-3")
    with pytest.raises(AlreadyExistsError):
        create(people.persons, newcomer, [link("email", "e-p-1", "p-3")])
    people.personal_data.readmit(stone)
    create(people.persons, newcomer, [link("email", "e-p-1", "p-3")])
    assert people.persons.identifiers(["email:e-p-1"])["email:e-p-1"].value.person_id == "p-3"
    assert people.persons.identifiers(["device:x-p-1"])["device:x-p-1"].value.rule == ERASED


def test_an_erasure_is_kept_as_it_was_last(documents):
    erasures = documents.erasures
    begun = Erasure.begun("e-1", US, by="desk", case="DSR-1", now=NOW)
    later = Erasure.begun("e-2", OTHERS, by="desk", case="DSR-2", now=NOW + timedelta(days=1))
    for each in (begun, later):
        erasures.put(each)
    assert erasures.get("e-1") == begun
    assert [list(erasures.due(begun.again_at + timedelta(days=days, seconds=-1))) for days in (0, 1)] == [[], [begun]]
    assert erasures.due(later.again_at) == [begun, later]
    done = begun.after({"profiles": 2, "contacts": 0}, NOW + timedelta(minutes=2))
    erasures.put(done)
    assert (done.person_ids, done.erased) == ((), {"profiles": 2})
    assert erasures.all() == [later, done]
    assert erasures.due(later.again_at) == [later]
    assert erasures.get("e-3") is None
