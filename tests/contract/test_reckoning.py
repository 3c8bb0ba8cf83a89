"""What was accepted, held against the history: by SQL as in memory."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from shared.adapters import memory
from shared.adapters.envelope import envelope
from shared.adapters.memory.reckoning import Reckoning as InMemory
from shared.messages import HistoryRow, SignalReceived
from shared.ports import Counted, Unended, Untold
from tests.contract.conftest import ON_EMULATORS
from tests.contract.samples import NOW, signal
from tests.contract.test_decision_history import bigquery_host  # noqa: F401 - a fixture

ROOT = Path(__file__).parents[2]
TOPOLOGY = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
HOUR = timedelta(hours=1)
MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0)
DAY = MIDNIGHT, MIDNIGHT + 24 * HOUR


class Told(NamedTuple):
    """What a test tells: signals by the ids of their decisions, and rows."""

    signals: dict[str, timedelta]
    rows: list[HistoryRow]


@pytest.fixture(params=["memory", pytest.param("bigquery", marks=ON_EMULATORS)])
def reckoning(request, project):
    """Makes a reckoning of what is told."""
    if request.param == "memory":
        return in_memory
    from emulators.provisioning import bigquery_client, provision_bigquery  # noqa: PLC0415 - not always there
    from emulators.pump import row_of  # noqa: PLC0415
    from shared.adapters.reckoning import Reckoning  # noqa: PLC0415

    client = bigquery_client(request.getfixturevalue("bigquery_host"), project)
    provision_bigquery(TOPOLOGY, client)

    def put(name, messages):
        table = client.get_table(f"{project}.kairos.{name}")
        rows = [row_of(envelope(each).data, table.schema, drops_others=name == "accepted") for each in messages]
        assert client.insert_rows_json(table, rows) == []

    def make(told):
        put("history", told.rows)
        put("accepted", received(told))
        return Reckoning(project)

    return make


def in_memory(told):
    history = memory.DecisionHistory(memory.new_sealer(memory.Store()))
    found = InMemory(history, lambda: MIDNIGHT + 48 * HOUR)
    for row in told.rows:
        history.deliver(*envelope(row))
    for each in received(told):
        found.deliver(*envelope(each))
    return found


def received(told):
    """The messages, twice: what is delivered at least once may come more often."""
    return [
        SignalReceived(message_id=f"{each}:signal.received", decision_id=each, occurred_at=at, signal=signal())
        for each, after in told.signals.items()
        for at in (MIDNIGHT + after, MIDNIGHT + after + HOUR)
    ]


def row(decision, outcome="reserved", at=HOUR, kind="decision", **known):
    return HistoryRow(
        row_id=known.pop("row_id", decision),
        kind=kind,
        occurred_at=MIDNIGHT + at,
        decision_id=decision,
        person_id="p-1",
        outcome=outcome,
        **known,
    )


def reserved(decision, **known):
    return row(decision, delivery_id=f"v-{decision}", treatment="saver.email", action="saver", **known)


def ended(decision, outcome="sent", **known):
    return row(decision, outcome, kind="outcome", row_id=f"{outcome}-{decision}", delivery_id=f"v-{decision}", **known)


TOLD = Told(
    {
        "d-sent": HOUR,
        "d-none": HOUR,
        "d-late": HOUR,
        "d-lost": 2 * HOUR,
        "d-parked": HOUR,
        "d-of-the-day-before": -HOUR,
        "d-of-the-day-after": 25 * HOUR,
    },
    [
        reserved("d-sent"),
        reserved("d-sent", repeated=True),
        ended("d-sent"),
        row("d-none", "nothing_qualified"),
        row("d-late", "late_signal", kind="signal"),
        reserved("d-redriven", at=30 * HOUR),
        reserved("d-asked", asked="web"),
        row("d-of-nobody", "all_withheld"),
    ],
)


def test_every_signal_of_a_day_came_to_something_or_is_named(reckoning):
    found = reckoning(TOLD)
    assert found.counted(*DAY) == Counted(decided=2, ended=1, untold=2, unaccepted=1)
    assert list(found.untold(*DAY, 10)) == [
        Untold("d-parked", MIDNIGHT + HOUR),
        Untold("d-lost", MIDNIGHT + 2 * HOUR),
    ]
    assert len(found.untold(*DAY, 1)) == 1


def test_a_signal_that_comes_again_on_another_day_is_of_the_first(reckoning):
    found = reckoning(Told({"d-1": 23.5 * HOUR}, [reserved("d-1", at=23.6 * HOUR)]))
    assert found.counted(*DAY) == Counted(1, 0, 0, 0)
    assert found.counted(DAY[1], DAY[1] + 24 * HOUR) == Counted(0, 0, 0, 0)


def test_on_the_day_on_which_noting_begins_what_was_before_is_no_gap(reckoning):
    rows = [reserved(f"d-{hour}", at=hour * HOUR) for hour in (1, 2, 4)]
    found = reckoning(Told({"d-first": 1.5 * HOUR}, rows))
    assert found.counted(*DAY) == Counted(decided=0, ended=0, untold=1, unaccepted=1)
    assert found.counted(DAY[0] - 24 * HOUR, DAY[0]) == Counted(0, 0, 0, 0)


@pytest.mark.parametrize("end", ["sent", "failed", "expired", "cancelled"])
def test_what_was_reserved_ends_in_one_of_four_ways(reckoning, end):
    found = reckoning(Told({}, [reserved("d-1"), ended("d-1", end), reserved("d-2"), ended("d-2", "click")]))
    assert list(found.unended(*DAY, 10)) == [Unended("v-d-2", "p-1", MIDNIGHT + HOUR)]
    assert not found.unended(MIDNIGHT + 2 * HOUR, DAY[1], 10)


def test_contacts_are_counted_by_treatment_once_each(reckoning):
    found = reckoning(TOLD)
    assert found.reserved(MIDNIGHT) == {"saver.email": 3}
    assert found.reserved(MIDNIGHT + 2 * HOUR) == {"saver.email": 1}
