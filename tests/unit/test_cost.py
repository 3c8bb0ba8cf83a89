"""What it costs: counts by stage, and what they come to by a book of prices."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import yaml
from click.testing import CliRunner

from cli.cost.counting import Chain, Heard, reckon
from cli.cost.prices import TIB, Bill, Book, Counts, bill, together
from cli.main import kairos
from shared.domain.signal import Signal
from shared.domain.usage import Usage
from shared.messages import HistoryRow, SignalReceived

ROOT = Path(__file__).resolve().parents[2]
TOPOLOGY = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
NOW = datetime(2026, 11, 29, tzinfo=UTC)


def price(dollars):
    return {"dollars": dollars, "source": "here", "date": "2026-11-29"}


BOOK = msgspec.convert(
    {
        "prices": {
            "vcpu_second": price(2.0),
            "gib_second": price(4.0),
            "million_requests": price(1_000_000.0),
            "hundred_thousand_reads": price(100_000.0),
            "hundred_thousand_writes": price(300_000.0),
            "pubsub_tib": price(float(TIB)),
            "export_tib": price(2.0 * TIB),
            "log_gib": price(float(1024**3)),
        },
        "assumed": {
            "request_seconds": 3.0,
            "requests_at_once": 6,
            "log_bytes": 70,
            "requests_logged": 0.1,
            "smallest_message_bytes": 1000,
        },
    },
    Book,
)


def test_a_bill_is_worked_out_part_by_part():
    counts = Counts(
        cpu=1, memory_gib=0.5, requests=10, reads=2, writes=3, sent=[(1, 1), (1500, 2)], rows=[200], noted=[2000]
    )

    assert bill(counts, BOOK) == Bill(
        compute=10 * 3 / 6 * (1 * 2 + 0.5 * 4) + 10,
        firestore=2 * 1 + 3 * 3,
        messages=1000 * 2 + 1500 * 3,
        history=1000 * (1 + 2) + 2000 * 2,
        logs=10 * 7,
    )
    assert together([Bill(compute=1.0), Bill(compute=2.0, logs=3.0)]).total == 6.0


def test_the_stages_are_those_of_a_signal():
    chain = Chain(TOPOLOGY)

    assert chain.stages == ["ingest", "identity", "eligibility", "arbitration", "suppression", "delivery", "feedback"]
    assert list(chain.sent_by) == list(TOPOLOGY["topics"])[:6]


def received(decision_id, **usage):
    signal = Signal(id="1", type="page_viewed", at=NOW, received_at=NOW, source="web", identifiers={"cookie_id": "a"})
    return Heard(
        "signals-received",
        500,
        SignalReceived(
            message_id=decision_id, decision_id=decision_id, occurred_at=NOW, signal=signal, usage=Usage(**usage)
        ),
    )


def row(decision_id, kind, outcome, **more):
    return Heard(
        "history",
        900,
        HistoryRow(row_id=decision_id, kind=kind, occurred_at=NOW, decision_id=decision_id, outcome=outcome, **more),
    )


def test_a_stage_has_what_a_decision_cost_when_it_left_less_what_it_had_cost_before():
    heard = [received("d-1", reads=1), row("d-1", "signal", "no_trigger", reads=3, writes=1)]

    counted = reckon(heard, TOPOLOGY, signals=1, asked=0)

    ingest, identity = counted.stages["ingest"], counted.stages["identity"]
    assert (ingest.requests, ingest.reads, ingest.sent, ingest.noted) == (1, 1, [(500, 1)], [500])
    assert (identity.requests, identity.reads, identity.writes, identity.rows) == (1, 2, 1, [900])
    assert (counted.decided, counted.sent) == (0, 0)
    assert not counted.stages["eligibility"].requests


def test_a_decision_that_was_asked_for_is_decides_whatever_it_offers():
    rows = [row("d-1", "decision", "offered", asked="web", reads=3, rank=rank) for rank in (1, 2)]

    counted = reckon(rows, TOPOLOGY, signals=0, asked=1)

    assert (counted.stages["decide"].requests, counted.stages["decide"].reads) == (1, 3)
    assert counted.decided == 0


def test_a_message_sent_costs_what_the_budget_allows(monkeypatch):
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")  # what functions log stands apart from what is answered
    done = CliRunner().invoke(kairos, ["cost", "--signals", "20", "--asked", "2", "--json"])

    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    stages, counted = said["stages"], said["counted"]
    assert counted["signals"] == 20
    assert 0 < counted["sent"] <= counted["decided"] <= 20
    assert stages["delivery"]["writes"] <= 3 * stages["delivery"]["requests"]
    assert stages["eligibility"]["reads"] == stages["arbitration"]["reads"] == 0
    signals = sum(stage["dollars"]["total"] for name, stage in stages.items() if name != "decide")
    assert said["dollars_per"]["million_signals"] == pytest.approx(signals / 20 * 1_000_000)


def test_a_book_that_lacks_a_price_is_refused(tmp_path):
    book = yaml.safe_load((ROOT / "infra" / "prices.yaml").read_text(encoding="utf-8"))
    del book["prices"]["log_gib"]
    file = tmp_path / "prices.yaml"
    file.write_text(yaml.safe_dump(book), encoding="utf-8")

    done = CliRunner().invoke(kairos, ["cost", "--prices", str(file)])

    assert done.exit_code == 1
    assert "log_gib" in done.stderr
