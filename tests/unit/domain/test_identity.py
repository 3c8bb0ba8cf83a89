"""Identity: whose signal it is, by the strongest identifier, with what stood against it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.identity.links import Identifier
from shared.domain.identity.resolution import by_priority, resolve, whose
from tests.corpus.tree_bank import revision
from tests.unit.domain.situations import NOW, cases, person

NAMESPACES = revision().namespaces


def links(pointing):
    return {
        namespace: Identifier(
            namespace=namespace, value="v", person_id=of, signal_id="s-0", source="web", at=NOW, rule="first_seen"
        )
        for namespace, of in pointing.items()
    }


def profile_of(person_id, unique):
    return None if person_id is None else msgspec.structs.replace(person(), person_id=person_id, unique=unique)


@pytest.mark.parametrize("case", cases("identity"))
def test_whose_signal_it_is(case):
    linked = links(case.get("linked", {}))
    found = whose(case["signal"], linked, NAMESPACES)

    resolution = resolve(case["signal"], linked, profile_of(found, case.get("has", {})), NAMESPACES)

    assert resolution.person_id == case.get("person")
    assert list(resolution.joins) == case.get("joins", [])
    assert [f"{c.namespace}: {c.reason} ({c.person_id})" for c in resolution.conflicts] == case.get("conflicts", [])


def test_a_person_named_by_our_own_id_needs_no_link():
    resolution = resolve({"cookie_id": "ck"}, {}, profile_of("p-1", {}), NAMESPACES)

    assert (resolution.person_id, resolution.joins, resolution.conflicts) == ("p-1", ("cookie_id",), ())


def test_namespaces_of_one_priority_go_by_name():
    equal = {name: msgspec.structs.replace(NAMESPACES[name], priority=5) for name in NAMESPACES}

    assert by_priority({"email_sha256": "e", "cookie_id": "c", "device_id": "d"}, equal) == [
        "cookie_id",
        "device_id",
        "email_sha256",
    ]


@given(
    given_=st.dictionaries(st.sampled_from(sorted(NAMESPACES)), st.sampled_from(["a", "b"]), min_size=1),
    pointing=st.dictionaries(st.sampled_from(sorted(NAMESPACES)), st.sampled_from(["p-1", "p-2"])),
    has=st.dictionaries(st.sampled_from(["customer_no", "crm_id", "person_id"]), st.sampled_from(["a", "b"])),
    order=st.randoms(use_true_random=False),
)
def test_every_identifier_joins_is_linked_or_is_in_conflict_in_whatever_order_they_stand(given_, pointing, has, order):
    linked = links({namespace: of for namespace, of in pointing.items() if namespace in given_})
    profile = profile_of(whose(given_, linked, NAMESPACES), has)

    resolution = resolve(given_, linked, profile, NAMESPACES)

    in_conflict = {conflict.namespace for conflict in resolution.conflicts}
    assert set(resolution.joins) | set(linked) | in_conflict == set(given_)
    assert not set(resolution.joins) & set(linked)
    if resolution.person_id is not None:
        assert not any(
            NAMESPACES[namespace].unique and has.get(namespace, given_[namespace]) != given_[namespace]
            for namespace in resolution.joins
        )
    shuffled = list(given_.items())
    order.shuffle(shuffled)
    assert resolve(dict(shuffled), linked, profile, NAMESPACES) == resolution
