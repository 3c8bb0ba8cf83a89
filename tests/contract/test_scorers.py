"""Estimators from outside: one port, a file or an endpoint behind it, and no score where there is none in time."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

from emulators.provider import Behaviour
from emulators.sandbox import SCORING_HOST, Server
from shared.adapters.channels.egress import Egress
from shared.adapters.scoring import Scorers
from shared.adapters.scoring.circuit import OPEN_SECONDS, OPENS_AFTER
from shared.adapters.scoring.endpoint import EndpointScorer
from shared.domain.errors import InvalidError, NotTakenError
from shared.domain.estimators import Endpoint, read
from tests.served import served

SAMPLE = (Path(__file__).parents[2] / "catalogue" / "samples" / "challenger.json").read_bytes()
URL = f"https://{SCORING_HOST}/v1/projects/p/locations/europe-west2/endpoints/1:predict"
INSTANCES: list[dict[str, Any]] = [
    {"profile.has_app": True, "profile.balance": 2500.5, "channel": "email", "treatment": "isa.email"},
    {"profile.has_app": False, "channel": "web", "treatment": "isa.hero"},
    {"profile.balance": -3, "channel": "email"},
]

DEEP = b'{"predictions": [' + b"[" * 100_000 + b"]" * 100_000 + b", 0.1, 0.2]}"


def endpoint(**changes: Any) -> Endpoint:
    return read(json.dumps({"kind": "endpoint", "name": "e", "trained_until": "2026-01-01", "url": URL, **changes}))


@dataclass
class Told:
    """An endpoint that answers as told."""

    body: bytes = b'{"predictions": [0.1, 0.2, 0.3]}'
    status: int = 200
    asked: list[dict[str, Any]] = field(default_factory=list)
    address: str = ""
    now: float = 0.0

    def scorer(self, **changes: Any) -> EndpointScorer:
        return EndpointScorer(endpoint(**changes), Egress({SCORING_HOST: self.address}), lambda: "t", lambda: self.now)


@pytest.fixture
def told() -> Iterator[Told]:
    service = Told()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            said = json.loads(self.rfile.read(int(self.headers["content-length"])))
            service.asked.append({"authorization": self.headers.get("authorization"), **said})
            self.send_response(service.status)
            self.send_header("content-length", str(len(service.body)))
            self.end_headers()
            self.wfile.write(service.body)

        def log_message(self, *_args: Any) -> None:
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        service.address = f"http://127.0.0.1:{server.server_port}"
        yield service


@pytest.fixture
def sandbox() -> Iterator[Server]:
    with served(Server(0, [], logs=False)) as server:
        yield server
        server.provider.behave(Behaviour(mode="ok"))


def opened(sandbox: Server, declared: Any) -> Any:
    egress = Egress({SCORING_HOST: f"http://127.0.0.1:{sandbox.server_port}"})
    return Scorers(egress, [SCORING_HOST], token=lambda: "t")(declared)


def test_a_file_and_an_endpoint_say_the_same_of_the_same_estimator(sandbox):
    declared = opened(sandbox, read(SAMPLE))(INSTANCES)

    assert opened(sandbox, endpoint(at_once=2, token="google"))(INSTANCES) == declared
    assert declared[0] == pytest.approx(1 / (1 + math.exp(2.749975)))
    assert len({*declared}) == 3
    assert opened(sandbox, read(SAMPLE))([]) == opened(sandbox, endpoint())([]) == []


@pytest.mark.parametrize("mode", ["fail", "reject", "429", "stall", "accept_then_timeout", "malformed"])
def test_an_endpoint_that_fails_or_is_late_gives_no_score(sandbox, mode):
    sandbox.provider.behave(Behaviour(channel="scoring", mode=mode))

    assert opened(sandbox, endpoint(timeout_seconds=0.1))(INSTANCES) == [None] * 3


def test_a_decision_waits_for_an_estimator_no_longer_than_it_was_declared(sandbox):
    egress = Egress({SCORING_HOST: f"http://127.0.0.1:{sandbox.server_port}"})
    scorers = Scorers(egress, [SCORING_HOST])
    assert scorers.within(endpoint(), 30.0)(INSTANCES) == scorers.within(read(SAMPLE), 30.0)(INSTANCES)
    assert None not in scorers.within(endpoint(), 30.0)(INSTANCES)
    assert scorers.within(read(SAMPLE), -1.0)(INSTANCES) == [None] * 3


@pytest.mark.parametrize(
    ("predictions", "scores"),
    [
        ([0, 1.0, 0.25], [0.0, 1.0, 0.25]),
        ([[0.9, 0.1], [0.2, 0.8], [0.1]], [0.1, 0.8, None]),
        ([1.5, None, True], [None, None, None]),
        (
            [{"classes": ["0", "1"], "scores": [0.7, 0.3]}, {"classes": [1, 0], "scores": [0.6, 0.4]}, {"classes": 1}],
            [0.3, 0.6, None],
        ),
        ([0.1, 0.2], [None] * 3),
    ],
)
def test_what_is_predicted_is_read_in_each_form_and_is_a_probability_or_nothing(told, predictions, scores):
    told.body = json.dumps({"predictions": predictions}).encode()

    assert told.scorer()(INSTANCES) == scores
    assert told.asked == [{"authorization": None, "instances": INSTANCES}]


@pytest.mark.parametrize(
    ("status", "body"), [(302, b""), (200, b"[]"), (200, b"\xff"), (200, b" " * 2_000_000), (200, DEEP)]
)
def test_what_cannot_be_read_is_no_score(told, status, body):
    told.status, told.body = status, body

    assert told.scorer()(INSTANCES) == [None] * 3


def test_an_endpoint_that_goes_on_failing_is_left_alone_and_tried_again(told):
    told.status = 503
    ask = told.scorer(at_once=1)

    assert ask(INSTANCES * 5) == [None] * 15
    assert len(told.asked) == OPENS_AFTER
    told.now = OPEN_SECONDS
    ask(INSTANCES)
    assert len(told.asked) == OPENS_AFTER + 1  # one probe, and then none
    told.now, told.status, told.body = 2 * OPEN_SECONDS, 200, b'{"predictions": [0.5]}'
    assert ask(INSTANCES) == [0.5] * 3


def test_a_token_goes_to_hosts_of_googles_and_where_there_is_none_nothing_is_asked(told):
    told.scorer(token="google")(INSTANCES)
    assert told.asked[0]["authorization"] == "Bearer t"

    def none() -> str:
        raise NotTakenError("no token")

    egress = Egress({SCORING_HOST: told.address})
    assert EndpointScorer(endpoint(token="google"), egress, none)(INSTANCES) == [None] * 3
    assert len(told.asked) == 1


def test_an_endpoint_is_where_the_platform_says_it_may_be():
    scorers = Scorers(Egress(resolve=lambda _host, _port: ["10.0.0.1"]), ["models.example", SCORING_HOST])

    with pytest.raises(InvalidError, match="none of SCORING_HOSTS"):
        scorers(endpoint(url="https://elsewhere.example/x:predict"))
    with pytest.raises(InvalidError, match="gets no token"):
        scorers(endpoint(url="https://models.example/x:predict", token="google"))
    assert scorers(endpoint())(INSTANCES) == [None] * 3  # an address of our own network


TREES = {
    "kind": "trees",
    "name": "boosting",
    "trained_until": "2026-01-01",
    "adds_up_to": "log_odds",
    "base": -1.0,
    "features": [{"reads": "profile.balance", "missing": -1}, {"reads": "channel", "equals": "email"}],
    "trees": [
        {"feature": [0, -2, 1, -2, -2], "threshold": [0, -2, 0.5, -2, -2], "left": [1, -1, 3, -1, -1]}
        | {"right": [2, -1, 4, -1, -1], "value": [0, -0.5, 0, 0.25, 1]}
    ],
}


def test_trees_are_walked_as_scikit_learn_lays_them_out():
    scores = Scorers(Egress(), [])(read(json.dumps(TREES)))(INSTANCES)

    assert scores == pytest.approx([0.5, 0.182426, 0.182426], abs=1e-6)
    mean = {**TREES, "adds_up_to": "mean"}
    assert Scorers(Egress(), [])(read(json.dumps(mean)))(INSTANCES) == [1.0, None, None]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "pickle"}, "pickle"),
        ({"trained_until": None}, "trained_until"),
        ({"coefficients": [1]}, "as many coefficients"),
        ({"features": [{"reads": "channel", "code": "x"}]}, "code"),
        ({**TREES, "trees": [{**TREES["trees"][0], "left": [0, -1, 3, -1, -1]}]}, "leads to none after it"),
        ({**TREES, "features": TREES["features"][:1]}, "a feature that there is not"),
        ({"kind": "endpoint", "url": "http://models.example/x"}, "url"),
        ({"kind": "endpoint", "url": "https://models.example:65536/x"}, "port of url"),
    ],
)
def test_what_declares_none_is_refused_with_the_reason(change, says):
    declared = change if change.get("kind") == "trees" else {**msgspec.json.decode(SAMPLE), **change}
    if change.get("kind") == "endpoint":
        declared = {"kind": "endpoint", "name": "e", "trained_until": "2026-01-01", **change}

    with pytest.raises(InvalidError, match=says):
        read(json.dumps(declared))


def test_what_is_nested_without_end_declares_none():
    with pytest.raises(InvalidError, match="nested too deeply"):
        read(b'{"x": ' + b"[" * 100_000)


def test_what_the_how_to_declares_of_scikit_learns_says_what_they_say():
    ensemble = pytest.importorskip("sklearn.ensemble", reason="pip install -r requirements-learning.txt")
    linear_model = pytest.importorskip("sklearn.linear_model")
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "watch-a-model.md").read_text(encoding="utf-8")
    declare: dict[str, Any] = {}
    exec(page.partition("```python\n")[2].partition("```")[0], declare)
    draw = random.Random(1)
    seen = [[draw.gauss(0, 1), draw.gauss(0, 1)] for _ in range(300)]
    accepted = [a + b * b + draw.gauss(0, 1) > 1 for a, b in seen]
    share = sum(accepted) / len(accepted)
    regression = linear_model.LogisticRegression().fit(seen, accepted)
    boosting = ensemble.GradientBoostingClassifier(n_estimators=5, random_state=1).fit(seen, accepted)

    told = "name", "2026-01-01", [{"reads": "a"}, {"reads": "b"}]
    base = math.log(share / (1 - share))
    for fitted, declared in (
        (regression, declare["linear"](*told, regression)),
        (boosting, declare["trees"](*told, boosting, base)),
    ):
        scores = Scorers(Egress(), [])(read(declared))([{"a": a, "b": b} for a, b in seen])
        assert scores == pytest.approx(fitted.predict_proba(seen)[:, 1].tolist(), abs=1e-12)


def test_a_linear_model_is_added_up_in_its_order_whatever_python_makes_of_sums():
    features = [{"reads": name} for name in "abc"]
    said = {"features": features, "coefficients": [1e16, 1.0, -1e16], "intercept": 0.0}
    linear = read(json.dumps({"kind": "linear", "name": "l", "trained_until": "2026-01-01", **said}))

    assert Scorers(Egress(), [])(linear)([{"a": 1, "b": 1, "c": 1}]) == [0.5]
