"""`kairos channels` says how a channel stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cli.channels import state_of
from shared.domain.catalogue import Breaker, SendRate
from shared.domain.pace import Pace, held, opened, probing, queued
from tests.contract.samples import NOW, channel

RATE = SendRate(limit=20, burst=60)
OPEN = opened(Pace(), Breaker(), 0, NOW)
LATER = NOW + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("pace", "at", "said"),
    [
        (Pace(), NOW, "closed: it is sent to"),
        (OPEN, NOW, "open: the provider was found to fail once, the next message tries at 12:00:30 UTC"),
        (probing(OPEN, "v-1", LATER), LATER, "half open: v-1 tries whether the provider is back"),
        (held(Pace(), LATER, "its provider"), NOW, "held by its provider until 12:01:00 UTC"),
        (held(Pace(), LATER, "its provider"), LATER, "closed: it is sent to"),
    ],
    ids=["closed", "open", "half open", "held", "no longer held"],
)
def test_a_state_is_said_in_words(pace, at, said):
    assert state_of(channel(), pace, at).state == said


def test_a_queue_has_an_end_while_somebody_waits_in_it():
    waiting, places = queued(Pace(), RATE, NOW, 2, earliest=NOW)

    assert state_of(channel(rate_limit=RATE), waiting, NOW).queued_until == places[-1] + timedelta(seconds=0.05)
    assert state_of(channel(rate_limit=RATE), waiting, LATER).queued_until is None
    assert state_of(channel(rate_limit=RATE), waiting, NOW).rate == "20 per second, 60 at once"
