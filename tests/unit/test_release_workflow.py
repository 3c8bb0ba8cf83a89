"""The workflow of a release, where a person says from when on it is live."""

from __future__ import annotations

import json
from pathlib import Path

from emulators.workflows.language.reading import read
from emulators.workflows.running.clocks import JumpingClock
from emulators.workflows.running.loop import Loop
from emulators.workflows.running.machine import Machine
from emulators.workflows.running.outside import Answer

RELEASE = read((Path(__file__).parents[2] / "workflows" / "release.yaml").read_text(encoding="utf-8"))
CANARY = {"id": "r-1", "revision": "sha256:1", "state": "canary", "author": "ada", "share": 25, "share_at": "-"}


class Outside:
    """A world in which a canary of a quarter went well, and is live from an instant on."""

    def __init__(self, clock, live_from):
        self.told, self._clock, self._live_from = [], clock, live_from

    def send(self, request):
        path = request.url.partition("?")[0].removeprefix("http://")
        if request.method == "POST":
            self.told.append(path)
        release = {**CANARY, "live_from": "1970-01-01T03:00:00Z"}
        if self._clock.now() >= self._live_from:
            release["state"] = "live"
        answers = {
            "releases/v1/releases/r-1": release,
            "releases/v1/in-force": {"revision": "sha256:0", "release": "r-0"},
            "records/v1/guards": {"verdict": "go_on", "said": "nothing is tripped", "guards": []},
        }
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(answers.get(path, {})).encode())

    def connect(self, connector, arguments):
        return Answer(200, {"Content-Type": "application/json"}, b'"key"')

    def token(self, kind, audience):
        return "token"

    def environment(self):
        urls = {f"{name.upper()}_URL": f"http://{name}" for name in ("releases", "simulation", "records")}
        return {**urls, "GOOGLE_CLOUD_PROJECT_ID": "bank"}

    def log(self, severity, said):
        pass

    def step(self, *_):
        pass


def test_what_somebody_promoted_from_an_instant_on_is_watched_until_then_and_not_promoted_before():
    clock = JumpingClock(1000.0)
    outside = Outside(clock, live_from=10_800.0)

    report = Loop(clock).run(Machine(RELEASE, outside).run({"release": "r-1"}))

    assert report["state"] == "live"
    assert outside.told == []
    assert clock.now() >= 10_800
