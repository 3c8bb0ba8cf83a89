"""What signals taught stays with the identifier that was their strongest, within its bound and at no cost to others."""

from __future__ import annotations

from functools import reduce

import msgspec

from shared.adapters import memory
from shared.domain.consent import consents_to
from shared.domain.identity.lessons import MOST_BYTES
from shared.domain.identity.links import Graph
from shared.domain.identity.rebuilding import rebuild
from shared.domain.identity.teaching import taught
from shared.domain.profile import Person
from shared.domain.signal import ConsentChange
from tests.contract.samples import Counted, create, link, profile
from tests.property.identities import CATALOGUES, NOW, REFUSAL, STRENGTH, Platform, signal

POLICY = CATALOGUES.current()


def said(number, hour=0, city=None, **identifiers):
    told = signal(str(number), identifiers, hour)
    return msgspec.structs.replace(told, attributes={"city": city} if city else {}, properties={"amount": 1})


def taken(*stream):
    platform = Platform()
    for each in stream:
        platform.take(each)
    return platform


def person_of(platform, **identifiers):
    return platform.person(
        platform.take(msgspec.structs.replace(said("?", **identifiers), type="probe")).person_id
    ).value


def test_what_a_device_taught_leaves_with_it():
    here = said(1, 1, "Leeds", customer_no="c1")
    met = said(2, 5, customer_no="c1", device_id="d1")
    alone = said(3, 6, "York", device_id="d1")
    earlier = said(4, 2, customer_no="c2", device_id="d1")
    platform = taken(here, met, alone)
    assert person_of(platform, customer_no="c1").attributes == {"city": "York"}

    platform.take(earlier)

    assert person_of(platform, customer_no="c1").attributes == {"city": "Leeds"}
    assert person_of(platform, customer_no="c2").attributes == {"city": "York"}
    assert not person_of(platform, customer_no="c1").lessons


def test_who_is_always_known_by_the_same_keeps_nothing_twice():
    platform = taken(*(said(n, n, "York", customer_no="c1", cookie_id=f"k{n}", device_id="d1") for n in range(9)))

    kept = msgspec.to_builtins(person_of(platform, customer_no="c1"))

    assert not {"lessons", "fragments", "own_flags"} & kept.keys()


def test_beyond_its_bound_the_weakest_identifiers_teach_whom_they_entered_with():
    keys = ["customer_no:c1", "email:e1", *(f"device_id:d{n}" for n in range(6))]
    person = Person(person_id="p-1", version=1, created_at=NOW, graph=Graph(members=dict.fromkeys(keys, "p-1")))
    stream = [said(n, n % 48, f"c{n}", device_id="d") for n in range(480)]
    for number, each in enumerate(stream):
        person = taught(person, "p-1", keys[number % len(keys)], each, POLICY)

    sizes = [sum(map(len, lesson.features.values())) for lesson in (person, *person.lessons.values())]
    assert MOST_BYTES / 2 < sum(sizes) < MOST_BYTES
    assert person.features == reduce(POLICY.features.update, stream, {})
    own = [reduce(POLICY.features.update, stream[at :: len(keys)], {}) for at in range(len(keys))]
    assert person.lessons["email:e1"].features == own[1]
    assert person.lessons["device_id:d5"].features != own[-1]
    assert {key for key, lesson in person.lessons.items() if lesson.attributes} == {"p-1", *keys[1:]}


def test_what_is_said_with_a_shared_identifier_is_heeded_and_kept_with_that_alone():
    meter = Counted()
    platform = Platform(memory.Persons(memory.Store(), meter))
    for number in range(3):
        platform.take(said(number, customer_no=f"c{number}", device_id="d1"))
    platform.take(said("session", session_id="s1"))
    no = ConsentChange(purpose="marketing", granted=False)
    told = msgspec.structs.replace(said("both", 3, "York", device_id="d1", session_id="s1"), consent=(no,))

    for cost in ((4, 1), (4, 0)):
        heard = []
        assert meter.of(lambda: heard.append(platform.take(told))) == cost  # noqa: B023 - called at once
        assert heard[0].profile.attributes == {"city": "York"}
        assert not consents_to(heard[0].profile.consents, brand="oak", purpose="marketing", channel="web")
    guest = person_of(platform, session_id="s1")
    assert guest.person_id == heard[0].person_id
    assert (guest.attributes, guest.consents) == ({}, {})
    assert person_of(platform, device_id="d1").attributes == {"city": "York"}


def test_a_person_stored_without_a_graph_gets_one_when_a_weaker_identifier_teaches():
    platform = Platform()
    stored = profile(attributes={"age": 47}, unique={"customer_no": "c1"})
    create(platform.persons, stored, [link("customer_no", "c1"), link("device_id", "d1")])
    platform.take(said(1, 1, "Leeds", customer_no="c1"))
    assert not person_of(platform, customer_no="c1").graph.members

    platform.take(said(2, 2, "York", device_id="d1"))
    person = person_of(platform, customer_no="c1")
    platform.refuse(person.person_id, person.graph.links)

    assert person_of(platform, customer_no="c1").attributes == {"age": 47, "city": "Leeds"}
    assert person_of(platform, device_id="d1").attributes == {"city": "York"}


def test_a_merged_person_stored_before_there_were_lessons_parts_as_it_did():
    platform = taken(
        said(1, 1, "Leeds", customer_no="c1"),
        said(2, 2, "York", device_id="d1"),
        said(3, 3, customer_no="c1", device_id="d1"),
    )
    stored = msgspec.to_builtins(person_of(platform, customer_no="c1"))
    assert stored.keys() <= {*Person.__struct_fields__} - {"lessons", "own_flags"}
    old = msgspec.json.decode(msgspec.json.encode(stored), type=Person)

    parted = rebuild([old], STRENGTH, lambda: "p-new", now=NOW, refusals=dict.fromkeys(old.graph.links, REFUSAL))

    found = {key: parted.persons[parted.person_of[key]].attributes for key in old.graph.members}
    assert found == {"customer_no:c1": {"city": "Leeds"}, "device_id:d1": {"city": "York"}}
