"""An execution that was cut off anywhere goes on to the end that it would have had, and does nothing twice of which it
knows what came.
"""

from __future__ import annotations

import json

import pytest

from emulators.workflows.language.reading import read
from emulators.workflows.running.clocks import JumpingClock
from emulators.workflows.running.loop import Loop
from emulators.workflows.running.machine import Machine
from emulators.workflows.running.outside import Answer
from emulators.workflows.running.past import Outcome, Past
from emulators.workflows.serving.journal import Arrived, Begun, Came, Ended, Journal, Listens
from emulators.workflows.serving.places import Places
from emulators.workflows.serving.server import Server

DEFINITION = """
main:
  params: [args]
  steps:
    - begin:
        assign: [{got: []}, {id: '${uuid.generate()}'}, {began: '${sys.now()}'}]
    - at_once:
        parallel:
          shared: [got]
          concurrency_limit: 2
          for:
            value: n
            in: [1, 2, 3]
            steps:
              - ask:
                  try:
                    call: http.get
                    args: {url: '${"http://there/" + string(n)}'}
                    result: answer
                  retry: {predicate: '${http.default_retry_predicate}', max_retries: 3, backoff: {initial_delay: 1}}
              - nap: {call: sys.sleep, args: {seconds: '${10 - n}'}}
              - keep: {assign: [{got: '${list.concat(got, answer.body.n)}'}]}
    - listen:
        call: events.create_callback_endpoint
        args: {http_callback_method: POST}
        result: callback
    - wait:
        call: events.await_callback
        args: {callback: '${callback}', timeout: 100}
        result: said
    - end:
        return: {got: '${got}', id: '${id}', took: '${sys.now() - began}', said: '${said.body}'}
"""


class There:
    """A world in which every second request fails, and the callback is called once."""

    def __init__(self, arrive):
        self.sent, self._arrive = [], arrive

    def send(self, request):
        self.sent.append(request.url)
        number = int(request.url[-1])
        failed = number == 2 and self.sent.count(request.url) == 1
        body = json.dumps({"n": number}).encode()
        return Answer(503 if failed else 200, {"Content-Type": "application/json"}, body)

    def create_callback(self, method):
        self._arrive("http://here/callback", {"body": method})
        return "http://here/callback"

    def environment(self):
        return {}

    def log(self, severity, said):
        pass

    def step(self, routine, step, line):
        pass


class Kept:
    """Keeps what came of effects."""

    def __init__(self):
        self.outcomes = []

    def came(self, outcome):
        self.outcomes.append(outcome)


def run(past, arrivals=()):
    """What an execution comes to, what it kept, and what it sent."""
    kept = Kept()
    loop = Loop(JumpingClock(1000.0), Past(past, arrivals), kept)
    world = There(loop.arrive)
    return loop.run(Machine(read(DEFINITION), world).run({})), kept.outcomes, world.sent


def test_an_execution_goes_on_from_wherever_it_was_cut_off():
    whole, outcomes, sent = run([])
    assert len(sent) == 4
    assert sorted(whole["got"]) == [1, 2, 3]
    for cut in range(len(outcomes) + 1):
        before = outcomes[:cut]
        made = any(outcome.value == "http://here/callback" for outcome in before)
        arrived = [("http://here/callback", {"body": "POST"})] if made else []

        again, further, sent_again = run(before, arrived)

        assert again["said"] == "POST"
        assert sorted(again["got"]) == [1, 2, 3]
        assert len(sent_again) >= len(sent) - sum(isinstance(outcome.value, Answer) for outcome in before)
        if cut:
            assert again["id"] == whole["id"]
        if not further:
            assert (again, sent_again) == (whole, [])


@pytest.mark.parametrize("cut_off", [b"\x00\x00\x00\x09half", b"\x00" * 64])
def test_what_is_written_is_read_as_it_was_but_for_what_was_cut_off(tmp_path, cut_off):
    journal = Journal(tmp_path)
    name = "projects/p/locations/l/workflows/w/executions/e"
    answer = Outcome(2, 3, Answer(200, {"A": "b"}, b"\xff"))
    records = [
        Begun(name=name, argument="{}", revision="1-a", started=1.5, labels={}, source="x"),
        Came(1, 0, None),
        Came(3, 1, {"message": "no", "tags": ["HttpError"]}, "error"),
        Listens("c", "http://here/c", "POST"),
        Arrived("http://here/c", {"body": [1, None]}),
        Ended(state="SUCCEEDED", at=2.5, result="1"),
    ]
    log = journal.log("e")
    for record in records:
        log.write(record)
    log.came(answer)
    file = tmp_path / "executions" / "e"
    with file.open("ab") as half:
        half.write(cut_off)

    [[*found, last]] = journal.executions()
    assert found == records
    assert last.outcome() == answer
    assert Journal(tmp_path).executions() == [[*found, last]]


WAITS = """
main:
  steps:
    - listen: {call: events.create_callback_endpoint, args: {http_callback_method: POST}, result: callback}
    - wait: {call: events.await_callback, args: {callback: '${callback}', timeout: 3600}, result: said}
    - end: {return: '${said.body}'}
"""
NAME = "projects/p/locations/l/workflows/waits"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_server_goes_on_with_what_another_left(tmp_path, when):
    first = Server(Places(), "http://here", journal=Journal(tmp_path))
    first.deploy(NAME, WAITS, {"labels": {"a": "b"}}, replace=False)
    first.deploy(f"{NAME}2", "main:\n  steps:\n    - end: {return: 2}\n", {}, replace=False)
    left, done = first.start(NAME, "null"), first.start(f"{NAME}2", "null")
    assert done.wait(10)
    while not left.callbacks:
        assert not left.wait(0.01)
    [callback] = left.callbacks
    if when == "before":
        left.kept.write(Arrived(left.callbacks[callback].url, {"body": "hello"}))

    second = Server(Places(), "http://here", journal=Journal(tmp_path))
    second.go_on()
    again = second.execution(left.name)
    if when == "after":
        again.called(again.callbacks[callback], {"body": "hello"})

    assert again.wait(10)
    assert (again.state, again.result, again.started) == ("SUCCEEDED", '"hello"', left.started)
    assert second.execution(done.name).result == "2"
    assert second.workflow(NAME).labels == {"a": "b"}
    left.cancel()
