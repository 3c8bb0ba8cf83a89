"""Scoring while a decision waits: in time or not at all, whoever breaks, and nothing that outlasts its process."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading

import pytest

from shared.adapters.scoring.circuit import OPEN_SECONDS, OPENS_AFTER, Circuit
from shared.adapters.scoring.in_time import InTime

INSTANCES = [{"channel": "email"}, {"channel": "web"}, {}]


def test_who_is_late_is_left_alone_and_its_request_goes_on():
    now, let_go = 0.0, threading.Event()
    asked = []

    def slow(instances):
        asked.append(len(instances))
        let_go.wait(30.0)
        return [0.5] * len(instances)

    scorer = InTime(slow, 0.001, lambda: now)
    for _ in range(OPENS_AFTER + 1):
        assert scorer(INSTANCES) == [None] * 3
    assert len(asked) == OPENS_AFTER
    now = OPEN_SECONDS
    assert [scorer(INSTANCES), scorer(INSTANCES)] == [[None] * 3] * 2
    assert len(asked) == OPENS_AFTER + 1  # one tries whether it is back
    let_go.set()
    assert InTime(slow, 30.0, lambda: now)(INSTANCES) == [0.5] * 3


def test_whatever_is_wrong_with_an_estimator_a_decision_is_made_without_it():
    asked = []

    def broken(instances):
        asked.append(instances)
        raise RuntimeError("who knows what")

    scorer = InTime(broken, 30.0, lambda: 0.0)
    for _ in range(OPENS_AFTER + 1):
        assert scorer(INSTANCES) == [None] * 3
    assert len(asked) == OPENS_AFTER


def test_of_all_who_wait_for_one_that_failed_one_tries_it_again():
    now = 0.0
    circuit = Circuit(lambda: now)
    for _ in range(OPENS_AFTER):
        assert circuit.lets()
        circuit.note(failed=True)
    assert not circuit.lets()
    now = OPEN_SECONDS
    assert [circuit.lets() for _ in range(3)] == [True, False, False]
    circuit.note(failed=False)
    assert circuit.lets()


def test_threads_are_used_again_and_end_with_the_estimator():
    ran: list[threading.Thread] = []

    def noting(instances):
        ran.append(threading.current_thread())
        return [0.5] * len(instances)

    scorer = InTime(noting, 30.0)
    for _ in range(50):
        assert scorer(INSTANCES) == [0.5] * 3
    assert len({*ran}) < 50
    del scorer
    gc.collect()
    for thread in ran:
        thread.join(30.0)
        assert not thread.is_alive()


LATE = {
    "an estimator": """
from shared.adapters.scoring.in_time import InTime
print(InTime(lambda _: threading.Event().wait(300.0), 0.001)([{}]))
""",
    "a name": """
from shared.adapters.channels.egress import Egress
from shared.domain.errors import NotTakenError
try:
    Egress(resolve=lambda *_: threading.Event().wait(300.0)).way("a.example", 443, security="tls", seconds=0.001)
except NotTakenError:
    print([None])
""",
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_a_process_ends_while_something_is_late(late):
    ended = subprocess.run(
        [sys.executable, "-c", f"import threading{late}"], capture_output=True, timeout=60.0, check=True
    )
    assert ended.stdout == b"[None]\n"
