"""An estimator from outside that serves: it says P in the models' place, and what it said is on record."""

from __future__ import annotations

import threading

import msgspec
import pytest

from functions.arbitration.handler import Arbitrate
from shared.adapters.scoring.asking import Ask
from shared.domain.audiences import tell
from shared.domain.candidates import instead, known, means
from shared.domain.engagement import Slots, qualify
from shared.domain.errors import InvalidError
from shared.domain.explanation import explain
from shared.domain.policy.factors import Told
from shared.domain.propensity import Counts
from shared.domain.ranking import packed
from shared.domain.replay import replay
from shared.domain.signal import decision_id
from shared.messages import ActionsQualified
from tests.ungoverned import Ungoverned
from tests.unit.domain.situations import NOW, person, policy, signal
from tests.unit.domain.test_experiments import decided

FOREST = {
    "kind": "linear",
    "name": "forest",
    "trained_until": "2026-01-01",
    "features": [{"reads": "profile.vip"}, {"reads": "action", "equals": "loan"}],
    "coefficients": [0.0, 5.0],
    "intercept": 0.0,
}
BY_MODELS = {"predictors": [{"reads": "profile.vip", "kind": "symbolic"}], "learning": {"calibrated": True}}
SERVED_BY = {"forest": ({"scope": {"channels": ["email"]}, "serves": True}, FOREST)}
SERVED = policy(**BY_MODELS, estimators=SERVED_BY)
SHADOWED = policy(**BY_MODELS, estimators={"forest": ({"scope": {"channels": ["email"]}}, FOREST)})
DRAWN = policy(**BY_MODELS, exploration="thompson", estimators=SERVED_BY)
SLOTS = Slots(channels=("email", "sms"))
COUNTS = {"oak.loan.email@email": Counts(positives=3, negatives=90)}
WHO = person(vip=True, disposable_income=900.0)


class Scores:
    """Scores as told, and notes what it is asked."""

    def __init__(self, *, p=None, opens=True):
        self.p, self.opens, self.asked, self.seconds = p, opens, [], None

    def within(self, declared, seconds):
        if not self.opens:
            raise InvalidError("nowhere.example is none of SCORING_HOSTS", field="url")
        self.seconds = declared.name, seconds
        return self

    def __call__(self, instances):
        self.asked.append(instances)
        return [self.p if each["action"] == "saver" else 0.875 for each in instances]


class World(Ungoverned):
    """The ports `Catalogues` and `Models`."""

    def __init__(self, compiled):
        self.compiled = compiled

    def get(self, _revision):
        return self.compiled

    def counts(self):
        return COUNTS


def ranked(compiled, scores=None):
    """What arbitration makes of somebody, with whoever serves."""
    world, happened = World(compiled), signal()
    rows = qualify(compiled, WHO, happened, SLOTS, NOW).rows
    qualified = ActionsQualified(
        message_id="m",
        decision_id=decision_id(happened.source, happened.id),
        occurred_at=NOW,
        person_id=WHO.person_id,
        revision=compiled.revision.id,
        signal=happened,
        profile=WHO,
        decided_at=NOW,
        slots=SLOTS,
        candidate_rows=packed(rows),
    )
    arbitrate = Arbitrate(world, world, None if scores is None else lambda: Ask(scores))
    [found] = arbitrate(qualified, NOW)
    return rows, found.ranking


def email(compiled, rows):
    return [treatment for treatment in compiled.treatments(rows) if treatment.endswith(".email")]


def test_it_is_asked_once_for_the_candidates_in_its_scope_and_sees_nobodys_id():
    scores = Scores(p=0.25)
    rows, ranking = ranked(SERVED, scores)

    [instances] = scores.asked
    assert scores.seconds == ("forest", 0.1)
    assert [each["treatment"] for each in instances] == email(SERVED, rows)
    assert instances[0] == {"profile.vip": True} | {
        name: instances[0][name] for name in ("issue", "group", "action", "treatment", "channel")
    }
    assert ranking.said_by == ("forest",)


def test_what_it_says_ranks_and_what_the_models_say_is_learnt_by_as_ever():
    rows, ranking = ranked(SERVED, Scores(p=0.25))
    _, usual = ranked(SERVED)

    told = dict(zip(SERVED.treatments(rows), memoryview(ranking.propensity_parts).cast("I"), strict=True))
    models = dict(zip(SERVED.treatments(rows), memoryview(usual.propensity_parts).cast("I"), strict=True))
    assert {told[each] for each in email(SERVED, rows)} == {25_000_000, 87_500_000}
    assert {name: p for name, p in told.items() if not name.endswith(".email")}.items() <= models.items()
    assert (ranking.instead, usual.instead, usual.said_by) == (usual.propensity_parts, b"", ())
    assert (ranking.bins, ranking.scores, ranking.models) == (usual.bins, usual.scores, usual.models)


@pytest.mark.parametrize("scores", [Scores(p=None), Scores(opens=False), None], ids=["no score", "no way", "nobody"])
def test_where_it_does_not_say_all_of_it_the_models_do(scores):
    assert ranked(SERVED, scores)[1] == ranked(SHADOWED)[1]


def test_several_are_asked_at_the_same_time():
    both = threading.Barrier(2, timeout=30.0)

    class Waiting(Scores):
        """Scores once another is asked too."""

        def __call__(self, instances):
            both.wait()
            return super().__call__(instances)

    scopes = {"forest": ["email"], "other": ["sms"]}
    files = {
        name: ({"scope": {"channels": on}, "serves": True}, {**FOREST, "name": name}) for name, on in scopes.items()
    }
    _, ranking = ranked(policy(**BY_MODELS, estimators=files), Waiting(p=0.25))

    assert ranking.said_by == ("forest", "other")


def test_a_challenger_is_not_asked():
    scores = Scores(p=0.25)
    ranked(SHADOWED, scores)
    assert not scores.asked


@pytest.mark.parametrize("compiled", [SERVED, DRAWN], ids=["mean", "drawn"])
def test_what_was_said_is_on_record_and_replay_needs_nobody(compiled):
    rows = qualify(compiled, WHO, signal(), SLOTS, NOW).rows
    says = {each: 0.75 if "saver" in each else 0.0625 for each in email(compiled, rows)}
    told = Told(("forest",), {compiled.row(each): p for each, p in says.items()})
    record, _ = decided(compiled, (), profile=WHO, counts=COUNTS, told=told)
    usual, _ = decided(compiled, (), profile=WHO, counts=COUNTS)

    assert record.said_by == ("forest",)
    assert instead(compiled, record) == pytest.approx(means(compiled, usual) or known(compiled, usual), rel=1e-3)
    assert says.items() <= (means(compiled, record) or known(compiled, record)).items()
    assert replay(compiled, record).agrees
    assert not replay(compiled, msgspec.structs.replace(record, propensity_parts=usual.propensity_parts)).agrees
    told_of = explain(compiled, record)
    assert {each["propensity_said_by"] for each in told_of.chosen} == {"forest"}
    assert "propensity_said_by" not in explain(compiled, usual).chosen[0]
    assert {*tell(compiled, record, "regulator").said_by} == {*email(compiled, rows)}
    assert b"said_by" not in msgspec.json.encode(usual)
