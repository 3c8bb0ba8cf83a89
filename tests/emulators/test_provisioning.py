"""What the topology declares exists on the real emulators, and does what it says."""

import json
import secrets
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from google.api_core.exceptions import BadRequest
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from emulators import bigquery, google
from emulators.children import Child
from emulators.ports import Ports
from emulators.probes import http_ok
from emulators.processes import Supervisor
from emulators.provisioning import (
    bigquery_client,
    provision_bigquery,
    provision_pubsub,
    push_endpoint,
    written_by_bigquery,
)
from emulators.pump import Pump
from tests.served import served

pytestmark = pytest.mark.emulators

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "kairos-test"
TOKEN = "a token / with + signs"
TOPOLOGY = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
WRITTEN = [each["name"] for each in written_by_bigquery(TOPOLOGY)]


class Emulators:
    """Pub/Sub and BigQuery, with clients."""

    def __init__(self, pubsub_port: int, bigquery_port: int, bigquery_pid: int) -> None:
        self.bigquery_pid = bigquery_pid
        self.pubsub_host = f"127.0.0.1:{pubsub_port}"
        channel = grpc.insecure_channel(self.pubsub_host)
        self.publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        self.subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        self.bigquery = bigquery_client(f"http://127.0.0.1:{bigquery_port}", PROJECT)

    def provision(self, topology: dict[str, Any], endpoints: dict[str, str]) -> None:
        provision_pubsub(topology, PROJECT, self.pubsub_host, endpoints, TOKEN)


@pytest.fixture(scope="module")
def emulators(tmp_path_factory):
    installation = google.find()
    assert isinstance(installation, google.Installation)
    state, ports = tmp_path_factory.mktemp("emulators"), Ports()
    pubsub_port, bigquery_port = ports.take(), ports.take()
    with Supervisor(state) as supervisor:
        command = bigquery.command(bigquery_port, state / "bigquery")
        supervisor.start(Child("pubsub", installation.pubsub(pubsub_port), ROOT, http_ok(pubsub_port, "/")))
        supervisor.start(Child("bigquery", command, ROOT, http_ok(bigquery_port, "/readyz")))
        supervisor.wait_ready(["pubsub", "bigquery"], within_seconds=60)
        yield Emulators(pubsub_port, bigquery_port, supervisor.pids()["bigquery"])
    ports.release()


@pytest.fixture
def push_target():
    """A service that acknowledges what says `"ok": "1"` and refuses the rest: its address and what it received."""
    received: list[tuple[str, dict[str, Any]]] = []
    changed = threading.Condition()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            with changed:
                received.append((self.path, body))
                changed.notify_all()
            self.send_response(204 if body["message"]["attributes"].get("ok") == "1" else 503)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    def wait(count):
        with changed:
            assert changed.wait_for(lambda: len(received) >= count, 30), f"received {received}"
            return list(received)

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}", wait


def pull(emulators: Emulators, name: str, count: int) -> list[Any]:
    """Pull and acknowledge messages until there are `count`; each pull waits for some."""
    path, messages = emulators.subscriber.subscription_path(PROJECT, name), []
    while len(messages) < count:
        pulled = emulators.subscriber.pull(subscription=path, max_messages=count, timeout=30).received_messages
        emulators.subscriber.acknowledge(subscription=path, ack_ids=[each.ack_id for each in pulled])
        messages += [each.message for each in pulled]
    return messages


def test_everything_declared_exists_as_declared_however_often_it_is_created(emulators):
    endpoints = {name: f"http://127.0.0.1:{9000 + number}" for number, name in enumerate(TOPOLOGY["services"])}
    for _ in range(2):
        emulators.provision(TOPOLOGY, endpoints)

    topics = {topic.name for topic in emulators.publisher.list_topics(project=f"projects/{PROJECT}")}
    assert topics == {emulators.publisher.topic_path(PROJECT, name) for name in TOPOLOGY["topics"]}
    found = {
        each.name.rpartition("/")[2]: each
        for each in emulators.subscriber.list_subscriptions(project=f"projects/{PROJECT}")
    }
    assert set(found) == {*TOPOLOGY["subscriptions"], *TOPOLOGY["pull_subscriptions"], *WRITTEN}
    for name, declared in TOPOLOGY["subscriptions"].items():
        subscription = found[name]
        assert subscription.topic.rpartition("/")[2] == declared["topic"]
        assert subscription.ack_deadline_seconds == declared["ack_deadline_seconds"]
        assert "retry_policy" not in subscription, "the emulator strands messages under one (docs/adr/0015)"
        assert subscription.dead_letter_policy.max_delivery_attempts == declared["max_delivery_attempts"]
        assert subscription.dead_letter_policy.dead_letter_topic.rpartition("/")[2] == declared["dead_letter_topic"]
        assert subscription.push_config.push_endpoint == push_endpoint(endpoints[declared["service"]], TOKEN)
    for name in (*TOPOLOGY["pull_subscriptions"], *WRITTEN):
        assert not found[name].push_config.push_endpoint


