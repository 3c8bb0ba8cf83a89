"""What `kairos bench` computes, merges and prints; nothing here is timed."""

# ruff: noqa: RUF001 - the sign of a ratio

import gc
import importlib
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import yaml
from click.testing import CliRunner
from rich.console import Console

from cli.bench import bench, is_within
from cli.bench.chain import usage
from cli.bench.cold_start import clients, clients_of
from cli.bench.engine import bank, load_once
from cli.bench.engine.decider import Decider
from cli.bench.learning.contacts import contacts
from cli.bench.learning.figures import auc, calibration_error
from cli.bench.learning.ours import Ours
from cli.bench.load import Target, content_length, requests
from cli.bench.peers.topology import hops, with_empty_chain
from cli.bench.results import Figures, Machine, percentile, result, say, table
from shared.messages import HistoryRow

ROOT = Path(__file__).resolve().parents[2]
TOPOLOGY = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
HERE = Machine(cpu="a processor", cores=2, python="3.11.7", memory=8 * 2**30)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [
        ([7], 50, 7),
        ([7], 99, 7),
        ([3, 1, 2], 50, 2),
        ([4, 3, 2, 1], 50, 2),
        (range(1, 101), 50, 50),
        (range(1, 101), 95, 95),
        (range(1, 101), 99, 99),
        (range(1, 201), 99, 198),
        ([1.23456], 50, 1.235),
    ],
)
def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed(values, share, expected):
    assert percentile(list(values), share) == expected


def test_figures_sum_up_what_was_measured():
    assert Figures.of([3.0, 1.0, 2.0, 10.0]) == Figures(median=2, p50=2, p95=10, p99=10, worst=10, samples=4)


def test_a_ratio_is_that_of_the_medians():
    measured = result("spine.decide", "ms", [3, 3, 9], peers={"empty function": [2, 2, 2]}, limit=3)

    assert measured.bench == "spine"
    assert measured.ratios == {"empty function": 1.5}
    assert measured.peers["empty function"].p99 == 2
    assert measured.problems() == []


def test_a_ratio_above_the_limit_is_a_problem_that_names_the_peer():
    measured = result("spine.latency", "ms", [7], peers={"empty chain": [2]}, limit=1.6)

    assert measured.problems() == ["spine.latency: 3.5 × empty chain, where at most 1.6 × is allowed"]


def test_without_a_peer_the_limit_is_that_of_the_worst_value():
    assert result("spine.usage.message.reads", "documents", [5, 5, 6], limit=6).problems() == []
    assert result("spine.usage.message.reads", "documents", [5] * 100 + [7], limit=6).problems() == [
        "spine.usage.message.reads: 7 documents, where at most 6 are allowed"
    ]


def test_a_figure_may_have_a_limit_of_its_own_beside_those_of_its_ratios():
    within = result("build.5000", "s", [2, 3, 9], peers={"yaml": [1]}, bench="engine", most=3)
    beyond = result("build.5000", "s", [2, 4, 9], peers={"yaml": [1]}, bench="engine", most=3)

    assert within.problems() == []
    assert beyond.problems() == ["build.5000: 4 s, where at most 3 are allowed"]


def test_a_client_without_use_is_a_problem():
    measured = result("spine.cold_start.ingest", "ms", [1], imports=("firestore", "storage"), unused=("storage",))

    assert measured.problems() == ["spine.cold_start.ingest: imports storage, which it does not use"]


def test_results_as_json(capsys):
    measured = result("spine.latency", "ms", [3.0], peers={"empty chain": [2.0]}, limit=1.6)

    say([measured, result("spine.usage.nothing.reads", "documents", [2.0])], as_json=True, here=HERE)

    told = json.loads(capsys.readouterr().out)
    figures = {"median": 3.0, "p50": 3.0, "p95": 3.0, "p99": 3.0, "worst": 3.0, "samples": 1}
    assert told["machine"] == {"cpu": "a processor", "cores": 2, "python": "3.11.7", "memory": 8589934592}
    assert told["results"][0] == {
        **figures,
        "bench": "spine",
        "name": "spine.latency",
        "unit": "ms",
        "ratios": {"empty chain": 1.5},
        "limit": 1.6,
        "peers": {"empty chain": {**figures, "median": 2.0, "p50": 2.0, "p95": 2.0, "p99": 2.0, "worst": 2.0}},
    }
    assert told["results"][1]["ratios"] == {}
    assert "limit" not in told["results"][1]


