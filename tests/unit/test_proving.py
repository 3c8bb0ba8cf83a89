"""Estimators from outside come to serve, and go, by evidence: on what is on record where they served themselves."""

from __future__ import annotations

import random
from datetime import timedelta

import msgspec
import pytest

from functions.records.challenging import Challenge
from functions.records.learning import Learn, Proposal
from functions.records.proving import NIGHTS, Evidence
from shared.adapters import memory
from shared.adapters.channels.egress import Egress
from shared.adapters.envelope import envelope
from shared.adapters.scoring import Scorers
from shared.domain.differences import differences
from shared.domain.policy.factors import Told
from shared.messages import HistoryRow
from tests.ungoverned import Ungoverned
from tests.unit.domain.situations import NOW, person, policy
from tests.unit.domain.test_experiments import decided

ACCEPTS = {True: 0.8, False: 0.2}
KNOWS = {
    "kind": "linear",
    "name": "knows",
    "trained_until": str((NOW - timedelta(days=3)).date()),
    "features": [{"reads": "profile.vip"}],
    "coefficients": [2.773],
    "intercept": -1.386,
}
EMAIL, EVERYWHERE = {"channels": ["email"]}, {}
DAY = NOW.date()


def revision(**form):
    declared = {**KNOWS, **form.pop("file", {})}
    return policy(
        predictors=[{"reads": "profile.vip", "kind": "symbolic"}], estimators={"knows": (form or {}, declared)}
    )


SHADOWED, SERVED = revision(scope=EMAIL), revision(scope=EMAIL, serves=True)


class Only(Ungoverned):
    """The port `Catalogues`, of one revision."""

    def __init__(self, compiled):
        self.compiled = compiled

    def current(self):
        return self.compiled

    def get(self, _revision):
        return self.compiled


class Nothing:
    """The port `Models`, which know nothing."""

    def counts(self):
        return {}


def night(compiled, says=None):
    """A day of decisions in which the estimator said P by who is looked after, and what was learnt of it."""
    store, draw = memory.Store(), random.Random(5)
    history, reports = memory.DecisionHistory(memory.new_sealer(store)), memory.Reports(store)
    for number in range(500):
        vip = number % 2 == 0
        who = msgspec.structs.replace(person(vip=vip), person_id=f"p-{number}")
        told = None
        if says is not None:
            told = Told(("knows",), {compiled.row(each): says[vip] for each in ("saver.email", "loan.email")})
        record, row = decided(compiled, (), said={"id": f"s-{number}"}, profile=who, told=told)
        history.deliver(*envelope(row))
        outcome = HistoryRow(
            row_id=f"o-{number}",
            kind="outcome",
            occurred_at=NOW + timedelta(hours=1),
            decision_id=record.decision_id,
            delivery_id=record.chosen[0].delivery_id,
            person_id=record.person_id,
            outcome="accept" if draw.random() < ACCEPTS[vip] else "no_response",
        )
        history.deliver(*envelope(outcome))
    catalogues = Only(compiled)
    learn = Learn(reports, Nothing(), catalogues, Challenge(history, catalogues, Scorers(Egress(), [])))
    assert learn.challengers().challengers == ("knows",)
    learn.snapshot(DAY, NOW)
    found = learn.challenge("knows", DAY, NOW)
    learnt = learn.learn(DAY, NOW)
    alerts = [alert.severity for alert in learnt.alerts if alert.metric == "fell_back_share"]
    assert alerts == (["alarm"] if found.fell_back else [])
    return found, learnt.proposals, Evidence(reports)


@pytest.fixture(scope="module")
def challenged():
    return night(SHADOWED)


def test_one_that_the_catalogue_declares_is_held_against_the_models_and_proposed(challenged):
    found, [proposal], _ = challenged

    assert (found.compared.verdict, found.served, found.compared.treatments) == ("better", 0, 500)
    assert (proposal.challenger, proposal.does) == ("knows", "promote")


def test_it_may_serve_by_evidence_of_itself_in_its_scope_and_of_late(challenged):
    evidence = challenged[2]

    assert evidence.missing(SERVED, SHADOWED, DAY) == []
    assert evidence.missing(SHADOWED, SHADOWED, DAY) == []
    assert evidence.missing(SERVED, SERVED, DAY + timedelta(days=400)) == []
    [old] = evidence.missing(SERVED, SHADOWED, DAY + NIGHTS + timedelta(days=1))
    [other] = evidence.missing(revision(scope=EMAIL, serves=True, file={"intercept": 0.0}), SERVED, DAY)
    [wider] = evidence.missing(revision(serves=True), SERVED, DAY)
    assert old == "knows was not held against the models within 7 nights"
    assert other == "knows is another one than what was held against the models"
    assert wider == "knows would serve in another scope than it was held against the models in"


def test_what_should_have_served_and_did_not_is_an_alert():
    found, proposals, _ = night(SERVED)

    assert (found.served, found.fell_back, proposals) == (0, 500, ())
    assert [str(each) for each in differences(SHADOWED.revision.catalogue, SERVED.revision.catalogue)] == [
        "estimator knows: role challenges → serves"
    ]


def test_what_served_is_judged_by_what_is_on_record():
    good, proposals, _ = night(SERVED, says=ACCEPTS)
    bad, [proposal], evidence = night(SERVED, says={True: 0.98, False: 0.98})

    assert (good.served, good.compared.verdict, proposals) == (500, "better", ())
    assert (bad.served, bad.compared.verdict) == (500, "worse")
    assert isinstance(proposal, Proposal)
    assert (proposal.challenger, proposal.does) == ("knows", "demote")
    assert evidence.missing(SERVED, SHADOWED, DAY) == ["knows does not say P better for certain: it says it worse"]
