"""`kairos channels` says how a channel stands."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cli.bench.pacing import simulated
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
    assert state_of(channel(), ["email"], pace, at).state == said


def test_a_queue_has_an_end_while_somebody_waits_in_it():
    waiting, places = queued(Pace(), RATE, NOW, 2, earliest=NOW)
    lane = channel("texts", rate_limit=RATE)

    state = state_of(lane, ["sms"], waiting, NOW)

    assert (state.sent_through, state.channels, state.rate) == ("texts", ("sms",), "20 per second, 60 at once")
    assert state.queued_until == places[-1] + timedelta(seconds=0.05)
    assert state_of(lane, ["sms"], waiting, LATER).queued_until is None


@pytest.mark.parametrize("instances", [1, 20])
def test_simulated_instances_send_everything_and_never_faster_than_they_may(instances):
    paced = simulated(SendRate(limit=20, burst=20), instances, load=2.0, seconds=4)

    assert len(paced.sent) > 120
    for n, begin in enumerate(paced.sent):
        for m, end in enumerate(paced.sent[n:], 1):
            assert m <= 20 * (end - begin) + 20 + 1e-3
    assert paced.sent[-1] <= 1.2 * len(paced.sent) / 20
    assert paced.deferred <= 1.5 * len(paced.sent)
    assert (paced.reads + paced.writes) / len(paced.sent) <= 4
