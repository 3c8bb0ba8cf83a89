"""Signals: their times as accepted at the door, and the ids that follow from them."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.decision import delivery_id
from shared.domain.signal import CLOCK_SKEW, LATE, decision_id, digest, event_time
from tests.unit.domain.situations import NOW, signal

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("at", "kept", "flags"),
    [
        (None, NOW, ()),
        (NOW, NOW, ()),
        (NOW - timedelta(hours=24), NOW - timedelta(hours=24), ()),
        (NOW - timedelta(hours=24) - SECOND, NOW - timedelta(hours=24) - SECOND, (LATE,)),
        (NOW - timedelta(days=4000), NOW - timedelta(days=4000), (LATE,)),
        (NOW + timedelta(minutes=5), NOW + timedelta(minutes=5), ()),
        (NOW + timedelta(minutes=5) + SECOND, NOW, (CLOCK_SKEW,)),
        (datetime.max.replace(tzinfo=UTC), NOW, (CLOCK_SKEW,)),
        (datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC), (LATE,)),
    ],
)
def test_late_to_the_second_and_early_to_the_second(at, kept, flags):
    assert event_time(at, NOW) == (kept, flags)


def test_another_zone_is_the_same_time():
    tokyo = (NOW + timedelta(minutes=6)).astimezone(timezone(timedelta(hours=9)))

    assert event_time(tokyo, NOW) == (NOW, (CLOCK_SKEW,))


def test_a_signal_knows_that_it_is_late():
    assert signal(flags=(LATE,)).is_late
    assert not signal(flags=(CLOCK_SKEW,)).is_late


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_a_digest_tells_any_two_lists_of_texts_apart(these, those):
    assert (digest(*these) == digest(*those)) == (these == those)


def test_ids_are_the_same_on_any_machine_and_for_ever():
    """Ids in stores and topics were made by this: another form of them would decide and send everything again."""
    assert digest() == "e3b0c44298fc1c149afbf4c8996fb924"
    assert digest("a", "b") == "16275ef0f5d0eb9dd9e0a53277549fda"
    assert decision_id("web", "s-1") == "d-" + digest("decision", "web", "s-1")
    assert delivery_id("d-1", "saver.email") == "v-" + digest("delivery", "d-1", "saver.email", "")


def test_every_part_of_an_id_counts():
    decisions = {decision_id(source, number) for source in ("web", "app") for number in ("1", "2")}
    deliveries = {delivery_id(*parts) for parts in itertools.product(("d-1", "d-2"), ("a", "b"), (None, "web.hero"))}

    assert len(decisions) == 4
    assert len(deliveries) == 8
    assert all(len(each) == 34 for each in decisions | deliveries)
