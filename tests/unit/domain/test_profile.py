"""Consents: the latest word counts, whatever the order in which words come."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.profile import Consent, apply_consents
from shared.domain.signal import ConsentChange
from tests.unit.domain.situations import NOW, person, signal


def change(granted, **fields):
    return ConsentChange(**{"purpose": "marketing", **fields}, granted=granted)


@pytest.mark.parametrize(
    ("fields", "brand_of_signal", "key"),
    [
        ({}, None, "*:marketing:*"),
        ({}, "oak", "oak:marketing:*"),
        ({"channel": "email"}, None, "*:marketing:email"),
        ({"channel": "email", "brand": "elm"}, "oak", "elm:marketing:email"),
    ],
)
def test_a_word_is_for_the_brand_and_channel_that_it_names_or_else_for_the_signals_or_all(fields, brand_of_signal, key):
    after = apply_consents({}, [change(True, **fields)], signal(brand=brand_of_signal))

    assert after == {key: Consent(granted=True, at=NOW, source="web")}


@pytest.mark.parametrize(
    ("old", "granted", "stays"),
    [
        (Consent(granted=False, at=NOW - timedelta(seconds=1), source="branch"), True, False),
        (Consent(granted=True, at=NOW + timedelta(seconds=1), source="branch"), False, True),
        (Consent(granted=True, at=NOW, source="branch"), False, False),
        (Consent(granted=False, at=NOW, source="branch"), True, True),
    ],
    ids=["later grant", "earlier withdrawal", "withdrawal at once", "grant at once"],
)
def test_the_latest_word_counts_and_a_withdrawal_among_equals(old, granted, stays):
    before = {"*:marketing:*": old}

    after = apply_consents(before, [change(granted)], signal())

    assert (after["*:marketing:*"] is old) == stays
    assert before == {"*:marketing:*": old}


WORDS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([None, "email"]), st.sampled_from([None, "oak"]), st.integers(0, 3)),
    max_size=6,
)


@given(words=WORDS, order=st.randoms(use_true_random=False))
def test_out_of_order_and_repeated_words_end_in_the_same_consents(words, order):
    def heard(sequence):
        consents = {}
        for granted, channel, brand, at in sequence:
            sent = signal(at=NOW + timedelta(seconds=at))
            consents = apply_consents(consents, [change(granted, channel=channel, brand=brand)], sent)
        return consents

    shuffled = [*words, *words]
    order.shuffle(shuffled)

    assert heard(shuffled) == heard(words)


def test_no_word_is_no_consent():
    assert not person().consents_to(brand="oak", purpose="marketing", channel="email")
