"""Identifiers: written the same whatever the source, and hashed."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidError
from shared.domain.identifiers import PERSON_ID, email_sha256, keyed_hash, normalise, phone_sha256, stored
from tests.unit.domain.situations import cases


def value_of(case):
    return "x" * case["value_repeated"] if "value_repeated" in case else case["value"]


def kept_by(case):
    if "sha256_of" in case:
        return f"{case['namespace']}_sha256", hashlib.sha256(case["sha256_of"].encode()).hexdigest()
    if "kept_repeated" in case:
        return case["namespace"], "x" * case["kept_repeated"]
    return tuple(case["kept"])


EVERY = cases("identifiers")
KEPT = [each for each in EVERY if "refused" not in each.values[0]]
REFUSED = [each for each in EVERY if "refused" in each.values[0]]


@pytest.mark.parametrize("case", KEPT)
def test_what_is_kept_of_an_identifier(case):
    assert normalise(case["namespace"], value_of(case)) == kept_by(case)


@pytest.mark.parametrize("case", KEPT)
def test_what_is_kept_is_kept_as_it_is(case):
    kept = kept_by(case)

    assert normalise(*kept) == kept


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_identifier_is_refused_by_its_field_without_its_value(case):
    with pytest.raises(InvalidError) as refused:
        normalise(case["namespace"], value_of(case))

    assert refused.value.field == f"identifiers.{case['namespace']}"
    assert case["refused"] in refused.value.detail
    if isinstance(value_of(case), str) and value_of(case).strip():
        assert value_of(case).strip() not in str(refused.value)


def test_the_convention_of_partners():
    """The published example of hashing for customer lists: SHA-256 of the trimmed, lower-case address."""
    assert email_sha256(" Test@Example.com ") == "973dfe463ec85785f5f95af5ba3906eedb2d931c24e69824a89ea65dba4e813b"


def test_a_national_number_may_be_another_countrys():
    assert phone_sha256("0151 23456789", country_code="49") == phone_sha256("+49 151 23456789")


def test_a_keyed_hash_is_an_hmac_of_namespace_and_value():
    expected = hmac.new(b"key", b"crm_id\x00a", hashlib.sha256).hexdigest()

    assert keyed_hash(b"key", "crm_id", "a") == expected
    assert keyed_hash(b"another key", "crm_id", "a") != expected
    assert keyed_hash(b"key", "cookie_id", "a") != expected


def test_a_canonical_id_stays_itself():
    assert stored(b"key", PERSON_ID, "p-1") == "p-1"


@given(st.sampled_from(["crm_id", "email", "phone", "email_sha256", "customer_no"]), st.text() | st.integers())
def test_any_text_is_kept_the_same_twice_or_refused_by_its_field(namespace, value):
    field = None
    try:
        kept = normalise(namespace, value)
    except InvalidError as refused:
        field = refused.field
    else:
        assert normalise(*kept) == kept

    assert field in {None, f"identifiers.{namespace}"}
