"""A change over HTTP: what it means, what it does to a sample of persons, and what is wrong with the question."""

from __future__ import annotations

import msgspec
import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request

from functions.simulation.api import routes
from functions.simulation.handler import Asking, Simulate
from shared.adapters import memory
from shared.adapters.memory.samples import Samples
from shared.domain.batch.cases import persons
from shared.domain.consent import Consent
from shared.domain.profile import Person
from shared.ports import creation
from shared.runtime.keys import Keyring
from shared.runtime.service import Service, always_ready
from tests.contract.samples import Counted
from tests.unit.test_releasing import CUSTOMERS, IN_ARREARS, LIVE, NOW, changed

KNOWN = {
    "age": 41,
    "credit_default": False,
    "residency": "uk",
    "balance": 2500.0,
    "savings_balance": 9000.0,
    "has_personal_loan": False,
    "overdraft_days": 0,
    "income": 41000.0,
    "disposable_income": 900.0,
    "credit_score": 780,
    "arrears_days": 60,
}
CAP = "id: weekly_outbound\n    kind: cap\n    limit: 2"
HARM = changed(("bank.yaml", IN_ARREARS, ""))
LOOSE = changed(("contact_policy.yaml", CAP, f"{CAP}0"))


@pytest.fixture(scope="module")
def ask():
    store, meter = memory.Store(), Counted()
    consents = {"*:marketing:email": Consent(granted=True, at=NOW, source="branch")}
    five = [
        Person(
            person_id=f"p-{number:024x}",
            version=1,
            created_at=NOW,
            attributes=KNOWN,
            brands=("northmoor",),
            reachable=("email",),
            consents=consents,
        )
        for number in range(5)
    ]
    memory.Persons(store, meter).rewrite(creation([(each, ()) for each in five]))
    catalogues = memory.Catalogues(store)
    for each in (HARM, LOOSE):
        catalogues.keep(each)
    catalogues.publish(LIVE)
    simulate = Simulate(catalogues, Samples(store, memory.Contacts(store, meter)), memory.Models(store))
    keys = Keyring('{"release": {"key": "k"}}')
    client = Client(Request.application(Service("simulation", routes(simulate, keys, lambda: NOW), ready=always_ready)))

    def post(path, key="k", **asked):
        headers = {"x-api-key": key, "content-type": "application/json"}
        return client.post(path, headers=headers, data=msgspec.json.encode({"against": LIVE.id, **asked}))

    return post


def test_a_check_says_what_a_change_means_and_what_it_loosens(ask):
    harmless, loose = (ask("/v1/checks", revision=each.id).json for each in (HARM, LOOSE))
    assert (harmless["passed"], len(harmless["differences"]), harmless["loosened"]) == (True, 2, [])
    assert (loose["passed"], "cap weekly_outbound" in loose["why"]) == (False, True)
    assert ask("/v1/checks", revision=LOOSE.id, acknowledged=["cap weekly_outbound"]).json["passed"]
    assert ask("/v1/checks", revision=LIVE.id).json["why"] == "it means the same as what is live"


def test_a_bias_is_stopped_by_the_service_that_the_workflow_asks():
    biased = changed(("bank.yaml", "when: profile.arrears_days == 0", 'when: profile.marital == "married"'))
    store, meter = memory.Store(), Counted()
    seen = [line.profile(NOW) for line in persons(CUSTOMERS)]
    known = [
        Person(
            person_id=f"p-{number:024x}",
            version=1,
            created_at=NOW,
            attributes=each.attributes,
            brands=each.brands,
            products=each.products,
            reachable=each.reachable,
            consents=each.consents,
        )
        for number, each in enumerate(seen)
    ]
    memory.Persons(store, meter).rewrite(creation([(each, ()) for each in known]))
    catalogues = memory.Catalogues(store)
    for each in (LIVE, biased):
        catalogues.keep(each)
    simulate = Simulate(catalogues, Samples(store, memory.Contacts(store, meter)), memory.Models(store))

    def unfair(revision):
        found = simulate(Asking(revision=revision.id, against=LIVE.id, persons=500), NOW)
        said = [gate.said for gate in found.gates if gate.kind == "fairness" and not gate.passed]
        return [each for each in said if "broken: sold_alike, grow by marital" in each]

    assert unfair(biased)
    assert not unfair(LIVE)


def test_a_simulation_names_the_persons_behind_what_is_not_passed(ask):
    told = ask("/v1/simulations", revision=HARM.id, persons=3).json
    gates = {f"{gate['kind']} {gate.get('id', '')}".strip(): gate for gate in told["gates"]}
    assert not told["passed"]
    assert len(gates["prohibition no_credit_in_arrears"]["who"]) == 3
    assert "3 persons were simulated, and at least 500 are needed" in told["why"]
    assert told["figures"]["places"]["outbound"]["persons"] == 3
    assert len(msgspec.json.encode(told["figures"])) < 8_000


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ({"revision": "sha256:none"}, 404, "sha256:none"),
        ({"revision": LIVE.id, "persons": 0}, 400, "persons"),
        ({"revision": LIVE.id, "persons": 20_001}, 400, "20,000"),
        ({"revision": LIVE.id, "sample": 3}, 400, "sample"),
        ({"persons": 3}, 400, "revision"),
        ({"revision": LIVE.id, "key": "x"}, 401, ""),
    ],
)
def test_what_cannot_be_asked_is_said(ask, asked, status, says):
    answer = ask("/v1/simulations", **asked)
    assert (answer.status_code, says in answer.text) == (status, True), answer.text