def test_results_as_a_table(capsys):
    made = table(
        [
            result("spine.latency", "ms", [345.6], peers={"empty chain": [200.0]}, limit=1.6),
            result("spine.decide", "ms", [1.2345], peers={"empty function": [1.0]}, limit=3),
            result("spine.usage.message.reads", "documents", [5.0], limit=6, imports=("firestore",)),
            result("memory.5000", "MB", [30.0], peers={"json": [40.0]}, bench="engine", most=40),
        ]
    )

    Console(width=130, color_system=None).print(made)

    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[1] == ["spine.latency", "346", "346", "346", "346", "ms", "✗"]
    assert lines[2] == ["empty", "chain", "200", "200", "200", "200", "ms", "1.73", "×", "1.6", "×"]
    assert lines[3] == ["spine.decide", "1.23", "1.23", "1.23", "1.23", "ms", "✓"]
    assert lines[5] == ["spine.usage.message.reads", "5", "5", "5", "5", "documents", "6", "✓"]
    assert lines[6] == ["imports", "firestore"]
    assert lines[7] == ["memory.5000", "30", "30", "30", "30", "MB", "40", "✓"]
    assert lines[8] == ["json", "40", "40", "40", "40", "MB", "0.75", "×"]


@pytest.mark.parametrize(
    ("name", "wanted", "expected"),
    [
        ("spine.latency", ("spine",), True),
        ("spine.latency", ("spine.latency",), True),
        ("spine.cold_start.ingest", ("spine.usage", "spine.cold_start"), True),
        ("spine.latency", ("spine.decide",), False),
        ("spine.latencies", ("spine.latency",), False),
        ("spine", ("spine.latency",), False),
    ],
)
def test_a_name_stands_for_itself_and_what_is_under_it(name, wanted, expected):
    assert is_within(name, wanted) is expected


def test_the_empty_chain_has_a_function_for_each_of_ours_between_source_and_provider():
    merged = with_empty_chain(TOPOLOGY)

    added = set(merged["services"]) - set(TOPOLOGY["services"])
    ours = ("ingest", "identity", "eligibility", "arbitration", "suppression", "delivery")
    assert added == {f"empty-{name}" for name in ours}
    assert [merged["services"][f"empty-{name}"]["target"] for name in ours] == ["accept", *["relay"] * 4, "send"]
    assert {name: merged["services"][name] for name in TOPOLOGY["services"]} == TOPOLOGY["services"]


def test_the_empty_chain_hangs_together_and_touches_no_topic_of_ours():
    merged = with_empty_chain(TOPOLOGY)

    walked = hops(merged, "empty-ingest", "empty-delivery")

    assert len(walked) == len(hops(TOPOLOGY, "ingest", "delivery")) == 5
    for service, topic in walked:
        assert merged["services"][service]["environment"] == {"NEXT_TOPIC": topic}
        assert topic not in TOPOLOGY["topics"]
        assert topic in merged["topics"]
    assert {topic: merged["topics"][topic] for topic in TOPOLOGY["topics"]} == TOPOLOGY["topics"]


def test_the_empty_chain_is_pushed_to_as_ours_is():
    merged = with_empty_chain(TOPOLOGY)

    for ours in ("identity", "delivery"):
        [empty] = [s for s in merged["subscriptions"].values() if s["service"] == f"empty-{ours}"]
        real = TOPOLOGY["subscriptions"][ours]
        assert {**empty, "topic": real["topic"], "service": ours} == real


def test_a_chain_that_leads_nowhere_is_refused():
    with pytest.raises(ValueError, match="from decide to delivery"):
        hops(TOPOLOGY, "decide", "delivery")


def test_clients_are_known_by_their_modules():
    modules = [
        "google.cloud.firestore_v1.types.document",
        "google.cloud.firestore",
        "google.cloud.pubsub_v1",
        "google.cloud._helpers",
        "google.cloud.client",
        "google.cloud.functions_v1",
        "google.auth",
        "json",
    ]

    assert clients(modules) == {"firestore", "pubsub"}


def test_an_entrypoint_uses_the_clients_of_the_adapters_that_it_names():
    entrypoint = (ROOT / "functions" / "decide" / "main.py").read_text(encoding="utf-8")

    assert clients_of("import flask\nfrom shared.runtime.push import Push") == set()
    assert {"firestore", "pubsub", "bigquery"} <= clients_of(entrypoint)


def row(row_id, kind, outcome, **spent):
    at = datetime(2026, 11, 23, tzinfo=UTC)
    return HistoryRow(row_id=row_id, kind=kind, occurred_at=at, decision_id=row_id, outcome=outcome, **spent)


