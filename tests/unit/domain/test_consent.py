"""Consents: which word counts, and what is kept of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.consent import Consent, apply_consents, consents_to
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

    assert after == {key: Consent(granted=True, at=NOW, source="web", signal_id="s-1")}


def test_a_word_keeps_what_it_rests_on_and_what_proves_it():
    given_at = NOW - timedelta(days=3)
    said = change(True, basis="legitimate_interest", proof="form:2026-03", at=given_at)

    [word] = apply_consents({}, [said], signal()).values()

    assert (word.basis, word.proof, word.signal_id, word.at) == ("legitimate_interest", "form:2026-03", "s-1", given_at)


def test_a_use_on_another_basis_is_no_consent():
    on_contract = apply_consents({}, [change(True, basis="contract")], signal())

    assert not consents_to(on_contract, brand="oak", purpose="marketing", channel="email")


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


def test_no_word_is_no_consent():
    assert not person().consents_to(brand="oak", purpose="marketing", channel="email")
