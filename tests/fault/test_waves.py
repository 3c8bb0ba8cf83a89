"""A wave under deaths of its execution and of what serves it: everybody's turn comes, and comes once.

The workflow is the one that is deployed, run by our emulator in a time of its own; what it calls is served here, on
memory, and every call of a port can be the last of its process.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace

import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request as HttpRequest

from emulators.seed import seed_customers
from emulators.workflows.language.reading import read
from emulators.workflows.running.clocks import JumpingClock
from emulators.workflows.running.failures import WorkflowError, failure
from emulators.workflows.running.loop import Loop, StoppedError
from emulators.workflows.running.machine import Machine
from emulators.workflows.running.outside import Answer
from functions.waves import reconciling
from functions.waves.api import UseCases, routes
from functions.waves.finding import Find
from functions.waves.planning import MakePlan
from functions.waves.reconciling import Reconcile
from functions.waves.sending import Send
from functions.waves.starting import Start
from functions.waves.steering import Steer
from shared.adapters import memory
from shared.adapters.envelope import envelope
from shared.adapters.memory.waves import Members, WaveHistory, Waves
from shared.domain.errors import NotFoundError
from shared.domain.governance.switches import SwitchedOff
from shared.domain.outbound.wave import LAPSES_AFTER
from shared.domain.rules import Budget, Volume
from shared.domain.signal import decision_id
from shared.messages import HistoryRow
from shared.ports import Left
from shared.runtime.keys import Keyring
from shared.runtime.service import Service, always_ready
from tests.contract.samples import parked
from tests.e2e.platforms import ROOT
from tests.fault.world import KEY, NOW, Catalogues, Watched, bank_customers, bank_revision

PILOTS = [each for each in bank_customers().values() if "pilot" in each.profile.audiences]
PEOPLE = [each for each in PILOTS if each.profile.consents.keys() >= {"*:marketing:sms", "*:marketing:email"}][:5]
IDS = sorted(each.profile.person_id for each in PEOPLE)
LIMITS = [each.id for each in bank_revision().catalogue.rules if isinstance(each, Volume | Budget)]
TONIGHT = NOW + timedelta(hours=8)
PILOT = {"audience": "pilot", "wave": "w", "page_persons": 2}
SCARCE = {"audience": "looked_and_left", "wave": "w", "page_persons": 2, "parameters": {"group": "cards"}}


class DeadError(BaseException):
    """What served a request died on the way: nothing in it catches this."""


@cache
def workflow():
    return read((ROOT / "workflows" / "outbound.yaml").read_text(encoding="utf-8"))


class Found:
    """The port `Audiences`, with persons that are there."""

    def __init__(self):
        self.bytes, self.jobs, self.asked = 10**9, {}, []

    def estimate(self, query):
        self.asked.append(query.parameters)
        return self.bytes

    def find(self, job, query, most_bytes):
        del query, most_bytes
        self.jobs[job] = IDS
        return len(IDS)

    def found(self, job, first, limit):
        if job not in self.jobs:
            raise NotFoundError(f"no job {job}")
        return self.jobs[job][first : first + limit]


class Post:
    """Waves, what they need, and an ingest that notes whose turn came; `announce` hears of each call of a port."""

    def __init__(self, announce=lambda _call: None):
        self.clock = JumpingClock(NOW.timestamp())
        self.store, meter = memory.Store(), memory_meter()
        self.persons, self.contacts = memory.Persons(self.store, meter), memory.Contacts(self.store, meter)
        seed_customers(PEOPLE, KEY, self.persons, memory.ContactPoints(self.store, meter))
        self.history, self.quarantine = (
            memory.DecisionHistory(memory.new_sealer(self.store)),
            memory.Quarantine(self.store),
        )
        self.audiences, self.left = Found(), dict.fromkeys(LIMITS, Left(10**9, TONIGHT))
        self.signals, self.requests = {}, []
        self.lost, self.dead = 0, b""
        plain = {
            "waves": Waves(self.store),
            "members": Members(self.store),
            "audiences": self.audiences,
            "told": WaveHistory(self.history),
            "quarantine": self.quarantine,
            "allowances": SimpleNamespace(left=lambda *_: self.left),
        }
        port = {name: Watched(each, announce, name) for name, each in plain.items()}
        self.waves = plain["waves"]
        self.catalogues = catalogues = Catalogues()
        plan = MakePlan(
            port["waves"], catalogues, memory.Models(self.store), self.persons, self.contacts, port["allowances"]
        )
        use = UseCases(
            start=Start(port["waves"], port["audiences"], catalogues),
            find=Find(port["waves"], port["audiences"], port["members"], catalogues),
            plan=lambda: plan,
            send=Send(port["waves"], catalogues, port["allowances"]),
            reconcile=Reconcile(port["waves"], port["told"], port["quarantine"]),
            steer=Steer(port["waves"]),
        )
        keys = Keyring(json.dumps({"outbound": {"key": "k"}}))
        self.client = Client(HttpRequest.application(Service("waves", routes(use, keys, self.now), ready=always_ready)))

    def now(self):
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def serve(self, path, body):
        """Answer a request as waves or as ingest does."""
        if path == "/v1/dead-letters":
            self.quarantine.park(parked(2, data=self.dead))
            return 200, b'{"more": false}'
        if path == "/v1/signals":
            return 202, json.dumps(self.take(json.loads(body))).encode()
        answer = self.client.post(path, data=body, headers={"content-type": "application/json", "x-api-key": "k"})
        return answer.status_code, answer.data

    def ask(self, path, **body):
        answer = self.client.post(path, json=body, headers={"x-api-key": "k"})
        assert answer.status_code == 200, answer.text
        return answer.json

    def take(self, signals):
        """Take each signal once; all but some of them are decided at once."""
        for signal in signals:
            known = self.signals.setdefault(signal["id"], [])
            known.append(signal)
            if len(known) == 1 and len(self.signals) > self.lost:
                decision = decision_id("scheduler", signal["id"])
                row = HistoryRow(
                    row_id=decision,
                    kind="decision",
                    occurred_at=self.now(),
                    decision_id=decision,
                    outcome="all_withheld",
                )
                self.history.deliver(*envelope(row))
        return {"accepted": [{"index": n} for n in range(len(signals))], "rejected": []}

    def run(self, argument, *, dies_at=None, name="one"):
        """Run the workflow; it dies with the request of this number, before it or after it, if one is named."""
        loop = Loop(self.clock)
        return loop.run(Machine(workflow(), Around(self, loop, dies_at, name)).run(argument))

    def wave(self):
        return self.waves.get("w").value

    def turns(self):
        return sorted(each.removeprefix("w-") for each in self.signals)


class Around:
    """The world of one execution."""

    def __init__(self, post, loop, dies_at, name):
        self.post, self.loop, self.dies_at, self.name = post, loop, dies_at, name

    def environment(self):
        known = {
            "PROJECT_ID": "bank",
            "LOCATION": "here",
            "WORKFLOW_ID": "outbound",
            "WORKFLOW_EXECUTION_ID": self.name,
        }
        return {f"GOOGLE_CLOUD_{key}": value for key, value in known.items()} | {
            "WAVES_URL": "http://waves",
            "INGEST_URL": "http://ingest",
            "OPERATIONS_URL": "http://operations",
        }

    def connect(self, connector, arguments):
        del connector, arguments
        return Answer(200, {"Content-Type": "application/json"}, b'"k"')

    def token(self, kind, audience):
        return f"{kind} {audience}"

    def log(self, severity, said):
        pass

    def step(self, *_):
        pass

    def send(self, request):
        number = len(self.post.requests)
        self.post.requests.append(request.url)
        if self.dies_at == (number, "before"):
            self.loop.cancel()
            raise failure("ConnectionError", "dead")
        try:
            status, body = self.post.serve("/" + request.url.split("/", 3)[3], request.body)
        except DeadError as error:
            raise failure("ConnectionError", str(error)) from None
        if self.dies_at == (number, "after"):
            self.loop.cancel()
        return Answer(status, {"Content-Type": "application/json"}, body)


def memory_meter():
    return SimpleNamespace(add=lambda **_counts: None)


def is_done(post, persons=IDS):
    wave = post.wave()
    assert (wave.state, wave.persons, wave.sent, wave.accepted) == ("done", len(persons), wave.pages, len(persons))
    assert (wave.reconciled.decided, wave.reconciled.in_flight) == (len(persons), 0)
    assert post.turns() == persons
    assert not post.store.wave_pages


def dying(post, argument, dies_at):
    """Run, and where the execution dies start again once nothing is heard of it any more."""
    try:
        return post.run(argument, dies_at=dies_at)
    except StoppedError:
        early = post.run(argument, name="early")
        assert early.get("nothing_done") or dies_at == (0, "before"), "it may still be alive"
        post.clock = JumpingClock(post.clock.now() + LAPSES_AFTER.total_seconds())
        return post.run(argument, name="two")


def test_everybody_s_turn_comes_once():
    post = Post()

    result = post.run(PILOT)

    is_done(post)
    assert (result["state"], result["pages"], result["reconciled"]["outcomes"]) == ("done", 3, {"all_withheld": 5})
    assert {len(each) for each in post.signals.values()} == {1}
    assert post.run(PILOT, name="two") == {"wave": "w", "state": "done", "nothing_done": True}
    assert {len(each) for each in post.signals.values()} == {1}


@pytest.mark.parametrize(
    ("argument", "with_any", "moments"),
    [(PILOT, "http", ("before", "after")), (SCARCE, "/plan", ("after",))],
    ids=["members", "planned"],
)
def test_an_execution_may_die_with_any_request(argument, with_any, moments):
    post = Post()
    post.run(argument)
    is_done(post)
    for number in [n for n, url in enumerate(post.requests) if with_any in url]:
        for moment in moments:
            post = Post()
            dying(post, argument, (number, moment))
            is_done(post)


def test_what_serves_a_wave_may_die_at_any_line():
    calls = []
    Post(calls.append).run(PILOT)

    for number in range(len(calls)):
        before = [number]

        def announce(call, before=before):
            before[0] -= 1
            if before[0] == -1:
                raise DeadError(call)

        post = Post(announce)
        post.run(PILOT)
        is_done(post)


def test_what_is_under_way_or_parked_is_told(monkeypatch):
    monkeypatch.setattr(reconciling, "PARKED_READ", 1)
    post = Post()
    post.lost = 3
    post.quarantine.park(parked(1, data=f'{{"signal": {{"id": "w-{IDS[0]}"}}}}'.encode()))
    post.dead = f'{{"signal": {{"id": "w-{IDS[2]}"}}}}'.encode()

    result = post.run(PILOT)

    told = result["reconciled"]
    assert (told["accepted"], told["decided"], told["quarantined"], told["in_flight"]) == (5, 2, 2, 1)
    assert post.store.wave_pages, "whoever asks again needs them"
    post.lost = 0
    post.signals.clear()
    post.take([{"id": f"w-{IDS[1]}"}])
    again = post.client.get("/v1/waves/w/report", headers={"x-api-key": "k"}).json["reconciled"]
    assert (again["decided"], again.get("in_flight", 0)) == (3, 0)
    assert not post.store.wave_pages


def test_a_query_that_would_read_too_much_is_never_run():
    post = Post()
    post.audiences.bytes = 51 * 10**9

    with pytest.raises(WorkflowError) as refused:
        post.run(SCARCE)

    assert "finding it would read 51.0 GB, and may read 50.0" in str(refused.value.value["body"])
    assert (post.audiences.jobs, post.waves.get("w")) == ({}, None)


def test_an_incremental_audience_looks_from_where_the_last_wave_that_is_done_ended():
    post = Post()
    first = post.run({"audience": "active", "wave": "one"})
    post.run({"audience": "active", "wave": "two", "until": (NOW - timedelta(days=1)).isoformat()})
    third = post.run({"audience": "active", "wave": "three"})

    assert first["since"] == (NOW - timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [each["since"] for each in post.audiences.asked[:2]] == [NOW - timedelta(days=7), NOW - timedelta(days=8)]
    assert third["since"] == first["until"]


def test_what_bigquery_has_forgotten_is_asked_again():
    post = Post()
    begun = post.ask("/v1/waves", execution="one", **SCARCE)["wave"]
    post.ask("/v1/waves/w/audience", execution="one")
    post.audiences.jobs.clear()

    assert begun["estimated_bytes"] == 10**9
    assert post.ask("/v1/waves/w/audience", execution="one").get("complete") is None
    post.ask("/v1/waves/w/audience", execution="one")
    assert post.ask("/v1/waves/w/audience", execution="one")["wave"]["persons"] == 5


def test_a_page_waits_for_the_pace_and_for_a_channel_that_has_nothing_left():
    post = Post()
    begun = {"execution": "one"}
    post.ask("/v1/waves", **SCARCE, **begun, per_minute=60)
    for step in ("audience", "audience", "plan", "plan", "plan"):
        found = post.ask(f"/v1/waves/w/{step}", **begun)
    assert found["wave"]["plan"]["planned"] == {"sms": 4}, "a thousand at least, and one has no place for it"

    first = post.ask("/v1/waves/w/pages", **begun)
    sent = {"page": 0, "accepted": 2, "rejected": 0}
    paced = post.ask("/v1/waves/w/pages", **begun, sent=sent)
    assert (first["page"], len(first["signals"]), paced["wait_seconds"]) == (0, 2, 2.0)
    assert post.ask("/v1/waves/w/pages", **begun, sent=sent)["wave"]["accepted"] == 2, "noted once"
    post.clock = JumpingClock(post.clock.now() + 2)
    assert post.ask("/v1/waves/w/pages", **begun)["page"] == 1
    post.left["texts_month"] = Left(0, TONIGHT)
    assert post.ask("/v1/waves/w/pages", **begun)["wait_seconds"] == 300
    post.left["texts_month"] = Left(10**9, TONIGHT)
    assert post.ask("/v1/waves/w/pages", **begun)["signals"][0]["properties"]["channels"][0] in ("email", "push", "sms")


def test_what_is_switched_off_is_worth_nothing():
    post = Post()
    post.catalogues.off = [SwitchedOff(kind="channel", id="sms"), SwitchedOff(kind="brand", id="foxglove")]

    plan = post.run(SCARCE)["plan"]

    assert (plan["planned"], plan["missing"]) == ({"sms": 0}, {"sms": 1000})
    assert {signal["properties"]["channels"][0] for [signal] in post.signals.values()} <= {"email", "push"}


def test_whoever_has_lost_a_wave_is_told_and_what_it_sent_last_is_noted():
    post = Post()
    post.ask("/v1/waves", **PILOT, execution="one")
    post.ask("/v1/waves/w/audience", execution="one")
    post.ask("/v1/waves/w/plan", execution="one")
    page = post.ask("/v1/waves/w/pages", execution="one")
    post.ask("/v1/waves/w/pause")

    told = post.ask("/v1/waves/w/pages", execution="one", sent={"page": page["page"], "accepted": 2, "rejected": 0})
    assert (told["state"], told["wave"]["sent"], told.get("signals")) == ("paused", 1, None)
    post.ask("/v1/waves/w/resume")
    assert post.ask("/v1/waves", **PILOT, execution="two")["go"]
    assert post.ask("/v1/waves/w/pages", execution="one")["state"] == "superseded"
    assert post.ask("/v1/waves/w/pages", execution="two")["page"] == 1
    post.ask("/v1/waves/w/cancel")
    assert post.ask("/v1/waves/w/pages", execution="two")["state"] == "cancelled"


# What is asked for


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"until": "2024-03-01T00:00:00"}, "until", "timezone"),
        ({"until": "0001-01-01T00:00:00Z"}, "until", "2000-01-01 or later"),
        ({"audience": "pilot", "until": "2026-03-01T00:00:00Z"}, "until", "audiences.yaml"),
        ({"parameters": {"group": "cards"}}, "parameters.group", "no parameter"),
        ({"page_persons": 401}, "page_persons", "from 1 to 400"),
        ({"wave": "a/b"}, "wave", "letters"),
    ],
)
def test_what_is_wrong_with_a_start_is_said(wrong, field, says):
    status, said = asked(Post(), "/v1/waves", **{"audience": "active"} | wrong)
    assert (status, said["field"]) == (400, field)
    assert says in said["detail"]


def test_a_name_that_nobody_carries_is_said_to_be_wrong():
    post = Post()
    assert asked(post, "/v1/waves", audience="pliot", wave="w")[0] == 200
    status, said = asked(post, "/v1/waves/w/audience")
    assert (status, said["detail"]) == (400, "pliot is of no file, and no profile carries it")


def test_a_wave_does_not_end_before_it_is_sent():
    post = Post()
    asked(post, "/v1/waves", **PILOT)
    for step in ("reconciliation", "report"):
        assert asked(post, f"/v1/waves/w/{step}")[0] == 400
    assert asked(post, "/v1/waves/w/pages", sent={"page": 0, "accepted": -1, "rejected": 0})[0] == 400
    assert post.wave().state == "running"


def asked(post, path, **body):
    answer = post.client.post(path, json={"execution": "one", **body}, headers={"x-api-key": "k"})
    return answer.status_code, answer.json
