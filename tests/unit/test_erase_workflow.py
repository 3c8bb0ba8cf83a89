"""An erasure by workflow waits until nothing can be in flight any more, in a time that jumps there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulators.workflows.language.reading import read
from emulators.workflows.running.clocks import JumpingClock
from emulators.workflows.running.failures import WorkflowError
from emulators.workflows.running.loop import Loop
from emulators.workflows.running.machine import Machine
from emulators.workflows.running.outside import Answer

ERASE = read((Path(__file__).parents[2] / "workflows" / "erase.yaml").read_text(encoding="utf-8"))
ASKED = {"person": "p-1", "case": "DSR-1"}


class Privacy:
    """A world in which privacy finishes an erasure at the so manyth run."""

    def __init__(self, finished_at_run):
        self.asked, self.logged, self._finished = [], [], finished_at_run

    def send(self, request):
        self.asked.append(request.url.removeprefix("http://privacy"))
        erasure = {"id": "e-1", "case": "DSR-1", "again_at": "1970-01-01T00:20:00Z"}
        if len(self.asked) >= self._finished:
            erasure["finished_at"] = "1970-01-01T00:20:01Z"
        return Answer(200, {"Content-Type": "application/json"}, json.dumps({"erasure": erasure}).encode())

    def connect(self, connector, arguments):
        return Answer(200, {"Content-Type": "application/json"}, b'"key"')

    def token(self, kind, audience):
        return "token"

    def environment(self):
        return {"PRIVACY_URL": "http://privacy", "GOOGLE_CLOUD_PROJECT_ID": "bank"}

    def log(self, severity, said):
        self.logged.append((severity, said))

    def step(self, *_):
        pass


def run(privacy, **asked):
    clock = JumpingClock(1000.0)
    return Loop(clock).run(Machine(ERASE, privacy).run({**ASKED, **asked})), clock.now()


def test_it_ends_when_the_erasure_is_finished():
    privacy = Privacy(finished_at_run=3)
    report, now = run(privacy)
    assert report["erasure"]["finished_at"]
    assert privacy.asked == ["/v1/erasures", "/v1/erasures/e-1", "/v1/erasures/e-1"]
    assert now >= 1200
    assert privacy.logged[-1][1]["finished"]


def test_or_leaves_that_to_the_clock():
    privacy = Privacy(finished_at_run=3)
    report, now = run(privacy, wait=False)
    assert "finished_at" not in report["erasure"]
    assert (len(privacy.asked), now) == (1, 1000.0)


@pytest.mark.parametrize("missing", ["person", "case"])
def test_it_wants_a_person_and_a_case(missing):
    with pytest.raises(WorkflowError, match="Start it with"):
        run(Privacy(1), **{missing: ""})


def test_it_does_not_wait_for_ever():
    with pytest.raises(WorkflowError, match="not finished after ten runs"):
        run(Privacy(1000))
