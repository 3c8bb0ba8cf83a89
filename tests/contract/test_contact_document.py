"""The document of a person contacted ten times a day for two years stays small, and is read quickly."""

from __future__ import annotations

import heapq
import random
from datetime import timedelta

import pytest

from shared.domain.catalogue import facts
from shared.domain.contact import Contact
from shared.domain.contact_folding import EXACT_FOR
from shared.domain.rules import Cap, Cooldown
from tests.contract.paper import Document
from tests.contract.samples import NOW, delivery
from tests.fault.world import bank_revision

DAY = 86400
LIMIT = 100_000
BECOMES = [
    ("delivered", 0.97, timedelta(seconds=20)),
    ("impression", 0.5, timedelta(days=2)),
    ("impression", 0.03, timedelta(days=80)),
    ("click", 0.1, timedelta(days=3)),
    ("click", 0.02, timedelta(days=120)),
    ("convert", 0.01, timedelta(days=20)),
    ("dismiss", 0.02, timedelta(days=5)),
    ("no_response", 0.3, timedelta(days=14)),
]
"""Outcomes with how often they come, and by when."""

HARSH = (
    Cap(id="month", limit=10**6, outcomes=("sent",), window_seconds=30 * DAY, reason="-"),
    Cap(id="seen", limit=10**6, outcomes=("impression", "click"), window_seconds=30 * DAY, reason="-", per="action"),
    Cooldown(id="year", outcomes=("accept", "convert"), period_seconds=365 * DAY, reason="-", same="action"),
    Cooldown(id="ever", outcomes=("dismiss", "complaint"), period_seconds=36525 * DAY, reason="-", same="treatment"),
    Cooldown(
        id="ignored",
        outcomes=("impression",),
        count=3,
        within_seconds=14 * DAY,
        without=("click",),
        period_seconds=30 * DAY,
        reason="-",
        same="action",
    ),
)


def treatments_of_the_bank():
    return [facts(*named) for named in bank_revision().treatments.values()]


def many_treatments():
    every = treatments_of_the_bank()
    return [
        {**of, "action": f"{of['action']}_{n}", "treatment": f"{of['action']}_{n}.{of['channel']}"}
        for n in range(40)
        for of in every
    ]


def lived(rules, treatments, days):
    """The document of a person whom nothing stopped, the most that it ever was, and when its life ended."""
    draw = random.Random(812)
    document, most, coming = Document(), 0, []
    now = NOW
    for number in range(days * 10):
        now = NOW + timedelta(seconds=number * DAY / 10 + draw.random() * 3600)
        while coming and coming[0][0] <= now:
            at, _, of, outcome = heapq.heappop(coming)
            document.observe(of, outcome, at)
        new = delivery(
            number,
            person_id=document.person_id,
            revision=f"sha256:{number // 70:064}",
            at=now,
            expires_at=now + timedelta(hours=1),
            **draw.choice(treatments),
        )
        document.reserve(Contact.of(new), rules, now)
        claimed = new.claimed(now + timedelta(seconds=1))
        document.claim(claimed)
        for outcome, share, within in BECOMES:
            if draw.random() < share:
                at = claimed.at + timedelta(seconds=1) + draw.random() * within
                heapq.heappush(coming, (at, len(coming) + number * 100, claimed, outcome))
        most = max(most, document.size())
    return document, most, now


@pytest.mark.parametrize(
    ("rules", "treatments", "days"),
    [
        pytest.param((*bank_revision().catalogue.rules, *HARSH), treatments_of_the_bank(), 730, id="two years"),
        pytest.param(HARSH, many_treatments(), 180, id="of five thousand treatments"),
    ],
)
def test_ten_contacts_a_day_for_two_years_are_under_100_kb_at_every_step(rules, treatments, days):
    document, most, now = lived(rules, treatments, days)

    assert most < LIMIT
    print(f"{most} bytes at the most")  # noqa: T201 - the figure, for pytest -rP
    history = document.history()
    past = history.past
    recent = [contact for contact in past.contacts if contact.last() > now - EXACT_FOR]
    assert len(history.contacts) + len(recent) >= 10 * EXACT_FOR.days
    assert all(contact.had is None for contact in recent)
    assert sum(contact.stands_for for contact in past.contacts) + past.forgotten >= 10 * days - len(history.contacts)
