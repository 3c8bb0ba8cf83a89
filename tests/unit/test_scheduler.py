"""The local scheduler: it sends when cron says so, in a time zone, and again where that is wanted."""

from __future__ import annotations

import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from emulators.scheduler import EVERY_MINUTE, Job, Scheduler
from emulators.schedules import jobs
from tests.served import served

TOPOLOGY = yaml.safe_load((Path(__file__).parents[2] / "shared" / "topology.yaml").read_text(encoding="utf-8"))


class Listener(ThreadingHTTPServer):
    """A server, the requests that it got, and a semaphore that counts them; it answers the first few with 503."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.requests, self.arrived, self.refuses = [], threading.Semaphore(0), 0
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        self.server.requests.append((self.path, self.headers["authorization"], body))
        self.send_response(503 if len(self.server.requests) <= self.server.refuses else 200)
        self.end_headers()
        self.server.arrived.release()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def heard():
    with served(Listener()) as server:
        yield server


def every_minute(url, name="deferral", **changes):
    return Job(name, EVERY_MINUTE, "Etc/UTC", url, {"authorization": "Bearer t"}, **changes)


def test_it_sends_when_a_minute_begins_and_goes_on(heard):
    minutes = itertools.chain([119.99], (119.99 + 60 * number for number in itertools.count()))
    scheduler = Scheduler([every_minute(f"{heard.url}/")], wall_clock=lambda: next(minutes))
    scheduler.start()
    for _ in range(3):
        assert heard.arrived.acquire(timeout=30)
    scheduler.stop()
    assert set(heard.requests) == {("/", "Bearer t", b"")}


def test_one_that_is_away_does_not_keep_the_others_from_their_turn(heard, caplog):
    Scheduler([every_minute("http://127.0.0.1:9/", "away"), every_minute(f"{heard.url}/")]).tick()
    assert heard.arrived.acquire(timeout=30)
    assert "away was not taken" in caplog.text


def test_what_fails_is_sent_again_as_often_as_it_may(heard):
    heard.refuses = 2
    minutes = itertools.chain([119.99, 119.99], itertools.repeat(120.0))
    job = every_minute(f"{heard.url}/", retries=5, first_pause_seconds=0.01)
    scheduler = Scheduler([job], wall_clock=lambda: next(minutes))
    scheduler.start()
    for _ in range(3):
        assert heard.arrived.acquire(timeout=30)
    scheduler.stop()
    assert len(heard.requests) == 3


def test_the_time_is_that_of_the_zone(heard):
    nine_in_london_in_july = 1_782_892_800.0  # 2026-07-01T08:00:00Z
    moments = itertools.chain([nine_in_london_in_july - 0.01] * 2, itertools.repeat(nine_in_london_in_july))
    job = Job("wave", "0 9 * * *", "Europe/London", f"{heard.url}/x", {}, b"{}")
    scheduler = Scheduler([job], wall_clock=lambda: next(moments))
    scheduler.start()
    assert heard.arrived.acquire(timeout=30)
    scheduler.stop()
    assert heard.requests == [("/x", None, b"{}")]


def test_the_topology_schedules_services_and_where_there_are_any_workflows():
    services = {each["service"] for each in TOPOLOGY["schedules"].values() if "service" in each}
    endpoints = {name: f"http://{name}" for name in services}
    plain = jobs(TOPOLOGY, endpoints, "bank", {})
    assert {(job.name, job.cron) for job in plain} == {
        (name, each["cron"]) for name, each in TOPOLOGY["schedules"].items() if "service" in each
    }
    found = {job.name: job for job in jobs(TOPOLOGY, {**endpoints, "workflows": "http://w"}, "bank", {})}
    weigh, seal = found["weigh"], found["seal"]
    assert seal.url == "http://w/v1/projects/bank/locations/europe-west2/workflows/seal/executions"
    assert weigh.url.endswith("/workflows/weigh/executions")
    assert {json.loads(json.loads(job.body)["argument"])["day"] for job in (weigh, seal)} == {"yesterday"}
