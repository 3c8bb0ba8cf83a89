"""What Firestore answers without an index of our own, as its documentation says."""

from __future__ import annotations

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from tests.contract.indexes import wants


@pytest.fixture(scope="module")
def client():
    return firestore.Client(project="p", credentials=AnonymousCredentials())


def test_equalities_and_one_order_need_none(client):
    deliveries = client.collection("deliveries")

    two = deliveries.where(filter=FieldFilter("person_id", "in", ["a"])).where(filter=FieldFilter("action", "==", "b"))
    due = deliveries.where(filter=FieldFilter("due_at", "<", "b")).where(filter=FieldFilter("due_at", ">", "a"))
    audience = client.collection("profiles").where(filter=FieldFilter("audiences", "array_contains", "a"))
    for query in (
        deliveries,
        two,
        due.order_by("due_at"),
        audience.order_by("__name__"),
        client.collection("contacts"),
    ):
        assert wants(query) == ""


def test_an_equality_with_an_order_wants_one(client):
    own = client.collection("waves").where(filter=FieldFilter("audience", "==", "a"))

    assert wants(own.order_by("begun_at")) == "waves by audience, begun_at"
    assert wants(client.collection("waves").order_by("a").order_by("b")) == "waves by a, b"


def test_what_is_not_indexed_is_not_asked_for(client):
    assert "nobody asks" in wants(client.collection("contacts").where(filter=FieldFilter("merged_into", "==", "p")))
    assert "nobody asks" in wants(client.collection("profiles").order_by("sealed"))
