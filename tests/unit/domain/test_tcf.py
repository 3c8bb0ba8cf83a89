"""TC strings: what they say is read as it was written, and what is none is refused with the place."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.consent.tcf import decode
from shared.domain.errors import InvalidError
from tests.tc_strings import core_bits, disclosed_bits, encoded, publisher_bits, tc_string

OF_THE_SPECIFICATION = (
    "COvFyGBOvFyGBAbAAAENAPCAAOAAAAAAAAAAAEEUACCKAAA.IFoEUQQgAIQwgIwQABAEAAAAOIAACAIAAAAQAIAgEAACEAAAAAgAQBAAAAAAAGB"
    "AAgAAAAAAAFAAECAAAgAAQARAEQAAAAAJAAIAAgAAAYQEAAAQmAgBC3ZAYzUw"
)
"""The example that the specification of TCF 2 gives, of 2020."""

OLD = datetime(2025, 5, 1, tzinfo=UTC)


def held(numbers):
    """Those of the numbers that there may be."""
    return {number for number in range(1, 1001) if number in numbers}


IDS = st.lists(st.integers(1, 700), unique=True, max_size=30)
PURPOSES = st.sets(st.integers(1, 24))


def test_the_specifications_own_example():
    said = decode(OF_THE_SPECIFICATION)

    assert said.last_updated == datetime(2020, 2, 20, 23, 57, 39, 300_000, tzinfo=UTC)
    assert (said.cmp_id, said.vendor_list_version, said.policy_version) == (27, 15, 2)
    assert held(said.purposes.consent) == {1, 2, 3}
    assert held(said.vendors.consent) == held(said.vendors.legitimate_interest) == {2, 6, 8}
    assert said.disclosed is not None
    assert len(held(said.disclosed)) == 79
    assert said.publisher is None


@given(
    consents=PURPOSES,
    interests=PURPOSES,
    vendor_consents=IDS,
    vendor_interests=IDS,
    disclosed=IDS,
    ranges=st.booleans(),
    restrictions=st.lists(st.tuples(st.integers(1, 11), st.integers(0, 2), IDS), max_size=3),
    publisher=st.none() | PURPOSES,
)
def test_what_is_written_is_read(publisher, disclosed, restrictions, **core):
    said = decode(tc_string(publisher=publisher, disclosed=disclosed, restrictions=restrictions, **core))

    assert held(said.purposes.consent) == core["consents"]
    assert held(said.purposes.legitimate_interest) == core["interests"]
    assert held(said.vendors.consent) == set(core["vendor_consents"])
    assert held(said.vendors.legitimate_interest) == set(core["vendor_interests"])
    assert held(said.disclosed) == set(disclosed)
    assert [(each.purpose, each.kind, held(each.vendors)) for each in said.restrictions] == [
        (purpose, kind, set(ids)) for purpose, kind, ids in restrictions
    ]
    assert (said.publisher and held(said.publisher.consent)) == publisher


@given(text=st.text(max_size=60) | st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef0123456789-_.", max_size=200))
def test_whatever_is_no_tc_string_is_said_to_be_none(text):
    with suppress(InvalidError):
        decode(text)


@given(at=st.integers(0, 400), char=st.sampled_from("AZaz09-_.+/= "))
def test_a_string_that_is_cut_or_changed_is_never_read_beyond_its_end(at, char):
    whole = tc_string(consents={1, 3}, vendor_consents=[5, 900], disclosed=[5], ranges=True)
    at %= len(whole) - 1
    with pytest.raises(InvalidError):
        decode(whole[:at])
    with suppress(InvalidError):
        decode(whole[:at] + char + whole[at + 1 :])


VENDOR = {"consents": {1, 3}, "interests": {7}, "vendor_consents": [7], "vendor_interests": [7]}


@pytest.mark.parametrize(
    ("restrictions", "by_consent", "by_interest"),
    [
        ([], True, True),
        ([(3, 0, [7]), (7, 0, [7])], False, False),
        ([(3, 0, [6, 8])], True, True),
        ([(3, 1, [7]), (7, 1, [7])], True, False),
        ([(3, 2, [7]), (7, 2, [7])], False, True),
        ([(1, 0, [7])], True, True),
    ],
    ids=["none", "not allowed", "of others", "only by consent", "only by interest", "of another purpose"],
)
def test_a_publisher_may_forbid_a_vendor_a_purpose_or_a_basis_of_it(restrictions, by_consent, by_interest):
    said = decode(tc_string(**VENDOR, restrictions=restrictions, disclosed=[7]))

    assert (said.allows(7, 3, "consent"), said.allows(7, 7, "legitimate_interest")) == (by_consent, by_interest)
    assert not said.allows(8, 3, "consent")
    assert not said.allows(7, 4, "consent")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "core: is empty"),
        ("C+", "core: '+' at 1 is no character of base64url"),
        ("BObdrPUOevsguAfDqFENCNAAAAAmeAAA.PVAfDObdrA", "is of version 1; only version 2"),
        ("COvFyGBOvFyGBAbAAAEN", "core: ends after 120 bits, within the vendor list's version"),
        ("A" * 20_000, "is longer than the 16384 characters"),
        (encoded(core_bits() + "0" * 12 + "1"), "core: bits are set behind its end"),
        (tc_string(updated=OLD), "core: was last updated before it was created"),
        (tc_string(language="e{"), "core: the language is not two letters"),
        (tc_string(disclosed=None), "does not say which vendors were disclosed, as TCF 2.3 demands"),
        (tc_string(disclosed=None, policy=4), "does not say which vendors were disclosed"),
        (tc_string(of_site=False), "is of global scope, which is invalid since TCF 2.2"),
        (f"{tc_string()}.{encoded(disclosed_bits([]))}", "segment 3: there is one of type 1 already"),
        (f"{tc_string()}.{encoded('101')}", "segment 3: there is no type 5"),
        (f"{tc_string()}.", "segment 3: is empty"),
        (f"{tc_string()}.{encoded('011' + '0' * 20)}", "segment 3: ends after 24 bits, within purposes consented to"),
        (
            encoded(core_bits()) + "." + encoded("001" + f"{9:016b}" + "1" + f"{1:012b}" + "1" + f"{8:016b}{7:016b}"),
            "segment 2: vendors: no range goes from 8 to 7, the highest id being 9",
        ),
    ],
)
def test_what_breaks_a_rule_is_refused_with_the_place(text, says):
    with pytest.raises(InvalidError, match="^" + re.escape(says)):
        decode(text)


def test_a_string_of_before_it_was_demanded_need_not_say_who_was_disclosed():
    said = decode(tc_string(created=OLD, policy=4, disclosed=None))

    assert said.disclosed is None
    assert said.last_updated == OLD


def test_segments_come_in_any_order_and_those_of_old_are_read_over():
    allowed = encoded("010" + f"{3:016b}" + "0" + "101")
    segments = [encoded(publisher_bits({1}, own=2)), allowed, encoded(disclosed_bits([7]))]

    said = decode(".".join([encoded(core_bits(updated=OLD + timedelta(days=700))), *segments]))

    assert held(said.disclosed) == {7}
    assert said.allows_publisher(1, "consent")
