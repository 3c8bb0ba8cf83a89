"""Consents at the door: words, TC strings and Consent Mode become changes for a brand, or a precise refusal."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.domain.consent import ANY
from shared.domain.signal import CONSENT_UNREADABLE
from tests.tc_strings import tc_string
from tests.unit.test_ingest import NOW, Door, canonical

CHOSEN = datetime(2026, 2, 1, tzinfo=UTC)
BOTH: dict[str, Any] = {"consents": {1, 3}, "created": CHOSEN}
GRANTED = tc_string(**BOTH, vendor_consents=[7], disclosed=[7])


@pytest.fixture
def door() -> Door:
    return Door()


def said(door: Door, consent: dict[str, Any], **fields: Any) -> list[tuple[str | None, str, str | None, bool]]:
    """(brand, purpose, channel, granted) of a canonical signal's changes."""
    signal = door.signal(canonical(consent=consent, **fields))
    return [(each.brand, each.purpose, each.channel, each.granted) for each in signal.consent]


def test_a_word_says_what_it_rests_on_and_what_proves_it(door: Door) -> None:
    word = {
        "granted": True,
        "basis": "legitimate_interest",
        "proof": "form 7 of a@b.example",
        "at": "2026-02-01T00:00:00Z",
    }
    signal = door.signal(
        canonical(brand="foxglove", consent={"marketing": {"*": word}}, identifiers={"email": "a@b.example"})
    )

    [change] = signal.consent
    assert (change.channel, change.granted, change.basis, change.at) == (None, True, "legitimate_interest", CHOSEN)
    assert isinstance(change.proof, str)
    assert change.proof.startswith("form 7 of ")
    assert "a@b" not in change.proof


def test_no_word_is_younger_than_the_signal_that_brings_it(door: Door) -> None:
    word = {"granted": True, "at": (NOW + timedelta(days=400)).isoformat()}
    [change] = door.signal(canonical(consent={"marketing": {"email": word}})).consent
    assert change.at == NOW


@pytest.mark.parametrize(
    ("word", "field", "says"),
    [
        ({"granted": "yes"}, "consent.marketing.email.granted", "Expected `bool`"),
        ({"basis": "consent"}, "consent.marketing.email.granted", "is missing"),
        ({"granted": True, "basis": "hope"}, "consent.marketing.email.basis", "Invalid enum value"),
        ({"granted": True, "at": "yesterday"}, "consent.marketing.email.at", "neither ISO 8601"),
        ({"granted": True, "proof": "x" * 300}, "consent.marketing.email.proof", "length <= 256"),
        ({"granted": True, "evidence": "x"}, "consent.marketing.email", "unknown field"),
    ],
)
def test_a_word_that_does_not_fit_is_refused(door: Door, word: Any, field: str, says: str) -> None:
    problem = door.problem(canonical(consent={"marketing": {"email": word}}))
    assert problem["field"] == field
    assert says in problem["detail"]


def test_a_grant_that_names_no_brand_serves_all_only_where_that_is_declared(door: Door) -> None:
    assert said(door, {"marketing": True}) == [(None, "marketing", None, True)]
    assert said(door, {"service": False}) == [(None, "service", None, False)]
    assert said(door, {"service": True}, brand="foxglove") == [(None, "service", None, True)]
    problem = door.problem(canonical(consent={"service": True}))
    assert (problem["field"], problem["detail"]) == (
        "consent.service",
        "names no brand, and service is granted to one brand at a time",
    )


def test_an_objection_is_to_every_brand_and_channel(door: Door) -> None:
    assert said(door, {"profiling": False}, brand="foxglove") == [(ANY, "profiling", None, False)]
    assert said(door, {"profiling": {"email": True}}) == [(ANY, "profiling", None, True)]


@pytest.mark.parametrize(
    ("brand", "text", "granted"),
    [
        ("northmoor", GRANTED, True),
        ("northmoor", tc_string(**BOTH, vendor_consents=[8], disclosed=[7, 8]), False),
        ("northmoor", tc_string(consents={1}, created=CHOSEN, vendor_consents=[7], disclosed=[7]), False),
        ("northmoor", tc_string(**BOTH, vendor_consents=[7], disclosed=[7], restrictions=[(3, 0, [7])]), False),
        ("northmoor", tc_string(**BOTH, vendor_consents=[7], disclosed=[8]), None),
        ("foxglove", GRANTED, None),
        ("foxglove", tc_string(**BOTH, publisher={1, 3}), True),
        ("foxglove", tc_string(**BOTH, publisher={1}), False),
        (None, tc_string(**BOTH, publisher={1, 3}), True),
    ],
    ids=[
        "granted",
        "not to us",
        "not this purpose",
        "forbidden by the publisher",
        "nobody told of us",
        "no vendor and no publisher",
        "to the publisher",
        "refused to the publisher",
        "of the group",
    ],
)
def test_a_tc_string_speaks_of_a_brand_as_vendor_or_publisher(
    door: Door, brand: str | None, text: str, granted: bool | None
) -> None:
    told = said(door, {"tcf": text}, brand=brand)
    assert told == ([] if granted is None else [(None, "marketing", "web", granted)])


