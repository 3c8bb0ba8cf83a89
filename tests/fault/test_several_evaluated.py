"""Decisions for several slots, evaluated place by place as if they had ranked otherwise."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from types import SimpleNamespace

import msgspec
import pytest

from functions.records.changing import EvaluateChange
from functions.records.evaluating import Evaluate
from shared.adapters import memory
from shared.adapters.memory.measuring import Measures
from shared.domain.catalogue import Revision
from shared.domain.instead import in_places
from shared.domain.policy.policy import Policy
from shared.domain.releasing.worth import compared
from shared.domain.selection import CHOICES, probability
from shared.messages import HistoryRow
from tests.fault.test_volumes import CALLERS, desk, records
from tests.fault.world import NOW, World, bank_revision
from tests.ungoverned import Ungoverned
from tests.unit.test_measuring import envelope


@cache
def drawing():
    catalogue = bank_revision().catalogue
    return Policy(Revision(msgspec.structs.replace(catalogue, exploration="thompson", experiments=())))


def without(treatment):
    """A revision in which the action of a treatment is worth nothing."""
    catalogue = drawing().revision.catalogue
    least = drawing().revision.treatment(treatment)[0].id
    actions = [msgspec.structs.replace(each, lever=0.0) if each.id == least else each for each in catalogue.actions]
    return Policy(Revision(msgspec.structs.replace(catalogue, actions=tuple(actions))))


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


def changed(world, after):
    """What a revision would have come to on what the world decided, where all of it was accepted."""
    history = memory.DecisionHistory(memory.new_sealer(memory.Store()))
    for row in world.queue.rows:
        history.deliver(*envelope(row))
    for record in records(world):
        for number, each in enumerate(record.chosen):
            told = HistoryRow(
                row_id=f"{record.decision_id}-{number}",
                kind="outcome",
                occurred_at=NOW,
                decision_id=record.decision_id,
                delivery_id=each.delivery_id,
                person_id=record.person_id,
                outcome="accept",
            )
            history.deliver(*envelope(told))
    known = {each.revision.id: each for each in (drawing(), after)}
    catalogues = SimpleNamespace(get=known.__getitem__)
    day = NOW.replace(hour=0, minute=0, second=0)
    evaluate = EvaluateChange(history, Measures(history), catalogues)
    return evaluate(after.revision.id, day, day + timedelta(days=1))


def test_a_change_is_evaluated_place_by_place_and_refused_where_few_decisions_carry_it(world):
    [record] = records(world)
    usual = [place for place in in_places(drawing(), record, "priority") if place.given]

    after = without(record.chosen[0].treatment)
    places = compared(drawing(), after, record, {record.chosen[0].delivery_id})
    found = changed(world, after)

    assert [place.given.treatment for place in places][: len(record.chosen)] == [c.treatment for c in record.chosen]
    assert [place.accepted for place in places] == [True] + [False] * (len(places) - 1)
    assert places[0].is_now.treatment != record.chosen[0].treatment
    assert all(place.behaviour == 1.0 for place in places if not place.changes)
    assert all(place.behaviour == each.probability for place, each in zip(places, usual, strict=False) if place.changes)
    assert (found.decisions, found.changing, found.passed_over) == (1, 1, 0)
    assert found.worth[0].now == len(record.chosen)
    assert all("of 1 of 1 decisions that would change" in each.refused for each in found.worth)


def test_of_many_decisions_for_several_a_sample_is_weighed_by_the_hash_in_their_ids(world, monkeypatch):
    monkeypatch.setattr("functions.records.changing.MOST_WEIGHED", 1)
    for number in CALLERS[1:]:
        world.ask(desk(number, 3))
    found = changed(world, without(records(world)[0].chosen[0].treatment))

    sampled = [record for record in records(world) if record.decision_id.startswith(found.prefix)]
    assert found.prefix != "d-"
    assert found.decisions + found.passed_over == len([record for record in sampled if record.chosen])
