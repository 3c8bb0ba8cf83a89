"""What is said of models, and what is found wrong with them."""

from __future__ import annotations

import json
import random

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from cli.model import model
from shared.domain.alike import alike
from shared.domain.limits import LIMITS
from shared.domain.monitoring import Snapshot, report, stability
from shared.domain.predictors import SCORES, Predictors, scored
from shared.domain.propensity import Tally, model_id
from shared.domain.stand_ins import association, parted, stand_ins
from tests.fault.world import ROOT, bank_customers, bank_revision
from tests.unit.domain.lessons import learn

DAY = 86_400.0
ROWS = [treatment for action in bank_revision().catalogue.actions for treatment in action.treatments]
WATCHED = model_id(ROWS[0].id, ROWS[0].channel)
OTHER = model_id(ROWS[1].id, ROWS[1].channel)


def learnt(responses, rate_with, rate_without, *, share=0.5, seed=1, tally=None):
    """The counts of a model whose treatment those with the app accept at one rate, and others at another."""
    predictors, rng, tally = Predictors(bank_revision().catalogue.predictors), random.Random(seed), tally or Tally()
    for _ in range(responses):
        has_app = rng.random() < share
        situation = {
            "profile": {"has_app": has_app, "balance": rng.uniform(0, 5000)},
            "signal": {"type": "page_viewed", "source": "web", "properties": {}},
            "context": {},
        }
        rate = rate_with if has_app else rate_without
        bins = scored(predictors.named(predictors(situation)), int((np.log(rate / (1 - rate)) + 8) / 0.25))
        learn(tally, bins, accepted=rng.random() < rate)
    return tally.counts()


def said(now, *before):
    return report(bank_revision(), Snapshot(taken_at=10 * DAY, counts={WATCHED: now}), *before)


def alerts(found):
    return {(alert.severity, alert.metric) for each in found.models if each.model == WATCHED for alert in each.alerts}


def test_a_model_that_tells_says_how_well_and_by_what():
    found = said(learnt(3000, 0.3, 0.1))
    watched = found.models[0]
    assert watched.model == WATCHED
    assert watched.auc_low < watched.auc < watched.auc_high
    assert watched.auc == pytest.approx(0.65, abs=0.04)
    assert watched.calibration_error < LIMITS["calibration_error"].best_high
    assert watched.predictors[0].reads == "profile.has_app"
    assert watched.predictors[0].is_active
    assert watched.maturity == 1.0
    assert {metric for _, metric in alerts(found)} == {"active_predictors"}


def test_a_model_that_tells_nothing_or_too_much_is_told():
    assert ("alarm", "auc") in alerts(said(learnt(3000, 0.2, 0.2)))
    assert ("alarm", "auc") in alerts(said(learnt(3000, 0.98, 0.02)))


def test_a_model_that_saw_one_side_only_is_told():
    assert ("alarm", "one_sided") in alerts(said(learnt(1200, 1e-9, 1e-9)))


def test_who_came_lately_is_held_against_who_came_before():
    tally = Tally()
    then = learnt(2000, 0.3, 0.1, tally=tally)
    now = learnt(2000, 0.3, 0.1, share=0.95, seed=2, tally=tally)
    before = Snapshot(taken_at=3 * DAY, counts={WATCHED: then})
    older = Snapshot(taken_at=2 * DAY, counts={})
    found = said(now, before, older)
    assert {("alarm", "psi"), ("alarm", "responses_a_day")} <= alerts(found)
    assert ("alarm", "no_data") in alerts(said(then, before))
    same = learnt(2000, 0.3, 0.1, share=0.725, seed=3, tally=tally)
    assert "psi" not in {metric for _, metric in alerts(said(same, Snapshot(taken_at=9 * DAY, counts={WATCHED: now})))}


def test_the_stability_index_is_that_of_the_textbook():
    expected, actual = np.array([200.0, 300.0, 500.0]), np.array([300.0, 300.0, 400.0])
    by_hand = 0.1 * np.log(1.5) + (-0.1) * np.log(0.8)
    assert stability(expected, actual) == pytest.approx(by_hand, rel=0.01)
    assert stability(expected, np.zeros(3)) is None


def test_an_association_is_one_of_the_same_and_none_of_the_independent():
    rng = random.Random(1)
    one = [rng.randrange(4) for _ in range(2000)]
    assert association(one, one) == pytest.approx(1.0)
    assert association(one, [rng.randrange(3) for _ in one]) < 0.05
    assert association(one, [0] * len(one)) == 0.0
    assert parted([10, 20, 30, None, 40, 50]) == [1, 2, 3, 0, 4, 5]
    assert parted(["a", None, "b", "a"]) == [1, 0, 2, 1]


def test_what_stands_in_for_a_protected_attribute_is_found_in_a_sample():
    people = [customer.profile.attributes for customer in bank_customers().values()]
    found = stand_ins(bank_revision(), people)
    assert "profile.job for profile.age" in {alert.about for alert in found}
    assert stand_ins(bank_revision(), people[:50]) == []


def test_predictors_that_say_the_same_are_grouped_and_the_first_tells_best():
    people = [customer.profile.attributes for customer in bank_customers().values()]
    doubled = [{**person, "paperless": person.get("has_app")} for person in people]
    found = alike(bank_revision(), doubled, said(learnt(3000, 0.3, 0.1)).models)
    [group] = [each for each in found if "profile.paperless" in each.reads]
    assert group.reads == ("profile.has_app", "profile.paperless")
    assert group.association > 0.95
    assert alike(bank_revision(), doubled[:50], ()) == []


def test_a_challenger_is_held_against_the_models_and_not_before_it_can_be_told():
    def counted(responses, *, good):
        tally, rng = Tally(), random.Random(3)
        for _ in range(responses):
            accepted = rng.random() < 0.3
            scores = (20 + rng.randrange(8), 20 + rng.randrange(8) + (6 if accepted and good else 0))
            learn(tally, scored("", *scores), accepted=accepted)
        return said(tally.counts()).challenger

    assert counted(3000, good=True).verdict == "better"
    assert counted(3000, good=False).verdict == "open"
    assert counted(12, good=True).verdict == "open"
    assert said(learnt(50, 0.3, 0.1)).challenger is None


def test_the_command_shows_watches_and_writes_cards(tmp_path):
    file = tmp_path / "models.json"
    counts = {WATCHED: learnt(600, 0.3, 0.1), OTHER: learnt(50, 0.3, 0.1)}
    file.write_bytes(msgspec.json.encode(Snapshot(taken_at=DAY, counts=counts)))
    built = tmp_path / "revision.json"
    built.write_bytes(bank_revision().catalogue.canonical())
    common = ["--snapshot", str(file), "--catalogue", str(built)]

    def run(*arguments):
        return CliRunner().invoke(model, [*arguments, *common])

    assert WATCHED in run("show").output
    assert json.loads(run("show", WATCHED, "--json").stdout)["model"] == WATCHED
    watched = run("monitor", "--people", str(ROOT / "catalogue" / "samples" / "customers.csv"))
    assert watched.exit_code == 1
    assert "profile.job for profile.age" in watched.output
    assert run("card", "--folder", str(tmp_path / "cards")).exit_code == 0
    cards = {path.name: path.read_text() for path in (tmp_path / "cards").iterdir()}
    assert cards.keys() == {f"{WATCHED}.md", f"{OTHER}.md"}
    assert "profile.has_app: AUC" in cards[f"{WATCHED}.md"]
    assert SCORES[0] not in cards[f"{OTHER}.md"]