def test_usage_is_told_apart_by_how_a_signal_ended():
    rows = [
        row("1", "decision", "reserved", reads=3, writes=2, messages=4, bytes=100),
        row("2", "outcome", "sent", reads=5, writes=5, messages=6, bytes=300),
        row("3", "outcome", "failed", reads=9, writes=9, messages=9, bytes=900),
        row("4", "decision", "excluded", reads=2, writes=0, messages=2, bytes=50),
    ]

    told = {each.name: each for each in usage(rows)}

    assert told["spine.usage.message.reads"].median == 5
    assert told["spine.usage.message.writes"].limit == 5
    assert told["spine.usage.message.bytes"].samples == 1
    assert told["spine.usage.nothing.reads"].median == 2
    assert told["spine.usage.nothing.reads"].limit is None
    assert len(told) == 8


def test_usage_of_an_end_that_nothing_came_to_is_left_out():
    assert usage([]) == []


def test_requests_repeat_their_bodies_with_a_length_in_bytes():
    stream = requests(Target(port=1, path="/v1/decisions", headers={"x-api-key": "k"}, bodies=["{}", '"£"']))

    first, second, third = next(stream), next(stream), next(stream)

    assert first.startswith(b"POST /v1/decisions HTTP/1.1\r\nx-api-key: k\r\n")
    assert first.endswith(b"content-length: 2\r\n\r\n{}")
    assert second.endswith('content-length: 4\r\n\r\n"£"'.encode())
    assert third == first


def test_the_length_of_an_answer_is_found_in_any_case():
    assert content_length(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\nServer: x") == 12
    assert content_length(b"HTTP/1.1 200 OK\r\ncontent-length:7") == 7


@pytest.mark.parametrize(("options", "code"), [([], 1), (["--no-limits"], 0)])
def test_a_broken_limit_is_told_and_fails_unless_told_otherwise(monkeypatch, options, code):
    def measure(_counts, tell):
        tell("measuring")
        return [result("spine.decide", "ms", [9], peers={"empty function": [2]}, limit=3)]

    monkeypatch.setattr("cli.bench.PARTS", {measure: ("spine.decide",)})
    monkeypatch.setattr("cli.bench.signal.signal", lambda *_: None)

    answer = CliRunner().invoke(bench, ["spine", "--json", *options])

    assert answer.exit_code == code
    assert json.loads(answer.stdout)["results"][0]["ratios"] == {"empty function": 4.5}
    assert answer.stderr.splitlines()[0] == "· measuring"
    assert "4.5 × empty function" in answer.stderr


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc, which only Linux has")
@pytest.mark.parametrize("what", ["policy", "json"])
def test_what_is_loaded_once_says_what_it_took(tmp_path, capsys, what):
    canonical = bank.revision(20).catalogue.canonical()
    who, signal = bank.people(1)[0], bank.signal(0)
    asked = load_once.Asked(
        stored=zlib.compress(canonical), size=len(canonical), person=who, signal=signal, now=bank.NOW
    )
    file = tmp_path / "asked"
    file.write_bytes(msgspec.msgpack.encode(asked))

    load_once.main(str(file), what)

    assert msgspec.json.decode(capsys.readouterr().out, type=load_once.Loaded)


def test_an_unknown_name_is_misuse():
    assert CliRunner().invoke(bench, ["nothing"]).exit_code == 2


def test_every_part_has_a_module_that_measures_it():
    for module in (
        "chain",
        "deciding",
        "cold_start",
        "engine.policy",
        "engine.slots",
        "distributing",
        "engine.building",
        "engine.loading",
    ):
        assert callable(importlib.import_module(f"cli.bench.{module}").measure)


def test_a_decision_leaves_nothing_behind_that_only_the_collector_of_garbage_finds():
    decider = Decider(bank.revision(60, 5), bank.people(3))
    for person in range(3):
        decider(person)
    gc.collect()
    gc.disable()
    try:
        for person in range(3):
            decider(person)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_the_contacts_that_models_learn_from_are_in_order_and_without_what_is_known_too_late():
    some = contacts(400)

    assert len(some) == 400
    assert [contact.at for contact in some] == sorted(contact.at for contact in some)
    assert sum(contact.accepted for contact in some[:280]) < sum(contact.accepted for contact in some[280:])
    assert "duration" not in some[0].known


def test_auc_and_calibration_error():
    assert auc([0.1, 0.4, 0.35, 0.8], [False, False, True, True]) == 0.75
    assert auc([0.5, 0.5, 0.5], [True, False, True]) == 0.5
    assert calibration_error([0.25] * 8, [True, False, False, False] * 2) == pytest.approx(3 / 8)


def test_a_model_of_the_bench_learns_who_accepts():
    some = contacts(1500)
    model = Ours()
    before = [model.predict(contact) for contact in some[:3]]
    model.learn_all(some)

    assert len(set(before)) == 1
    assert auc([model.predict(contact) for contact in some], [contact.accepted for contact in some]) > 0.7
