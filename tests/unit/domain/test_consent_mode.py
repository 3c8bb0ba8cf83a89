"""Consent Mode: every letter and every digit means what Google says it means, and what the person did counts."""

from __future__ import annotations

import pytest

from shared.domain.consent.consent_mode import SIGNALS, read_gcd, read_gcs, read_words
from shared.domain.errors import InvalidError


@pytest.mark.parametrize(
    ("gcs", "said"),
    [("G111", (True, True)), ("G100", (False, False)), ("G101", (False, True)), ("G1-0", (None, False))],
)
def test_gcs_says_ads_then_analytics(gcs, said):
    assert tuple(read_gcs(gcs).items()) == (("ad_storage", said[0]), ("analytics_storage", said[1]))


@pytest.mark.parametrize(
    ("letter", "default", "update"),
    [
        ("l", None, None),
        ("p", False, None),
        ("q", False, False),
        ("t", True, None),
        ("r", False, True),
        ("m", None, False),
        ("n", None, True),
        ("u", True, False),
        ("v", True, True),
    ],
)
def test_a_letter_of_gcd_says_default_and_update(letter, default, update):
    read = read_gcd(f"13l3{letter}3l3l1")

    assert read["analytics_storage"] == (default, update)
    assert [signal for signal in SIGNALS if read[signal] != (None, None)] == ["analytics_storage"] * (letter != "l")


@pytest.mark.parametrize("gcd", ["13r3q3r3q5", "11t1t1t1t5", "13t3tPt2t5", "13l3l3l3l1l1"])
def test_gcd_as_tags_send_it_is_read(gcd):
    assert set(read_gcd(gcd)) == set(SIGNALS)


@pytest.mark.parametrize(
    ("read", "said", "says"),
    [
        (read_gcs, "G10", "is not G1 and two of"),
        (read_gcs, "G211", "is not G1 and two of"),
        (read_gcd, "", "is not such as"),
        (read_gcd, "13r3q3r", "is not such as"),
        (read_gcd, "13r3z3r3q5", "the letter z says nothing"),
        (read_words, "GRANTED", "is not an object"),
        (read_words, {"ad_storage": "yes"}, "ad_storage: is neither GRANTED nor DENIED"),
        (read_words, {"ad_storage": True}, "ad_storage: is neither GRANTED nor DENIED"),
    ],
)
def test_rubbish_is_refused(read, said, says):
    with pytest.raises(InvalidError, match=f"^{says}"):
        read(said)


def test_words_are_of_any_case_and_others_are_left_alone():
    assert read_words({"ad_user_data": "granted", "ad_storage": "DENIED", "ad_personalization": None, "x": 1}) == {
        "ad_user_data": True,
        "ad_storage": False,
    }
