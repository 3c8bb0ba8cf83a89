"""Catalogues, contact points and quarantine."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from shared.adapters.parking import MOST_BYTES
from shared.domain.errors import NotFoundError, TransientError
from shared.ports import Place
from tests.contract.renewals import renewals_end
from tests.contract.samples import parked, revision


def test_without_a_live_revision_it_is_too_early(documents):
    with pytest.raises(TransientError):
        documents.new_catalogues().current()


def test_the_published_revision_is_live_everywhere(documents):
    documents.new_catalogues().publish(revision())
    policy = documents.new_catalogues().current()
    assert policy.revision.id == revision().id
    assert policy.revision.catalogue == revision().catalogue


def test_environments_are_apart(documents):
    documents.new_catalogues().publish(revision("live"))
    documents.new_catalogues(environment="test").publish(revision("test"))
    assert documents.new_catalogues().current().revision.catalogue.name == "live"


def test_any_revision_can_be_had_and_is_compiled_once(documents):
    catalogues = documents.new_catalogues()
    catalogues.publish(revision("old"))
    catalogues.publish(revision("new"))
    assert catalogues.current().revision.id == revision("new").id
    assert catalogues.get(revision("old").id).revision.id == revision("old").id
    assert catalogues.get(revision("new").id) is catalogues.current()


@pytest.mark.parametrize("revision_id", ["sha256:00", "", "a/b"])
def test_an_unknown_revision_is_not_found(documents, revision_id):
    with pytest.raises(NotFoundError):
        documents.new_catalogues().get(revision_id)


def test_a_revision_larger_than_a_document(documents):
    """Three megabytes that do not compress to less than one document takes."""
    noise = "".join(hashlib.sha256(str(n).encode()).hexdigest() for n in range(48_000))
    catalogues = documents.new_catalogues()
    catalogues.publish(revision(noise))
    assert documents.new_catalogues().current().revision.id == revision(noise).id


def test_what_is_live_is_renewed_behind_the_answer(documents):
    now = [0.0]
    served = documents.new_catalogues(refresh_seconds=30, monotonic=lambda: now[0])
    publishing = documents.new_catalogues()
    publishing.publish(revision("old"))
    assert served.current().revision.catalogue.name == "old"
    publishing.publish(revision("new"))
    now[0] = 29
    assert served.current().revision.catalogue.name == "old"
    now[0] = 31
    assert served.current().revision.catalogue.name == "old"
    renewals_end()
    assert served.current().revision.catalogue.name == "new"


def test_an_instance_that_slept_looks_before_it_answers(documents):
    now = [0.0]
    served = documents.new_catalogues(refresh_seconds=30, monotonic=lambda: now[0])
    documents.new_catalogues().publish(revision("old"))
    assert served.current().revision.catalogue.name == "old"
    documents.new_catalogues().publish(revision("new"))
    now[0] = 3600
    assert served.current().revision.catalogue.name == "new"


def test_the_catalogue_costs_no_decision_anything(documents):
    catalogues = documents.new_catalogues()
    assert documents.meter.of(lambda: (catalogues.publish(revision()), catalogues.current())) == (0, 0)


def test_addresses_are_kept_by_person_and_channel(documents):
    points = documents.contact_points
    points.put({"p-1": {"email": "zoë@example.org", "push": "token" * 100}, "p-2": {"sms": "+447700900123"}})
    points.put({"p-1": {"email": "new@example.org"}, "p-3": {}})
    assert points.address("p-1", "email") == "new@example.org"
    assert points.address("p-1", "push") == "token" * 100
    assert points.address("p-2", "sms") == "+447700900123"
    assert points.address("p-2", "email") is None
    assert points.address("p-3", "email") is None
    assert points.address("p-none", "email") is None


def test_a_thousand_persons_addresses(documents):
    documents.contact_points.put({f"p-{n}": {"email": f"{n}@example.org"} for n in range(1000)})
    assert documents.contact_points.address("p-999", "email") == "999@example.org"


def test_reading_an_address_is_one_read(documents):
    assert documents.meter.of(lambda: documents.contact_points.put({"p-1": {"email": "a@b.example"}})) == (0, 1)
    assert documents.meter.of(lambda: documents.contact_points.address("p-1", "email")) == (1, 0)


def test_what_is_parked_comes_back_as_it_was(quarantine):
    quarantine.park(parked(1))
    assert quarantine.get("q-1") == parked(1)
    assert quarantine.get("q-2") is None


def test_the_same_thing_is_parked_once(quarantine):
    quarantine.park(parked(1))
    quarantine.park(parked(1, reason="another"))
    assert quarantine.list() == [parked(1, reason="another")]


def test_pages_go_on_where_the_last_one_ended(quarantine):
    for n in (3, 1, 2):
        quarantine.park(parked(n))
    [first, second] = quarantine.page(2)
    [third] = quarantine.page(2, Place(second.at, second.id))
    assert [first, second, third] == [parked(1), parked(2), parked(3)]
    assert not quarantine.page(2, Place(third.at, third.id))


def test_the_newest_come_first(quarantine):
    for number in (2, 3, 1):
        quarantine.park(parked(number))
    assert [p.id for p in quarantine.list()] == ["q-3", "q-2", "q-1"]
    assert [p.id for p in quarantine.list(limit=2)] == ["q-3", "q-2"]


def test_what_is_redriven_is_forgotten(quarantine):
    quarantine.park(parked(1))
    quarantine.remove(parked(1))
    quarantine.remove(parked(1))
    assert list(quarantine.list()) == []


def test_what_comes_back_before_it_is_forgotten_stays_parked(quarantine):
    quarantine.park(parked(1))
    [before] = quarantine.list()
    again = parked(1, at=before.at + timedelta(milliseconds=1))
    quarantine.park(again)
    quarantine.remove(before)
    assert quarantine.list() == [again]


def test_what_is_too_large_is_cut_and_says_so(quarantine):
    quarantine.park(parked(1, data=b"\xff" * 10_000_000))
    kept = quarantine.get("q-1")
    assert kept.truncated
    assert kept.data == b"\xff" * MOST_BYTES