def test_a_refused_push_comes_again_with_its_token_and_then_goes_to_the_dead_letters(emulators, push_target):
    address, wait = push_target
    attempts = 5  # the fewest that Pub/Sub allows
    subscription = {
        "topic": "probes",
        "service": "probe",
        "ack_deadline_seconds": 10,
        "minimum_backoff_seconds": 0,
        "maximum_backoff_seconds": 1,
        "max_delivery_attempts": attempts,
        "dead_letter_topic": "probe-dead-letters",
    }
    emulators.provision(
        {
            "topics": {"probes": {}, "probe-dead-letters": {}},
            "subscriptions": {"probe": subscription},
            "pull_subscriptions": {
                "probe-dead-letters": {"topic": "probe-dead-letters", "ack_deadline_seconds": 10},
            },
        },
        {"probe": address},
    )
    topic = emulators.publisher.topic_path(PROJECT, "probes")

    emulators.publisher.publish(topic, b"good", ok="1").result(timeout=10)
    emulators.publisher.publish(topic, b"poison", colour="red").result(timeout=10)
    received = wait(1 + attempts)
    (dead,) = pull(emulators, "probe-dead-letters", 1)

    assert {path for path, _ in received} == {push_endpoint("", TOKEN)}
    assert [body["message"]["data"] for _, body in received].count("Z29vZA==") == 1
    assert dead.data == b"poison"
    assert dead.attributes["colour"] == "red"
    assert dead.attributes["CloudPubSubDeadLetterSourceSubscription"] == "probe"
    assert dead.attributes["CloudPubSubDeadLetterSourceDeliveryCount"] == str(attempts)


def history_row(number: int, **changes: Any) -> dict[str, Any]:
    row = {
        "row_id": f"row-{number}",
        "kind": "decision" if number % 3 else "outcome",
        "occurred_at": f"2026-03-01T10:00:{number:02d}.123456Z",
        "outcome": "reserved",
        "reads": number,
        "record": {"candidates": [{"action": "isa", "propensity": number / 100}], "note": "Grüße"},
    }
    return {**row, **changes}


def test_the_pump_moves_rows_to_bigquery_and_what_is_no_row_to_the_dead_letters(emulators):
    emulators.provision(TOPOLOGY, dict.fromkeys(TOPOLOGY["services"], "http://127.0.0.1:9"))
    for _ in range(2):
        provision_bigquery(TOPOLOGY, emulators.bigquery)
    table = emulators.bigquery.get_table(f"{PROJECT}.kairos.history")
    assert table.time_partitioning.field == "occurred_at"
    assert table.clustering_fields == ["kind", "decision_id", "person_id"]
    pump = Pump(
        emulators.subscriber,
        emulators.publisher,
        emulators.bigquery,
        subscription=emulators.subscriber.subscription_path(PROJECT, "history-to-bigquery"),
        dead_letters=emulators.publisher.topic_path(PROJECT, "dead-letters"),
        table=f"{PROJECT}.kairos.history",
    )
    bad = [
        b"\xff\xfe",
        b"[]",
        json.dumps(history_row(90, colour="red")).encode(),
        json.dumps(history_row(91, kind=None)).encode(),
        json.dumps(history_row(92, reads="many")).encode(),
    ]
    topic = emulators.publisher.topic_path(PROJECT, "history")
    for data in [*(json.dumps(history_row(number)).encode() for number in range(30)), *bad]:
        emulators.publisher.publish(topic, data).result(timeout=10)

    moved = 0
    while moved < 30:
        moved += pump.move_batch()
    dead = pull(emulators, "dead-letters", len(bad))

    assert moved == 30
    assert sorted(message.data for message in dead) == sorted(bad)
    assert all(message.attributes["dead_letter_reason"] for message in dead)
    counts = emulators.bigquery.query_and_wait(
        "SELECT kind, COUNT(*) AS n FROM kairos.history GROUP BY kind ORDER BY kind"
    )
    assert [(row.kind, row.n) for row in counts] == [("decision", 20), ("outcome", 10)]
    (row,) = emulators.bigquery.query_and_wait("SELECT * FROM kairos.history WHERE row_id = 'row-7'")
    assert row.record == history_row(7)["record"]
    assert row.occurred_at.isoformat() == "2026-03-01T10:00:07.123456+00:00"


def test_bigquery_keeps_a_table_once_however_often_rows_are_added(emulators):
    provision_bigquery(TOPOLOGY, emulators.bigquery)
    table = emulators.bigquery.get_table(f"{PROJECT}.kairos.history")

    def megabytes() -> float:
        said = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(emulators.bigquery_pid)], capture_output=True, check=True, text=True
        )
        return int(said.stdout) / 1024

    before = megabytes()
    for number in range(100):  # 6 MB of rows; a copy of the table at each insert would be 300 MB
        record = json.dumps({"note": secrets.token_hex(30_000)})
        row = history_row(0, row_id=f"large-{number}", occurred_at="2026-03-01T10:00:00Z", record=record)
        assert not emulators.bigquery.insert_rows_json(table, [row])

    assert megabytes() - before < 100


def test_a_query_that_fails_says_so(emulators):
    with pytest.raises(BadRequest, match="division by zero"):
        emulators.bigquery.query_and_wait("SELECT 1 / 0", retry=None, job_retry=None)
