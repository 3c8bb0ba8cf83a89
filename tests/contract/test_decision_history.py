"""Decisions, read from the interaction history."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from emulators import bigquery as emulator
from emulators.children import Child
from emulators.ports import Ports
from emulators.probes import tcp
from emulators.processes import Supervisor
from shared.adapters import memory
from shared.adapters.envelope import envelope
from shared.adapters.sealed_history import sealed_row
from shared.domain.errors import ErasedError, TransientError
from shared.messages.rows import canonical_row, ended_row, erased_row
from shared.ports import Ended
from tests.contract.conftest import ON_EMULATORS
from tests.contract.samples import NOW, PATIENCE_SECONDS, record, row, signal

ROOT = Path(__file__).parents[2]
SEALER = memory.new_sealer(memory.Store())


@dataclass
class Histories:
    """A history to read, and a way to put rows into it."""

    history: Any
    put: Callable[..., None]


@pytest.fixture(scope="session")
def bigquery_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The BigQuery emulator, with credentials of a user who is signed in for ever, so that no token is asked for."""
    # optional packages: what a machine lacks is left out, and the end of the run says so
    if absent := emulator.missing():
        pytest.skip(f"BigQuery's emulator needs {', '.join(absent)}. To get them: make setup")
    home = tmp_path_factory.mktemp("bigquery")
    credentials = home / "credentials.json"
    credentials.write_text(
        json.dumps(
            {
                "type": "authorized_user",
                "client_id": "local",
                "client_secret": "local",
                "refresh_token": "local",
                "token": "local",
                "expiry": "9999-12-31T00:00:00Z",
                "quota_project_id": "kairos-local",
            }
        )
    )
    ports = Ports()
    port = ports.take()
    with Supervisor(home) as supervisor, pytest.MonkeyPatch.context() as patch:
        supervisor.start(Child("bigquery", emulator.command(port, home), ROOT, tcp(port)))
        supervisor.wait_ready(["bigquery"], within_seconds=60)
        patch.setenv("BIGQUERY_EMULATOR_HOST", f"http://127.0.0.1:{port}")
        patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(credentials))
        patch.setenv("NO_PROXY", "127.0.0.1")
        yield f"http://127.0.0.1:{port}"
    ports.release()


@pytest.fixture(params=["memory", pytest.param("bigquery", marks=ON_EMULATORS)])
def histories(request: pytest.FixtureRequest, project: str) -> Histories:
    if request.param == "memory":
        history = memory.DecisionHistory(SEALER, lambda: NOW)
        return Histories(history, lambda row: history.deliver(*envelope(row)))
    return in_bigquery(request.getfixturevalue("bigquery_host"), project)


def in_bigquery(host: str, project: str) -> Histories:
    from emulators.provisioning import bigquery_client, provision_bigquery  # noqa: PLC0415 - slow, not always there
    from emulators.pump import row_of  # noqa: PLC0415
    from shared.adapters.bigquery import DecisionHistory  # noqa: PLC0415

    client = bigquery_client(host, project)
    provision_bigquery(yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8")), client)
    table = client.get_table(f"{project}.kairos.history")

    def put(row) -> None:
        assert client.insert_rows_json(table, [row_of(envelope(row).data, table.schema)]) == []

    return Histories(DecisionHistory(project, SEALER, clock=lambda: NOW), put)


def text(**changes) -> str:
    return msgspec.json.encode(msgspec.structs.replace(record(), **changes)).decode()


def test_a_decision_comes_back_as_it_was_recorded(histories):
    histories.put(row(record=text()))
    assert histories.history.decision("d-1") == record()


def test_what_is_not_there_yet_is_none(histories):
    histories.put(row(record=text()))
    assert histories.history.decision("d-2") is None
    assert histories.history.decision("' OR 1=1 --") is None


def test_a_signal_that_started_no_decision_says_why(histories):
    ended = ended_row("d-1", "p-1", signal(), "no_trigger", NOW)
    for told in (msgspec.structs.replace(ended, repeated=True, outcome="re_entry"), ended):
        histories.put(sealed_row(SEALER, told))
    assert histories.history.decision("d-1") is None
    assert histories.history.ended("d-1") == Ended("no_trigger", NOW, signal())
    assert histories.history.ended("d-2") is None


def test_a_signal_of_somebody_who_was_erased_says_nothing(histories):
    histories.put(erased_row("d-1", NOW))
    with pytest.raises(ErasedError):
        histories.history.ended("d-1")


def test_a_repeated_row_does_no_harm(histories):
    histories.put(row(record=text()))
    histories.put(row(record=text()))
    assert histories.history.decision("d-1") == record()


HOUR = timedelta(hours=1)
TOLD = {
    "what had an effect": [("reserved", True, HOUR), ("all_withheld", False, -HOUR), ("excluded", False, -HOUR)],
    "what is remembered": [("all_withheld", True, HOUR), ("nothing_qualified", False, -HOUR)],
    "what was told when it happened": [("reserved", False, HOUR), ("reserved", True, -HOUR)],
    "the earlier": [("excluded", False, -HOUR), ("nothing_qualified", False, HOUR)],
    "the earlier of what is told again": [("all_withheld", True, -HOUR), ("all_withheld", True, HOUR)],
}
"""What counts, and after it what else was told under the same id: its outcome, whether it was told again, and when."""


@pytest.mark.parametrize("backwards", [False, True], ids=["in order", "backwards"])
@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD)
def test_of_what_was_told_in_different_words_one_counts(histories, told, backwards):
    rows = [
        row(
            outcome=outcome,
            repeated=repeated,
            occurred_at=NOW + later,
            record=text(result=outcome, reserved_at=NOW + later, excluded_by=f"number {number}"),
        )
        for number, (outcome, repeated, later) in enumerate(told)
    ]
    for each in reversed(rows) if backwards else rows:
        histories.put(each)
    assert histories.history.decision("d-1").excluded_by == "number 0"


