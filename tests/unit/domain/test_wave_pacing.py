"""How long a wave waits after a page."""

from __future__ import annotations

import msgspec
import pytest

from shared.domain.catalogue import Revision, SendRate
from shared.domain.outbound.pacing import seconds_for
from shared.domain.outbound.wave import OPEN, OutboundWave, Page, Plan
from tests.contract.samples import NOW
from tests.fault.world import bank_revision

PLAN = Plan(revision="r", channels=("email", "push", "sms"), limited={"sms": (10, 0)})
PAGE = Page(person_ids=tuple(f"p-{n}" for n in range(12)), channels=bytes([2] * 6 + [0] * 4 + [OPEN] * 2))


def paced(**rates):
    """The sample bank with its channels at some rates, and no connector, which might have one of its own."""
    catalogue = bank_revision().catalogue
    channels = tuple(
        msgspec.structs.replace(
            each,
            connector=None,
            connectors={},
            rate_limit=SendRate(limit=rates[each.id], per="minute") if each.id in rates else None,
        )
        for each in catalogue.channels
    )
    return Revision(msgspec.structs.replace(catalogue, channels=channels))


def wave(**changes):
    return OutboundWave(id="w", audience="a", by="local", begun_at=NOW, seen_at=NOW, **changes)


@pytest.mark.parametrize(
    ("rates", "changes", "seconds"),
    [
        ({}, {}, 0),
        ({}, {"per_minute": 6}, 120),
        ({"sms": 60}, {}, 0),
        ({"sms": 60, "email": 60, "push": 120}, {}, 3),
        ({"sms": 60, "email": 60, "push": 120}, {"per_minute": 60}, 12),
        ({"sms": 60}, {"plan": PLAN}, 6),
        ({"sms": 60, "email": 30}, {"plan": PLAN}, 8),
        ({"push": 1}, {"plan": PLAN}, 0),
    ],
)
def test_a_page_takes_as_long_as_its_channels_or_as_the_wave_says(rates, changes, seconds):
    assert seconds_for(paced(**rates), wave(**changes), PAGE) == pytest.approx(seconds)