def test_a_tc_string_proves_by_its_digest_and_counts_from_when_it_was_chosen(door: Door) -> None:
    [change] = door.signal(canonical(brand="northmoor", consent={"tcf": GRANTED})).consent

    assert change.at == CHOSEN
    digest = hashlib.sha256(GRANTED.encode()).hexdigest()[:32]
    assert change.proof == f"tcf:cmp=27 list=180 policy=5 sha256={digest}"


@pytest.mark.parametrize(
    ("chosen", "sent", "counts"),
    [
        (CHOSEN, NOW, CHOSEN + timedelta(days=1)),
        (CHOSEN, CHOSEN + timedelta(hours=9), CHOSEN + timedelta(hours=9)),
        (CHOSEN + timedelta(seconds=1), NOW, CHOSEN + timedelta(seconds=1)),
    ],
    ids=["on a day", "today", "to the second"],
)
def test_a_refusal_is_as_young_as_a_tc_string_allows(
    door: Door, chosen: datetime, sent: datetime, counts: datetime
) -> None:
    text = tc_string(created=chosen, disclosed=[7])
    [change] = door.signal(canonical(brand="northmoor", at=sent.isoformat(), consent={"tcf": text}), now=NOW).consent
    assert (change.granted, change.at) == (False, counts)


@pytest.mark.parametrize(
    ("consent", "granted"),
    [
        ({"gcd": "13l3l3n3l5"}, True),
        ({"gcd": "13p3p3q3p5"}, False),
        ({"gcd": "13p3p3p3p5"}, None),
        ({"gcd": "13t3t3t3t5"}, None),
        ({"gcs": "G111"}, None),
        ({"gcs": "G100", "gcd": "13p3p3p3p5"}, None),
        ({"consent_mode": {"ad_user_data": "GRANTED"}}, True),
        ({"consent_mode": {"ad_user_data": "DENIED"}}, False),
        ({"gcd": "13l3l3n3l5", "consent_mode": {"ad_user_data": "DENIED"}}, False),
    ],
)
def test_consent_mode_counts_where_the_person_chose(door: Door, consent: dict[str, Any], granted: bool | None) -> None:
    told = said(door, consent, brand="northmoor")
    assert told == ([] if granted is None else [(None, "marketing", "web", granted)])


@pytest.mark.parametrize(
    ("consent", "field"),
    [
        ({"tcf": GRANTED.partition(".")[0]}, "consent.tcf"),
        ({"tcf": 7}, "consent.tcf"),
        ({"gcd": "13"}, "consent.gcd"),
        ({"gcs": "G1"}, "consent.gcs"),
        ({"consent_mode": {"ad_user_data": "maybe"}}, "consent.consent_mode.ad_user_data"),
    ],
)
def test_a_proof_that_cannot_be_read_is_refused_in_our_own_format(door: Door, consent: Any, field: str) -> None:
    assert door.problem(canonical(consent=consent))["field"] == field


def test_a_foreign_sources_proof_that_cannot_be_read_grants_nothing_and_is_noted(door: Door) -> None:
    string = {"consentStandard": "IAB TCF", "consentStringValue": "BObdrPUOevsguAfDqFENCNAAAAAmeAAA"}
    xdm = {"eventType": "a", "identityMap": {"ECID": [{"id": "1"}]}, "xdm:consentStrings": [string]}

    signal = door.signal(xdm, "adobe-xdm")

    assert signal.consent == ()
    assert CONSENT_UNREADABLE in signal.flags
    assert signal.properties[CONSENT_UNREADABLE] == (
        "consentStrings[0].consentStringValue: is of version 1; only version 2, which TCF 2.0 to 2.3 write, is read"
    )


def test_a_foreign_sources_tc_string_is_read_where_it_stands(door: Door) -> None:
    string = {"consentStandard": "IAB TCF", "consentStringValue": tc_string(**BOTH, publisher={1, 3})}
    xdm = {"eventType": "a", "identityMap": {"ECID": [{"id": "1"}]}, "consentStrings": [string]}

    [change] = door.signal(xdm, "adobe-xdm").consent
    assert (change.purpose, change.channel, change.granted) == ("marketing", "web", True)
    xdm["consentStrings"] = [{**string, "gdprApplies": False}]
    assert door.signal(xdm, "adobe-xdm").consent == ()


def test_adobes_consents_count_from_when_they_were_given(door: Door) -> None:
    early, late = CHOSEN.isoformat(), (CHOSEN + timedelta(days=2)).isoformat()
    marketing = {"email": {"val": "y", "time": late}, "sms": {"val": "n"}}
    xdm = {
        "eventType": "a",
        "identityMap": {"ECID": [{"id": "1"}]},
        "consents": {"marketing": marketing, "metadata": {"time": early}},
    }

    signal = door.signal(xdm, "adobe-xdm")

    assert [(each.channel, each.at) for each in signal.consent] == [
        ("email", CHOSEN + timedelta(days=2)),
        ("sms", CHOSEN),
    ]
