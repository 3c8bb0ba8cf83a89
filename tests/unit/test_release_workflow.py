"""The workflow `release` beside the services that it calls, in a time that jumps: killed anywhere, raced, blind."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request

from emulators.workflows.language.reading import read
from emulators.workflows.running.clocks import JumpingClock
from emulators.workflows.running.failures import WorkflowError
from emulators.workflows.running.loop import Loop
from emulators.workflows.running.machine import Machine
from emulators.workflows.running.outside import Answer
from functions.releases.api import routes
from functions.releases.handler import Govern
from shared.adapters import memory
from shared.domain.catalogue import CanaryStep, Guards, Revision
from shared.domain.governance.commands import Begin
from shared.domain.governance.release import Actor
from shared.domain.releasing.guards import NOBODY, look
from shared.runtime.keys import Keyring
from shared.runtime.service import Service, always_ready
from tests.corpus.tree_bank import revision as bank_revision

RELEASE = read((Path(__file__).parents[2] / "workflows" / "release.yaml").read_text(encoding="utf-8"))
KEYS = {
    "ada": {"key": "a"},
    "ada-on-the-train": {"key": "a2", "person": "ada"},
    "grace": {"key": "g"},
    "release": {"key": "r", "kind": "service"},
}
JSON = {"Content-Type": "application/json"}
START = datetime(2026, 11, 2, 9, tzinfo=UTC)


OLD = bank_revision()
NEW, OTHER = (Revision(msgspec.structs.replace(OLD.catalogue, name=name)) for name in ("A change", "Another"))
GO_ON = {"verdict": "go_on", "said": "all is well", "wait_seconds": 0, "guards": []}


class KilledError(Exception):
    """Nothing that the execution asks from here on is heard."""


class Bank:
    """Releases as they are, and simulation and records that say what a test wants; grace approves when she is asked."""

    def __init__(self, live, *revisions):
        self.clock = JumpingClock(START.timestamp())
        store = memory.Store()
        self.catalogues = memory.Catalogues(store, refresh_seconds=0)
        for each in (live, *revisions):
            self.catalogues.keep(each)
        self.govern = Govern(memory.Releases(store), self.catalogues, bytes(32), lambda _attempt: None)
        self.govern("live", Begin(revision=live.id, why="first"), Actor("kairos", is_person=False), START)
        keys = Keyring(json.dumps(KEYS))
        service = Service("releases", routes(self.govern, keys, self.now), ready=always_ready)
        self.releases = Client(Request.application(service))
        self.sent, self.logged, self.looks, self.kill_at, self.kill_after, self.killed = [], [], 0, -1, False, False
        self.approving = True
        self.before = lambda path, body: None

    def now(self):
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def look(self, asked):
        """What records says of the canary at its so manyth look."""
        return GO_ON

    def says(self, path):
        if path.startswith("/v1/checks"):
            return {"passed": True, "why": "", "differences": ["one"], "more": 0, "loosened": []}
        if path.startswith("/v1/simulations"):
            return {"passed": True, "why": "", "figures": {"gates": 9}}
        if path.startswith("/v1/gates/value"):
            return {"guard": "off_policy", "tripped": False, "said": "nothing can be said"}
        assert path.startswith("/v1/guards"), path
        self.looks += 1
        return self.look(path)

    def send(self, request):
        parts = urlsplit(request.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        self.sent.append(f"{request.method} {parts.path}")
        at = len(self.sent) == self.kill_at
        if self.killed or (at and not self.kill_after):
            self.killed = True
            raise KilledError
        self.before(path, request.body)
        if parts.netloc == "releases":
            headers = dict(request.headers)
            answer = self.releases.open(path, method=request.method, data=request.body, headers=headers)
            said = Answer(answer.status_code, {"Content-Type": answer.content_type}, answer.get_data())
        else:
            came = self.says(path)
            said = came if isinstance(came, Answer) else Answer(200, JSON, json.dumps(came).encode())
        if at:
            self.killed = True
            raise KilledError
        return said

    def connect(self, connector, arguments):
        return Answer(200, JSON, b'"r"')

    def token(self, kind, audience):
        return "token"

    def create_callback(self, method):
        return "http://callback"

    def environment(self):
        urls = {f"{name.upper()}_URL": f"http://{name}" for name in ("releases", "simulation", "records")}
        return {**urls, "GOOGLE_CLOUD_PROJECT_ID": "bank"}

    def log(self, severity, said):
        self.logged.append((severity, said))
        if self.approving and "waits for approval" in str(said):
            self.ask("POST", f"/v1/releases/{said['release']}/approve", "g", why="seen")

    def step(self, *_):
        pass

    def ask(self, method, path, key="a", **body):
        answer = self.releases.open(
            path, method=method, json=body if method == "POST" else None, headers={"x-api-key": key}
        )
        return answer.json

    def propose(self, revision, **body):
        return self.ask("POST", "/v1/releases", **{"revision": revision.id, "why": "better", **body})

    def known(self, release):
        return self.ask("GET", f"/v1/releases/{release}")

    def run(self, release):
        return Loop(self.clock).run(Machine(RELEASE, self).run({"release": release}))

    def live(self):
        return self.govern.in_force("live", self.now()).revision

    def emergency(self, revision):
        """Another release goes live at once."""
        release = self.propose(revision)["id"]
        self.ask("POST", f"/v1/releases/{release}/check", "r", passed=True)
        assert self.ask("POST", f"/v1/releases/{release}/emergency", "g", why="it burns")["state"] == "live"


def test_killed_before_or_after_any_of_its_requests_it_is_started_again_and_goes_on():
    whole = Bank(OLD, NEW)
    assert whole.run(whole.propose(NEW)["id"])["state"] == "live"
    assert len(whole.sent) > 25
    steps = [each for each in whole.sent if each.startswith("POST") or "guards" in each]
    for at, asked in enumerate(whole.sent, start=1):
        for after in (False, True) if asked in steps else (False,):
            bank = Bank(OLD, NEW)
            release = bank.propose(NEW)["id"]
            bank.kill_at, bank.kill_after = at, after
            with pytest.raises(WorkflowError, match="KilledError"):
                bank.run(release)
            bank.kill_at, bank.killed = -1, False
            assert bank.run(release)["state"] == "live"
            assert (bank.live(), bank.known(release)["share"]) == (NEW.id, 25)
            assert len(bank.govern.log("live", 0).entries) == len(whole.govern.log("live", 0).entries)


def away(bank, hours, status):
    """Records answers so for some hours from the first look on."""

    def look(_path):
        bank.first = bank.first or bank.now()
        if bank.now() < bank.first + timedelta(hours=hours):
            return Answer(status, JSON, b"{}")
        return GO_ON

    bank.first, bank.look = None, look


@pytest.mark.parametrize(
    ("hours", "status", "state"), [(0.9, 503, "live"), (3, 503, "retired"), (0.9, 500, "live"), (3, 404, "retired")]
)
def test_a_canary_that_nobody_can_look_at_for_an_hour_is_rolled_back(hours, status, state):
    bank = Bank(OLD, NEW)
    release = bank.propose(NEW)["id"]
    away(bank, hours, status)
    assert bank.run(release)["state"] == state
    assert bank.live() == (NEW.id if state == "live" else OLD.id)
    assert bank.now() < START + timedelta(hours=2)


def test_what_was_simulated_against_something_that_is_no_longer_live_is_simulated_again():
    bank = Bank(OLD, NEW, OTHER)
    release = bank.propose(NEW)["id"]
    against = []

    def before(path, body):
        if path == "/v1/simulations":
            if not against:
                bank.emergency(OTHER)
            against.append(json.loads(body)["against"])

    bank.before = before
    assert bank.run(release)["state"] == "live"
    assert against == [OLD.id, OTHER.id]


def test_a_canary_that_is_to_be_live_from_an_instant_on_is_watched_until_then():
    bank = Bank(OLD, NEW)
    release = bank.propose(NEW)["id"]
    at = START + timedelta(days=2)

    def before(path, _body):
        if path.startswith("/v1/guards") and bank.looks == 1:
            bank.ask("POST", f"/v1/releases/{release}/promote", "g", effective_at=at.isoformat())

    bank.before = before
    assert bank.run(release)["state"] == "live"
    assert at <= bank.now() < at + timedelta(minutes=30)
    assert bank.looks > 100


def test_what_a_person_promotes_in_the_instant_in_which_a_guard_trips_is_rolled_back():
    bank = Bank(OLD, NEW)
    release = bank.propose(NEW)["id"]
    bank.look = lambda _path: {**GO_ON, "verdict": "stop", "said": "complaints"}

    def before(path, _body):
        if "/rollback" in path:
            assert bank.ask("POST", f"/v1/releases/{release}/promote", "g")["state"] == "live"

    bank.before = before
    assert bank.run(release)["ended"] == "rolled_back"
    assert bank.live() == OLD.id


def test_a_canary_to_which_nobody_comes_ends_before_an_execution_has_taken_all_its_steps():
    bank = Bank(OLD, NEW)
    release = bank.propose(NEW)["id"]
    step = CanaryStep(share=1, at_least="1d", at_most="14d", fewest=10)

    def at(path):
        asked = parse_qs(urlsplit(path).query)
        since, now = (datetime.fromisoformat(asked[name][0]) for name in ("since", "now"))
        return msgspec.to_builtins(look(Guards(), step, NOBODY, NOBODY, since=since, now=now))

    bank.look = at
    assert bank.run(release)["ended"] == "rolled_back"
    assert timedelta(days=14) <= bank.now() - START < timedelta(days=15)
    assert bank.looks < 1000


def test_of_two_releases_the_second_waits_and_is_simulated_against_the_first():
    bank = Bank(OLD, NEW, OTHER)
    first, second = (bank.propose(each)["id"] for each in (NEW, OTHER))
    ended = []

    def before(path, _body):
        if path.startswith(f"/v1/releases/{second}/canary") and bank.known(first)["state"] == "draft":
            ended.append(bank.run(first)["state"])  # overtakes it

    bank.before = before
    assert bank.run(second)["state"] == "live"
    assert ended == ["live"]
    assert bank.known(second)["simulation"]["against"] == NEW.id


@pytest.mark.parametrize("argument", [None, {}, {"release": ""}, {"release": 5}])
def test_it_wants_a_release(argument):
    bank = Bank(OLD)
    with pytest.raises(WorkflowError, match="Start it with the id of a release"):
        Loop(bank.clock).run(Machine(RELEASE, bank).run(argument))
