"""Decisions for several slots, evaluated place by place as if they had ranked otherwise."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import msgspec
import pytest

from functions.records.evaluating import Evaluate
from shared.adapters import memory
from shared.domain.catalogue import Revision
from shared.domain.policy.policy import Policy
from shared.domain.selection import CHOICES, in_places, probability
from tests.fault.test_volumes import CALLERS, desk, records
from tests.fault.world import NOW, World, bank_revision
from tests.ungoverned import Ungoverned
from tests.unit.test_measuring import envelope


@cache
def drawing():
    catalogue = bank_revision().catalogue
    return Policy(Revision(msgspec.structs.replace(catalogue, exploration="thompson", experiments=())))


class Drawing(Ungoverned):
    """The sample bank, whose propensities are drawn."""

    def current(self):
        return drawing()

    def get(self, _revision):
        return drawing()


@pytest.fixture
def world():
    world = World(customers=CALLERS, catalogues=Drawing())
    assert len(world.ask(desk(CALLERS[0], 3)).json["placements"][0]["treatments"]) > 1
    return world


def test_each_place_has_the_probability_that_the_same_stands_there(world):
    [record] = records(world)

    places = in_places(drawing(), record, "priority")

    first, *_ = places
    assert [place.given for place in places][: len(record.chosen)] == [each.delivery_id for each in record.chosen]
    assert first.probability == pytest.approx(
        (probability(drawing(), record).value * CHOICES + 1) / (CHOICES + 1), abs=1e-12
    )
    for place in places:
        assert 0.0 < place.probability <= 1.0
        assert not place.same or place.expected == place.expected_instead
        assert place.given is None or place.value >= 0.0


def test_they_count_as_decisions_and_what_came_of_each_place_is_its_own(world):
    history = memory.DecisionHistory(memory.new_sealer(memory.Store()))
    [record] = records(world)
    for row in world.queue.rows:
        history.deliver(*envelope(row))
        if row.kind == "decision":
            told = {"row_id": "o-1", "kind": "outcome", "outcome": "accept", "record": None}
            history.deliver(*envelope(msgspec.structs.replace(row, **told, delivery_id=record.chosen[1].delivery_id)))
    day = NOW.replace(hour=0, minute=0, second=0)

    found = Evaluate(history, Drawing())("priority", day, day + timedelta(days=1))

    assert (found.passed_over, found.support.decisions) == (0, 1)
    assert found.estimates[0].now == 1.0
    assert all("needed" in each.refused for each in found.estimates)
