"""What feedback adds to the counts of a model, for tests that want a model that has learnt."""

from __future__ import annotations

from shared.domain.observed import Increment, Lesson
from shared.domain.propensity import Tally
from tests.contract.samples import taught
from tests.unit.domain.situations import NOW


def learn(tally: Tally, bins: str, *, accepted: bool) -> None:
    """Add what became of one delivery."""
    for counts in taught([Increment(Lesson(accepted=accepted, at=NOW), 1)], bins):
        tally.add(counts)
