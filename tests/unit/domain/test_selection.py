"""How probable a choice was, against how often it is made."""

from __future__ import annotations

from collections import Counter

import msgspec
import pytest

from shared.domain.policy.policy import Policy
from shared.domain.propensity import Counts
from shared.domain.ranking import evidence_of, halves, unpacked
from shared.domain.replay import replay
from shared.domain.selection import probability
from tests.unit.domain.situations import policy
from tests.unit.domain.test_experiments import STANDING, decided

EXPLORING = Policy(
    type(policy().revision)(
        msgspec.structs.replace(policy(exploration="thompson").revision.catalogue, experiments=(STANDING,))
    )
)
EVIDENCE = {
    "saver.email@email": Counts(positives=3, negatives=60),
    "saver.sms@sms": Counts(positives=1, negatives=8),
    "loan.email@email": Counts(positives=2, negatives=90),
}


@pytest.mark.parametrize("arms", [(), ("standing=propensity_only",), ("standing=no_levers",)])
def test_it_is_how_often_the_same_decision_would_choose_so(arms):
    chosen, first = Counter(), {}
    for number in range(1500):
        record, row = decided(EXPLORING, arms, said={"id": f"s-{number}"}, counts=EVIDENCE)
        assert row.selection_probability is None
        chosen[row.treatment] += 1
        first.setdefault(row.treatment, record)

    told = {treatment: probability(EXPLORING, record) for treatment, record in first.items()}
    assert {each.how for each in told.values()} == {"drawn"}
    assert sum(each.value for each in told.values()) == pytest.approx(1.0, abs=0.04)
    for treatment, each in told.items():
        often = chosen[treatment] / 1500
        assert each.value == pytest.approx(often, abs=0.015 + 4 * (often * (1 - often) / 1500) ** 0.5)
    assert probability(EXPLORING, first[row.treatment]) == told[row.treatment]


def test_what_it_is_worked_out_from_replays():
    record, _ = decided(EXPLORING, (), counts=EVIDENCE)

    assert record.evidence
    assert replay(EXPLORING, record).agrees


def test_evidence_is_told_to_a_fortieth_and_that_of_before_as_it_was():
    record, _ = decided(EXPLORING, (), counts=EVIDENCE)
    treatments = EXPLORING.treatments(unpacked(record.candidate_rows))
    told = dict(zip(treatments, evidence_of(record.evidence, len(treatments)), strict=True))
    email = EXPLORING.revision.treatment("loan.email")[1]

    assert len(record.evidence) == len(treatments)
    assert told["loan.email"] == pytest.approx(92 + email.starting.evidence, rel=1 / 39)
    assert evidence_of(halves([0.5, 52.0]), 2) == (0.5, 52.0)


def test_what_is_certain_and_what_chance_chooses_are_exact():
    certain, _ = decided(policy(), ())
    by_chance, row = decided(EXPLORING, ("standing=random",), counts=EVIDENCE)

    assert probability(policy(), certain) == (1.0, "exact")
    assert probability(EXPLORING, by_chance) == (row.selection_probability, "exact")


def test_nothing_is_said_of_no_choice_or_of_one_that_was_made_by_another_ranking():
    record, _ = decided(EXPLORING, (), counts=EVIDENCE)
    other = msgspec.structs.replace(record.chosen[0], treatment="notice.letter")

    assert probability(EXPLORING, msgspec.structs.replace(record, chosen=())) is None
    assert probability(EXPLORING, msgspec.structs.replace(record, chosen=(other,))) is None
