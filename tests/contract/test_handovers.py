"""What is put aside for a person opens with the person's key alone, and goes with the person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.errors import ErasedError
from shared.domain.handover import Handover, handover_id
from tests.contract.samples import NOW


def handover(**changes):
    given = {"id": handover_id("p-1", "DSR-1"), "person_id": "p-1", "case": "DSR-1", "by": "privacy", "bytes": 5}
    return Handover(**{**given, "made_at": NOW, "until": NOW + timedelta(days=30), "parts": 2, **changes})


def test_what_is_put_aside_comes_back_part_by_part(documents):
    made = handover()
    documents.handovers.put(made, [b"the ", b"rest"])
    documents.handovers.put(made, [b"the ", b"last"])
    assert documents.handovers.get(made.id) == made
    assert list(documents.handovers.parts(made)) == [b"the ", b"last"]
    assert documents.handovers.get("x-none") is None


def test_an_erasure_takes_it_away_and_the_key_that_opens_it(documents):
    made = handover()
    documents.handovers.put(made, [b"the ", b"rest"])
    parts = documents.handovers.parts(made)
    documents.keys.destroy(["p-1"])
    with pytest.raises(ErasedError):
        next(parts)
    assert documents.personal_data.delete(["p-1"])["handovers"] == 1
    assert documents.handovers.get(made.id) is None
