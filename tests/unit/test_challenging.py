"""Challengers from outside, over HTTP: what both said, what came of it, and who says it better."""

from __future__ import annotations

import json
import random
from datetime import timedelta

import httpx
import msgspec
import pytest
from click.testing import CliRunner
from werkzeug.test import Client
from werkzeug.wrappers import Request

from cli import challenging
from cli.model import model
from functions.records.challenging import Challenge
from functions.records.models_api import models_routes
from shared.adapters import memory
from shared.adapters.channels.egress import Egress
from shared.adapters.envelope import envelope
from shared.adapters.scoring import Scorers
from shared.domain.propensity import Counts
from shared.domain.shadow import Case, compare
from shared.messages import HistoryRow
from shared.runtime.keys import Keyring
from shared.runtime.service import Service, always_ready
from tests.ungoverned import Ungoverned
from tests.unit.answering import Platform
from tests.unit.domain.situations import NOW, person, policy
from tests.unit.domain.test_experiments import decided

COMPILED = policy(predictors=[{"reads": "profile.vip", "kind": "symbolic"}])
LOOKED_AFTER, OTHERS = 0.8, 0.2
TELLS = {
    "kind": "linear",
    "name": "knows",
    "trained_until": str((NOW - timedelta(days=1)).date()),
    "features": [{"reads": "profile.vip"}],
    "coefficients": [2.773],
    "intercept": -1.386,
}


class Only(Ungoverned):
    """The port `Catalogues`, of one revision."""

    def current(self):
        return COMPILED

    def get(self, _revision):
        return COMPILED


def platform(cases):
    """Decisions of as many persons; those looked after accept more, of which the models know nothing."""
    store, draw = memory.Store(), random.Random(5)
    history = memory.DecisionHistory(memory.new_sealer(store))
    for number in range(cases):
        vip = number % 2 == 0
        who = msgspec.structs.replace(person(vip=vip), person_id=f"p-{number}")
        record, row = decided(COMPILED, (), said={"id": f"s-{number}"}, profile=who)
        history.deliver(*envelope(row))
        accepted = draw.random() < (LOOKED_AFTER if vip else OTHERS)
        if number % 10 == 9:
            continue  # nothing is known of it yet
        for outcome in ("no_response", "accept") if accepted else ("no_response",):
            told = HistoryRow(
                row_id=f"o-{number}-{outcome}",
                kind="outcome",
                occurred_at=NOW + timedelta(hours=1),
                decision_id=record.decision_id,
                delivery_id=record.chosen[0].delivery_id,
                person_id=record.person_id,
                outcome=outcome,
            )
            history.deliver(*envelope(told))
    store.models["m@email"] = Counts(positives=1)
    challenge = Challenge(history, Only(), Scorers(Egress(), []))
    keys = Keyring('{"audit": {"key": "k"}}')
    routes = models_routes(memory.Models(store), Only(), lambda: challenge, keys, lambda: NOW)
    return Client(Request.application(Service("records", routes, ready=always_ready)))


@pytest.fixture(scope="module")
def served():
    return platform(500)


def ask(served, declared):
    headers = {"x-api-key": "k", "content-type": "application/json"}
    return served.post("/v1/challenges", data=json.dumps(declared), headers=headers)


def test_who_says_better_what_came_may_take_the_models_place(served):
    found = ask(served, TELLS).json["compared"]

    assert (found["treatments"], found["unscored"], found["verdict"]) == (450, 0, "better")
    assert found["gain"][1] > 0.0
    assert found["challenger_auc"][1] > found["auc"][0]
    assert ask(served, {**TELLS, "coefficients": [0.0], "intercept": -12.0}).json["compared"]["verdict"] == "worse"


def test_what_it_was_trained_on_says_nothing_of_it(served):
    found = ask(served, {**TELLS, "trained_until": str(NOW.date())}).json

    assert (found["passed_over"], found["compared"]["treatments"], found["compared"]["verdict"]) == (500, 0, "open")


def test_it_looks_at_nothing_but_predictors(served):
    answer = ask(served, {**TELLS, "features": [{"reads": "profile.age"}]})

    assert answer.status_code == 400
    assert "no predictor" in answer.json["detail"]
    assert served.post("/v1/challenges").status_code == 401


def test_without_enough_evidence_nothing_is_decided():
    rng = random.Random(1)
    cases = [Case(f"p-{n}", 0.5, 0.9 if n % 2 else 0.1, rng.random() < (0.9 if n % 2 else 0.1)) for n in range(2000)]

    assert compare(cases).verdict == "better"
    assert "positives" in compare(cases[:300]).says
    some = [case._replace(challenger=None) if n % 5 == 0 else case for n, case in enumerate(cases)]
    assert (compare(some).verdict, compare(some).says) == ("open", "it gave no score to 400 of 2000 treatments")
    assert compare([case._replace(person="one") for case in cases]).verdict == "open"  # all of one person
    alike = compare([case._replace(challenger=0.5) for case in cases])
    assert (alike.verdict, alike.auc[0], alike.gain) == ("open", 0.5, None)


def test_what_the_models_know_is_told_as_a_snapshot_and_by_which_revision(served):
    headers = {"x-api-key": "k"}

    assert served.get("/v1/models", headers=headers).json["counts"]["m@email"]["positives"] == 1
    assert served.get("/v1/revisions/live", headers=headers).data == COMPILED.revision.catalogue.canonical()


def test_the_command_says_it_for_people(served, monkeypatch, tmp_path):
    def answer(request):
        headers = {"x-api-key": "k", "content-type": request.headers["content-type"]}
        said = served.post(request.url.raw_path.decode(), data=request.content, headers=headers)
        return httpx.Response(said.status_code, content=said.data)

    monkeypatch.setattr(challenging, "running", lambda: Platform(answer))
    file = tmp_path / "challenger.json"
    file.write_text(json.dumps(TELLS))

    done = CliRunner().invoke(model, ["challenge", "--by", str(file), "--to", str(NOW.date())])

    assert done.exit_code == 0, done.output
    assert "✓ It says P better" in done.output
