"""What a plan gives is what decisions choose: each person's, with the channels that the plan leaves open."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import msgspec
import pytest

from shared.domain.batch.alone import Asked, record
from shared.domain.catalogue import Revision, Weights
from shared.domain.contact_history import ContactHistory
from shared.domain.engagement import Slots
from shared.domain.outbound.opening import open_channels
from shared.domain.outbound.planning import Valuing, plan
from shared.domain.outbound.wave import NOTHING, OPEN, OutboundWave, Page, Plan, left_open, properties, signal_id
from shared.domain.policy.policy import Policy
from shared.domain.signal import Signal
from tests.fault.world import NOW, bank_customers, bank_policy

POLICY = bank_policy()
CHANNELS = POLICY.revision.outbound
LIKELIEST = msgspec.structs.replace(POLICY.revision.catalogue, weights=Weights(value=0.5))
CANARY = Policy(Revision(LIKELIEST))
WAVE = OutboundWave(id="w", audience="a", by="local", begun_at=NOW, seen_at=NOW)
PEOPLE = {each.profile.person_id: each.profile for each in list(bank_customers().values())[:160]}
HISTORIES = dict.fromkeys(PEOPLE, ContactHistory())
NIGHT = NOW.replace(hour=3)


def deciding(person_id):
    """Half of the persons are decided by a canary."""
    return CANARY if int(person_id[-1], 16) % 2 else POLICY


def decided(person_id, channels, now):
    """What a person's own decision comes to, by the signal that a wave sends with these channels."""
    signal = Signal(
        id=signal_id(WAVE.id, person_id),
        type="schedule",
        at=now,
        received_at=now,
        source="scheduler",
        identifiers={"person_id": person_id},
        properties=properties(WAVE, channels),
    )
    policy = deciding(person_id)
    asked = Asked(policy.features.seen(PEOPLE[person_id], now), signal, HISTORIES[person_id])
    return record(policy, asked, Slots(channels=open_channels(signal, CHANNELS)), {}, now)


def channel_of(made):
    """The channel that a decision takes, now or when quiet hours end."""
    treatment = made.chosen[0].treatment if made.chosen else made.deferred.treatment if made.deferred else None
    return None if treatment is None else POLICY.revision.treatments[treatment][1].channel


@pytest.mark.parametrize("now", [NOW, NIGHT + timedelta(days=1)], ids=["by day", "in quiet hours"])
def test_each_decision_takes_what_the_plan_gives(now):
    ids = tuple(PEOPLE)
    pages = [Page(person_ids=ids[:90]), Page(person_ids=ids[90:])]
    limits = {"sms": (30, 20), "email": (40, 0)}

    valued = Valuing(CHANNELS, deciding, {}, now)(WAVE, pages, PEOPLE, HISTORIES)
    made, planned = plan(Plan(revision=POLICY.revision.id, channels=CHANNELS, limited=limits), valued)

    took: Counter[str | None] = Counter()
    given = 0
    for page in planned:
        for n, person_id in enumerate(page.person_ids):
            channels = left_open(made, page, n)
            own, by_plan = page.decided[n], page.channels[n]
            expected = (
                (CHANNELS[by_plan] if by_plan != OPEN else None)
                if own == OPEN
                else (CHANNELS[own] if own != NOTHING else None)
            )
            took[expected] += 1
            if n % 4 == 0 or own != OPEN:
                assert channel_of(decided(person_id, channels, now)) == expected, (person_id, channels)
                given += expected is not None
    assert given > 10
    assert {channel: took[channel] for channel in limits} == dict(made.planned)
    assert made.planned == {"sms": 20, "email": 40}
    assert made.prices["sms"] < 0 < made.prices["email"]
    assert made.worth == pytest.approx(made.bound)
