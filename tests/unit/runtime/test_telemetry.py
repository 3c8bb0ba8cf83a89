"""Logs: one JSON object a line, with the fields that Cloud Logging reads."""

from __future__ import annotations

import json
import threading
from contextvars import Context, copy_context

import pytest

from shared.domain.usage import Usage
from shared.runtime import trace
from shared.runtime.telemetry import log
from tests.contract.samples import NOW

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.split("\n") if line]


@pytest.mark.parametrize(("flags", "sampled"), [("01", True), ("00", False), ("03", True), ("02", False)])
def test_an_entry_within_a_request_is_tied_to_its_trace(flags, sampled, capsys, monkeypatch):
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "bank")

    def serve():
        trace.continue_from(f"{TRACE}-{flags}")
        log("WARNING", "it rains", decision_id="d-1")
        return trace.ids(trace.current())

    trace_id, span_id, _ = copy_context().run(serve)

    assert lines(capsys) == [
        {
            "severity": "WARNING",
            "message": "it rains",
            "decision_id": "d-1",
            "logging.googleapis.com/trace": f"projects/bank/traces/{trace_id}",
            "logging.googleapis.com/spanId": span_id,
            "logging.googleapis.com/trace_sampled": sampled,
        }
    ]


def test_an_entry_outside_of_a_request_has_no_trace(capsys):
    Context().run(log, "INFO", "started")

    assert lines(capsys) == [{"severity": "INFO", "message": "started"}]


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("DEBUG", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]),
        ("INFO", ["INFO", "WARNING", "ERROR", "CRITICAL"]),
        ("ERROR", ["ERROR", "CRITICAL"]),
        ("nonsense", ["INFO", "WARNING", "ERROR", "CRITICAL"]),
    ],
)
def test_entries_below_the_level_are_not_written(level, written, capsys, monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", level)

    for severity in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        log(severity, "it rains")

    assert [entry["severity"] for entry in lines(capsys)] == written


def test_whatever_a_field_holds_stays_one_line(capsys):
    log(
        "ERROR",
        "two\nlines\u2028and é",
        at=NOW,
        usage=Usage(reads=3),
        stack="a\nb",
        other=ValueError("x"),
        data=b"\xff",
    )

    [entry] = lines(capsys)
    assert entry["message"] == "two\nlines\u2028and é"
    assert entry["usage"] == {"reads": 3}
    assert entry["other"] == "x"


def test_entries_of_many_threads_do_not_mix(capsys):
    together = threading.Barrier(8)

    def write(number):
        together.wait()
        for _ in range(50):
            log("INFO", f"{number}" * 200)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted({entry["message"] for entry in lines(capsys)}) == [f"{number}" * 200 for number in range(8)]
