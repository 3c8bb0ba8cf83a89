"""Releases over HTTP: who may do what, what is refused, and what comes of it for a decision."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest
from click.testing import CliRunner
from werkzeug.test import Client
from werkzeug.wrappers import Request

from cli.main import kairos
from functions.identity.handler import Identify
from functions.releases.api import routes, ticked
from functions.releases.handler import Govern
from shared.adapters import memory
from shared.domain.catalogue import Revision
from shared.domain.governance.audit import Entry
from shared.domain.governance.commands import Begin
from shared.domain.governance.in_force import Canary, is_in
from shared.domain.governance.release import Actor
from shared.domain.signal import Signal
from shared.messages import SignalReceived
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.pushers import check_of
from shared.runtime.service import Service, always_ready
from shared.runtime.settings import Pushed
from tests.corpus.tree_bank import hashed
from tests.corpus.tree_bank import revision as bank

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
KEYS = {
    "ada": {"key": "a"},
    "ada-on-the-train": {"key": "a2", "person": "ada"},
    "grace": {"key": "g"},
    "release": {"key": "r", "kind": "service"},
}
OLD = bank()
NEW = Revision(msgspec.structs.replace(OLD.catalogue, name="A change"))


class Desk:
    """The function, with one revision live and another kept."""

    def __init__(self) -> None:
        self.store, self.now, self.told = memory.Store(), NOW, []
        memory.Catalogues(self.store).keep(OLD)
        self.start()
        self.govern("live", Begin(revision=OLD.id, why="first"), Actor("kairos", is_person=False), NOW)

    def start(self) -> None:
        """Start it, with nothing read yet."""
        self.catalogues = memory.Catalogues(self.store, refresh_seconds=0)
        self.govern = Govern(
            memory.Releases(self.store),
            self.catalogues,
            bytes(32),
            lambda _attempt: None,
            lambda *said, **about: self.told.append((*said, about)),
        )
        settings = Pushed(google_cloud_project="-", k_service="releases", push_token="t")
        clock = lambda: self.now  # noqa: E731
        is_clock = check_of(settings, clock)
        keys = Keyring(json.dumps(KEYS))
        self.application = Request.application(
            Service(
                "releases",
                [*ticked(self.govern, is_clock, clock), *routes(self.govern, keys, clock)],
                ready=always_ready,
            )
        )
        self.http = Client(self.application)

    def post(self, path, body=None, key="a"):
        return self.http.post(path, json=body or {"why": "because"}, headers={"x-api-key": key})

    def get(self, path, key="a"):
        return self.http.get(path, headers={"x-api-key": key})

    def proposed(self, until="draft", revision=NEW):
        """A release of a change, as far as it is to come."""
        canonical = revision.catalogue.canonical()
        kept = self.http.post(
            "/v1/revisions", data=canonical, content_type="application/json", headers={"x-api-key": "a"}
        )
        assert kept.json == {
            "revision": revision.id,
            "actions": len(revision.actions),
            "treatments": len(revision.treatments),
        }
        release = self.post("/v1/releases", {"revision": revision.id, "why": "better"}).json
        for state, step, body, key in (
            ("checked", "check", {"passed": True}, "r"),
            ("simulated", "simulation", {"passed": True, "figures": {"reach": 0.6}}, "r"),
            ("approved", "approve", None, "g"),
            ("canary", "canary", {"share": 25}, "r"),
            ("live", "promote", {}, "r"),
        ):
            if release["state"] == until:
                break
            release = self.post(f"/v1/releases/{release['id']}/{step}", body, key).json
            assert release["state"] == state, release
        return release


@pytest.fixture
def desk():
    return Desk()


def test_a_release_from_its_proposal_to_its_end(desk):
    release = desk.proposed("live")
    told = desk.get("/v1/releases").json

    assert told["in_force"] == {"revision": NEW.id, "release": release["id"]}
    assert [each["state"] for each in told["releases"]] == ["live", "retired"]
    assert (release["author"], release["check"]["by"], release["approval"]["by"]) == ("ada", "release", "grace")
    rolled = desk.post(f"/v1/releases/{release['id']}/rollback", {"why": "complaints"}, "r").json
    assert (rolled["state"], rolled["ended"]) == ("retired", "rolled_back")
    assert desk.get(f"/v1/releases/{release['id']}").json == rolled
    assert desk.get("/v1/releases").json["in_force"]["revision"] == OLD.id
    log = desk.get("/v1/audit").json
    assert [each["command"]["do"] for each in log["entries"]] == [
        "begin",
        "propose",
        "check",
        "simulation",
        "approve",
        "canary",
        "promote",
        "rollback",
    ]
    assert desk.get(f"/v1/audit/verification?head={log['head']}").json["agrees"]
    assert [each["number"] for each in desk.get("/v1/audit?after=6").json["entries"]] == [7, 8]


def test_another_key_of_the_same_person_does_not_approve_for_them(desk):
    release = desk.proposed("simulated")

    for key, says in (("a", "author"), ("a2", "author"), ("r", "only a person")):
        answer = desk.post(f"/v1/releases/{release['id']}/approve", key=key)
        assert answer.status_code == 403
        assert says in answer.json["detail"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/v1/releases", {"revision": "sha256:00", "why": "-"}, 404),
        ("POST", "/v1/releases", {"revision": NEW.id}, 400),
        ("POST", "/v1/releases", {"revision": NEW.id, "why": "-", "state": "live"}, 400),
        ("POST", "/v1/releases?environment=Live", {"revision": NEW.id, "why": "-"}, 400),
        ("POST", "/v1/revisions", {}, 400),
        ("POST", "/v1/revisions", {**json.loads(NEW.catalogue.canonical()), "name": "x", "version": 1}, 400),
        ("POST", "/v1/releases/r-0/approve", {"why": "-"}, 404),
        ("POST", "/v1/releases/LIVE/canary", {"share": 5}, 409),
        ("POST", "/v1/releases/LIVE/canary", {"share": 6}, 400),
        ("POST", "/v1/releases/LIVE/check", {"passed": True, "figures": {"much": "x" * 9000}}, 409),
        ("POST", "/v1/releases/LIVE/promote", {"effective_at": "2026-12-01T06:00:00"}, 400),
        ("POST", "/v1/releases/LIVE/rollback", {"why": "-"}, 409),
        ("POST", "/v1/freezes", {"from": "2026-12-24T00:00Z", "until": "2026-12-24T00:00Z", "why": "-"}, 400),
        ("POST", "/v1/freezes/f-9/lift", {"why": "-"}, 404),
        ("POST", "/v1/switches", {"kind": "person", "id": "x", "off": True, "why": "-"}, 400),
        ("POST", "/v1/switches", {"kind": "action", "id": "x", "off": True, "why": "-"}, 400),
        ("POST", "/v1/switches?environment=lvie", {"kind": "channel", "id": "email", "off": True, "why": "-"}, 404),
        ("GET", "/v1/audit?after=-1", None, 400),
        ("GET", "/v1/audit?after=99999999999999999999", None, 400),
        ("GET", "/v1/audit/verification?head=x", None, 400),
    ],
)
def test_what_is_refused_changes_nothing(desk, method, path, body, status):
    live = desk.get("/v1/releases").json["in_force"]["release"]
    answer = desk.http.open(path.replace("LIVE", live), method=method, json=body, headers={"x-api-key": "a"})

    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.json
    assert len(desk.get("/v1/audit").json["entries"]) == 1


@pytest.mark.parametrize("path", ["/v1/releases", "/v1/switches", "/v1/audit", "/v1/audit/verification"])
def test_nobody_asks_without_a_key(desk, path):
    assert desk.get(path, key="x").status_code == 401
    assert desk.post("/v1/releases", key="x").status_code == 401
    assert desk.post("/v1/revisions", key="x").status_code == 401
    assert desk.post("/").status_code == 401


def test_what_only_a_canary_had_that_was_rolled_back_can_be_switched_off_in_flight(desk):
    brands = (*OLD.catalogue.brands, msgspec.structs.replace(OLD.catalogue.brands[0], id="pop_up"))
    release = desk.proposed("canary", Revision(msgspec.structs.replace(OLD.catalogue, brands=brands)))
    assert desk.post(f"/v1/releases/{release['id']}/rollback").status_code == 200

    switch = {"kind": "brand", "id": "pop_up", "off": True, "why": "wrong rate shown"}
    assert desk.post("/v1/switches", switch).status_code == 200
    assert [each["id"] for each in desk.get("/v1/switches").json["switches"]] == ["pop_up"]


def test_a_switch_does_not_wait_for_a_revision_that_cannot_be_read(desk):
    desk.store.revisions[OLD.id] = b"{}"
    desk.start()
    switch = {"kind": "channel", "id": "email", "off": True, "why": "provider sends twice"}

    assert desk.post("/v1/switches", switch).status_code == 200
    assert desk.told[-2][:2] == ("ERROR", "a revision cannot be read: what is switched off was not looked for")


def test_an_overdue_review_is_alarmed_every_hour(desk):
    release = desk.proposed("checked")
    desk.post(f"/v1/releases/{release['id']}/emergency")
    tick = {"authorization": "Bearer t"}

    assert desk.http.post("/", headers=tick).json == {"overdue": 0}
    desk.now += timedelta(days=2)
    assert desk.http.post("/", headers=tick).json == {"overdue": 1}
    assert desk.told[-1][:2] == ("ERROR", "a review of an emergency is overdue")
    assert desk.get("/v1/releases").json["reviews"][0]["overdue"]
    assert desk.post(f"/v1/releases/{release['id']}/review", {"accepted": True, "why": "-"}, "g").status_code == 200
    assert desk.http.post("/", headers=tick).json == {"overdue": 0}


def test_a_person_of_a_canary_is_decided_on_by_it_from_end_to_end(desk):
    release = desk.proposed("canary")
    canary = Canary(revision=NEW.id, release=release["id"], share=25)
    persons = memory.Persons(desk.store, RequestMeter())
    ids = iter(f"p-{number}" for number in range(40))
    identify = Identify(desk.catalogues, persons, lambda: next(ids))

    found = {}
    for number in range(40):
        signal = Signal(
            id=f"s-{number}",
            type="page_viewed",
            at=NOW,
            received_at=NOW,
            source="branch",
            identifiers={"customer_no": hashed("customer_no", f"N{number}")},
        )
        received = SignalReceived(message_id=signal.id, decision_id=f"d-{number}", occurred_at=NOW, signal=signal)
        [identified] = identify(received, NOW, asked=True)
        found[identified.person_id] = identified.revision

    assert found == {person: (NEW if is_in(canary, person) else OLD).id for person in found}
    assert set(found.values()) == {OLD.id, NEW.id}


class OnWire:
    """The function as the command line finds it on this machine."""

    def __init__(self, desk):
        self.people = {"local": "a", "colleague": "g"}
        self._desk = desk

    def client(self, _function):
        transport = httpx.WSGITransport(app=self._desk.application)
        return httpx.Client(base_url="http://releases", transport=transport, trust_env=False)


def test_the_command_line_says_what_was_tampered_with(desk, monkeypatch):
    monkeypatch.setattr("cli.governed.running", lambda: OnWire(desk))
    release = desk.proposed("simulated")

    def said(*args, code=0):
        ran = CliRunner().invoke(kairos, args)
        assert ran.exit_code == code, ran.output
        return ran.output

    assert "somebody other than ada has to" in said("catalogue", "approve", "--why", "ok", code=1)
    said("catalogue", "approve", release["revision"][:12], "--why", "ok", "--as", "colleague")
    assert "Nobody here is called eve" in said("audit", "--as", "eve", code=1)
    assert "5 entries agree" in said("audit", "verify")
    known = msgspec.json.decode(desk.store.audit["live", 5], type=Entry)
    desk.store.audit["live", 5] = msgspec.json.encode(msgspec.structs.replace(known, by="eve"))
    assert "entry 5, signature: approve of r-" in said("audit", "verify", code=1)
    desk.store.audit["live", 3] = b"rubbish"
    assert "entry 3, missing: 3, gone or not to be read, before simulation of r-" in said("audit", "verify", code=1)
