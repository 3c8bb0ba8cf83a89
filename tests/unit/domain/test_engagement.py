"""Engagement policy: what a person may have, and what stood against the rest."""

from __future__ import annotations

import pytest

from shared.domain.engagement import Drop, Slots, drops, qualify
from tests.unit.domain.situations import NOW, cases, person, policy, signal, span

SHARED = ("only", "policy", "exclusions", "actions")
"""What the cases of a group have in common."""


def in_words(drop: Drop) -> str:
    return f"{drop.treatment or drop.action}: {drop.condition} ({drop.kind}, {drop.level}) {drop.verdict}"


@pytest.mark.parametrize("case", cases("engagement_policy", *SHARED))
def test_what_may_be_and_what_may_not_and_why(case):
    bank = policy(**{name: case.get(name) for name in SHARED})
    channels, placements = case.get("channels", bank.revision.outbound), case.get("placements", ())
    ahead = case.get("in", "0s")
    now = NOW - span(ahead[1:]) if ahead.startswith("-") else NOW + span(ahead)

    asked = (
        bank,
        person(**case.get("person", {})),
        signal(**case.get("signal", {})),
        Slots(channels=tuple(channels), placements=tuple(placements)),
        now,
    )
    qualified = qualify(*asked)

    assert list(bank.treatments(qualified.rows)) == case.get("candidates", [])
    assert [in_words(each) for each in drops(*asked)] == case.get("drops", [])
    assert qualified.excluded_by == case.get("excluded_by")