DAYS = {
    "today": (timedelta(), None, True),
    "a month ago": (timedelta(days=30), None, True),
    "longer ago": (timedelta(days=32), None, False),
    "on its day": (timedelta(days=400), timedelta(days=400), True),
    "on the day before": (timedelta(days=400), timedelta(days=399), True),
    "on the day after": (timedelta(days=400), timedelta(days=401), True),
    "on another day": (timedelta(days=400), timedelta(days=397), False),
}


@pytest.mark.parametrize(("ago", "asked", "found"), DAYS.values(), ids=DAYS)
def test_the_last_month_is_looked_through_or_the_days_around_a_day(histories, ago, asked, found):
    histories.put(row(occurred_at=NOW - ago, record=text()))
    day = None if asked is None else (NOW - asked).date()
    assert histories.history.decision("d-1", day) == (record() if found else None)


def test_outcomes_of_a_decision_are_not_its_record(histories):
    histories.put(row("outcome", row_id="r-0", record='{"reason": null}'))
    histories.put(row(row_id="r-2"))
    assert histories.history.decision("d-1") is None
    histories.put(row(row_id="r-1", record=text()))
    assert histories.history.decision("d-1") == record()


DAY = NOW.date()


def test_a_day_has_its_rows_in_the_order_of_time_and_id(histories):
    told = [
        row("outcome", row_id="r-2", record='{"reason": null, "cost": 5.0}'),
        row(row_id="r-1", record=text(), reads=3, repeated=True),
        row("signal", row_id="r-0", occurred_at=NOW + HOUR, outcome="late_signal"),
    ]
    for each in [*told, row(row_id="r-3", occurred_at=NOW + timedelta(days=1))]:
        histories.put(each)

    found = list(histories.history.rows(DAY))

    assert [each.row_id for each in found] == ["r-1", "r-2", "r-0"]
    assert [canonical_row(each) for each in found] == [canonical_row(told[n]) for n in (1, 0, 2)]


def test_a_day_has_its_decisions_each_as_it_happened(histories):
    for number in ("1", "0", "f"):
        for outcome, repeated in (("nothing_qualified", False), ("reserved", True)):
            told = text(decision_id=f"d-{number}", result=outcome)
            decision = {"row_id": f"d-{number}", "decision_id": f"d-{number}"}
            histories.put(row(**decision, outcome=outcome, repeated=repeated, record=told))
    histories.put(row("outcome", decision_id="d-0", record="{}"))

    found = list(histories.history.decisions(DAY))

    assert [(each.decision_id, each.result) for each in found] == [(f"d-{n}", "reserved") for n in "01f"]
    assert [each.decision_id for each in histories.history.decisions(DAY, "d-1")] == ["d-1"]
    assert histories.history.count(DAY) == 6
    assert (histories.history.count(DAY + timedelta(days=1)), list(histories.history.decisions(DAY, "e"))) == (0, [])


@ON_EMULATORS
def test_when_bigquery_is_away_the_answer_comes_in_time(bigquery_host, project, monkeypatch):
    from google.api_core.retry import Retry, if_exception_type  # noqa: PLC0415

    from shared.adapters import bigquery  # noqa: PLC0415

    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")
    retry = Retry(predicate=if_exception_type(*bigquery.PASSING), initial=0.1, timeout=1.0)
    monkeypatch.setattr(bigquery, "RETRY", retry)
    started = time.monotonic()
    with pytest.raises(TransientError):
        bigquery.DecisionHistory(project, SEALER).decision("d-1")
    assert time.monotonic() - started < PATIENCE_SECONDS
