"""What only Firestore's adapters promise: how they store, connect and fail."""

from __future__ import annotations

import time
from datetime import timedelta

import msgspec
import pytest

from shared.adapters import memory
from shared.domain.contact_folding import fold
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_policy import Deferred
from shared.domain.errors import PermanentError, TransientError
from shared.domain.governance.in_force import InForce
from shared.domain.outcome import Outcome
from tests.contract.conftest import ON_EMULATORS
from tests.contract.samples import (
    NOW,
    PATIENCE_SECONDS,
    Counted,
    contact,
    create,
    deferral,
    delivery,
    parked,
    revision,
    rich_profile,
    take,
)

pytestmark = ON_EMULATORS
firestore = pytest.mark.parametrize("documents", ["firestore"], indirect=True)


@firestore
def test_audiences_can_be_queried(documents):
    create(documents.persons, rich_profile(), [])
    profiles = documents.database.client.collection("profiles")
    found = list(profiles.where(filter=field_filter("audiences", "array_contains", "savers")).stream())
    assert [snapshot.id for snapshot in found] == ["p-1"]


def field_filter(*condition):
    from google.cloud.firestore_v1.base_query import FieldFilter  # noqa: PLC0415 - slow, and not always there

    return FieldFilter(*condition)


@firestore
def test_addresses_are_not_readable_without_the_key(documents):
    from shared.adapters.firestore.contact_points import ContactPoints  # noqa: PLC0415

    documents.contact_points.put({"p-1": {"email": "zoe@example.org"}, "p-2": {"email": "zoe@example.org"}})
    one, two = (
        documents.private.client.collection("contact_points").document(p).get().to_dict() for p in ("p-1", "p-2")
    )
    assert b"zoe" not in one["email"]
    assert one["email"] != two["email"]
    with pytest.raises(PermanentError, match="does not open"):
        ContactPoints(documents.private, Counted(), memory.new_sealer(memory.Store())).address("p-1", "email")


@firestore
@pytest.mark.parametrize("tampered", [b"", b"\x01", b"\x02" + bytes(40), b"\x01" + bytes(40)])
def test_a_tampered_address_does_not_open(documents, tampered):
    documents.private.client.collection("contact_points").document("p-1").set({"email": tampered})
    with pytest.raises(PermanentError, match="does not open"):
        documents.contact_points.address("p-1", "email")


@firestore
def test_an_address_moved_to_another_person_or_channel_does_not_open(documents):
    documents.contact_points.put({"p-1": {"email": "zoe@example.org"}})
    points = documents.private.client.collection("contact_points")
    sealed = points.document("p-1").get().to_dict()["email"]
    points.document("p-2").set({"email": sealed, "sms": sealed})
    points.document("p-1").update({"sms": sealed})
    for person_id, channel in (("p-2", "email"), ("p-2", "sms"), ("p-1", "sms")):
        with pytest.raises(PermanentError, match="does not open"):
            documents.contact_points.address(person_id, channel)


@firestore
def test_contact_points_are_in_a_database_of_their_own(documents):
    documents.contact_points.put({"p-1": {"email": "zoe@example.org"}})
    assert not documents.database.client.collection("contact_points").document("p-1").get().exists


@firestore
def test_a_models_counts_are_spread_over_a_few_documents(documents):
    documents.contacts.reserve("p-1", None, [contact(delivery(1))])
    for number in range(40):
        of = delivery(number)
        take(documents.outcomes, Outcome(id="o-1", outcome="click", delivery_id=of.delivery_id, at=NOW), of)
    assert len(list(documents.database.client.collection("models").stream())) == 4


@firestore
def test_documents_of_a_later_release_can_be_read(documents):
    """Fields that this release does not know are left out, so that a rollback can serve."""
    create(documents.persons, rich_profile(), [])
    documents.contacts.reserve("p-1", None, [contact(delivery(1))])
    documents.contacts.present([delivery(1)])
    documents.quarantine.park(parked(1))
    client, key = documents.database.client, delivery(1).delivery_id
    client.collection("profiles").document("p-1").update({"later": 1})
    client.collection("deliveries").document(key).update({"later": {"x": 1}})
    client.collection("contacts").document("p-1").update({"later": 1, f"contacts.`{key}`.later": [1]})
    client.collection("quarantine").document("q-1").update({"later": NOW})
    assert documents.persons.profile("p-1").value == rich_profile()
    assert documents.contacts.delivery(key).value == delivery(1)
    assert documents.contacts.history("p-1").value.contacts == {key: contact(delivery(1))}
    assert documents.quarantine.get("q-1") == parked(1)


@firestore
def test_histories_of_before_facts_were_shared_are_read_changed_and_folded(documents):
    sent, shown, lapsed = delivery(1), delivery(2, state="presented", expires_at=None), delivery(3)
    entries = {of.delivery_id: msgspec.to_builtins(contact(of)) for of in (sent, shown, lapsed)}
    entries[shown.delivery_id]["outcomes"] = {"impression": 1772366400123456}
    fragment = {"v-forgotten": {"state": "released", "outcomes": {"click": 1772366400123456}}}
    documents.database.client.collection("contacts").document("p-1").set(
        {"contacts": {**entries, **fragment}, "withheld": {"d-9": msgspec.to_builtins(NOW)}}
    )

    read = documents.contacts.history("p-1")
    assert read.value == ContactHistory(
        contacts={
            sent.delivery_id: contact(sent),
            shown.delivery_id: contact(shown, outcomes={"impression": NOW}),
            lapsed.delivery_id: contact(lapsed),
        },
        withheld={"d-9": NOW},
    )

    documents.contacts.claim(sent.claimed(NOW), None)
    take(documents.outcomes, Outcome(id="o-1", outcome="click", delivery_id=sent.delivery_id, at=NOW), sent)
    read = documents.contacts.history("p-1")
    assert read.value.contacts[sent.delivery_id] == contact(sent, state="sending", outcomes={"click": NOW})
    later = NOW + timedelta(days=3)
    documents.contacts.reserve("p-1", read.version, [contact(delivery(4))], fold=fold(read.value, (), later))

    history = documents.contacts.history("p-1").value
    assert list(history.contacts) == [delivery(4).delivery_id]
    assert [(each.state, each.outcomes) for each in sorted(history.past.contacts, key=lambda each: each.state)] == [
        ("presented", {"impression": NOW}),
        ("sending", {"click": NOW}),
    ]
    assert not history.withheld


@firestore
def test_facts_that_no_entry_has_any_more_are_not_kept(documents):
    for number, group in enumerate(("savings", "savings", "loans")):
        now = NOW + timedelta(days=3 * number)
        read = documents.contacts.history("p-1")
        new = contact(delivery(number, group=group, at=now))
        documents.contacts.reserve("p-1", read.version, [new], fold=fold(read.value, (), now))
        shared = documents.database.client.collection("contacts").document("p-1").get().to_dict()["facts"]
        assert [facts[2] for facts in shared.values()] == [group]


def test_nothing_is_connected_before_the_first_use(emulators, project):
    from shared.adapters.firestore.client import Database  # noqa: PLC0415
    from shared.adapters.firestore.contacts import Contacts  # noqa: PLC0415
    from shared.adapters.pubsub import Publisher  # noqa: PLC0415

    database = Database(project)
    contacts, publisher = (
        Contacts(database, Counted(), memory.new_sealer(memory.Store())),
        Publisher(project, Counted()),
    )
    assert database._client is None
    assert publisher._topics._client is None
    contacts.history("p-1")
    connected = database.client
    database.close()
    assert contacts.history("p-1").version is None
    assert database.client is not connected
    database.close()


def test_when_firestore_is_away_the_answer_comes_in_time(emulators, project, monkeypatch):
    from shared.adapters.firestore.catalogues import Catalogues  # noqa: PLC0415
    from shared.adapters.firestore.client import Database  # noqa: PLC0415
    from shared.adapters.firestore.contacts import Contacts  # noqa: PLC0415
    from shared.adapters.firestore.quarantine import Quarantine  # noqa: PLC0415

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    database = Database(project, timeout_seconds=0.5)
    contacts = Contacts(database, meter := Counted(), memory.new_sealer(memory.Store()))
    for work in (
        lambda: contacts.history("p-1"),
        lambda: contacts.deliveries(["v-1"]),
        lambda: contacts.reserve("p-1", None, [contact(delivery(1))]),
        lambda: contacts.withhold("p-1", "d-1", NOW),
        lambda: Quarantine(database).list(),
        lambda: Catalogues(database).current(),
    ):
        started = time.monotonic()
        with pytest.raises(TransientError):
            work()
        assert time.monotonic() - started < PATIENCE_SECONDS
    assert meter.total.writes == 0
    database.close()


@firestore
def test_an_environment_of_before_there_were_releases_decides_by_its_revision(documents):
    live = revision()
    documents.new_catalogues().keep(live)
    documents.database.client.collection("releases").document("live").set({"revision": live.id})

    assert documents.new_catalogues().deciding("p-1").revision.id == live.id
    assert documents.releases.held("live").in_force == InForce(revision=live.id)


@firestore
def test_a_deferral_that_does_not_open_holds_up_no_other(documents):
    for number in range(4):
        until = NOW + timedelta(seconds=number)
        waits = deferral(
            decision_id=f"d-{number}",
            person_id=f"p-{number}",
            deferred=Deferred(treatment="t", rule="nights", until=until),
        )
        documents.contacts.defer(f"p-{number}", None, waits)
    for number in range(3):
        document = documents.database.client.collection("deferrals").document(f"d-{number}")
        document.update({"sealed": b"\x03" + bytes(40)})

    [due] = documents.deferrals.due(NOW + timedelta(hours=1), 2)

    assert due.decision_id == "d-3"
