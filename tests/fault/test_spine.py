"""The spine as its callers see it: real HTTP in, the provider's receipts out, under duplicates, races and bad input."""

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from rich.console import Console

from cli.watching import Watch
from emulators.embedded import Embedded
from emulators.local import Bank

ROOT = Path(__file__).resolve().parents[2]
NOBODY_STOPS = threading.Event()


@pytest.fixture(scope="module", params=["embedded", pytest.param("emulators", marks=pytest.mark.emulators)])
def run(request, tmp_path_factory):
    state = tmp_path_factory.mktemp(request.param)
    bank = Bank(ROOT)
    watch = Watch(bank.revision, Console(file=io.StringIO()))
    if request.param == "embedded":
        with Embedded(bank, state=state) as platform:
            platform.on_row(watch.hear)
            yield SimpleNamespace(platform=platform, watch=watch, kind="embedded")
        return
    from emulators.bank_on_emulators import BankOnEmulators  # noqa: PLC0415 - only where the emulators are
    from emulators.tail import Tail  # noqa: PLC0415

    with (
        BankOnEmulators(bank, state=state, on_function_death="report") as platform,
        Tail(platform.local.project, platform.local.emulators["pubsub"], watch.hear),
    ):
        yield SimpleNamespace(platform=platform, watch=watch, kind="emulators")


def send(run, signals):
    """Send all at once; the ids of their decisions."""
    ids = []
    with (
        httpx.Client(
            base_url=run.platform.endpoints["ingest"], headers=run.platform.headers["ingest"], timeout=60
        ) as client,
        ThreadPoolExecutor(10) as pool,
    ):
        for answer in pool.map(lambda signal: client.post("/v1/signals", json=signal), signals):
            assert answer.status_code == 202, answer.text
            run.watch.sent("somebody", "test", answer.json(), time.time())
            ids += [item["decision_id"] for item in answer.json()["accepted"]]
    return ids


def signal(number, customer):
    return {"id": number, "type": "page_viewed", "source": "test", "identifiers": {"customer_no": customer}}


def messages(run, decision_ids):
    """What the providers got of these decisions."""
    assert run.watch.wait(120, NOBODY_STOPS), f"{run.watch.unsettled()} signals did not come to an end"
    received = httpx.get(run.platform.endpoints["sandbox"] + "/received", timeout=30).json()["received"]
    wanted = {run.watch._decisions[decision_id].delivery_id for decision_id in decision_ids} - {None}
    return [message for message in received if message["delivery_id"] in wanted]


def test_a_signal_becomes_a_message(run):
    [decision] = send(run, [signal("one", "C000001")])

    [message] = messages(run, [decision])

    assert message["body"]["to"]
    row = run.watch._outcomes[decision]
    assert (row.outcome, row.reads, row.writes) == ("sent", 5, 5)


def test_the_same_signal_twenty_times_at_once_is_one_message(run):
    decisions = send(run, [signal("same", "C000002")] * 20)

    assert len(set(decisions)) == 1
    assert len(messages(run, decisions)) == 1


def test_fifty_signals_of_one_person_at_once_under_a_cap_of_two_are_two_messages(run):
    decisions = send(run, [signal(f"many-{number}", "C000003") for number in range(50)])

    assert len(set(decisions)) == 50
    assert len(messages(run, decisions)) == 2


@pytest.mark.parametrize(
    ("path", "body", "kind", "status"),
    [
        ("/v1/signals", b"{", "application/json", 400),
        ("/v1/signals", b"\xff\x00\x01", "application/json", 400),
        ("/v1/signals", b"[]", "application/json", 400),
        ("/v1/signals", b" " * (2 << 20), "application/json", 413),
        ("/v1/signals", b"{}", "application/xml", 415),
        ("/v1/sources/nope", b"{}", "application/json", 404),
    ],
)
def test_bad_input_is_a_precise_problem(run, path, body, kind, status):
    url, headers = run.platform.endpoints["ingest"] + path, run.platform.headers["ingest"]

    answer = httpx.post(url, content=body, headers={**headers, "content-type": kind}, timeout=30)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert headers["x-api-key"] not in answer.text
    assert "Traceback" not in answer.text


def test_a_bad_item_is_named_and_the_good_one_taken(run):
    with httpx.Client(base_url=run.platform.endpoints["ingest"], headers=run.platform.headers["ingest"]) as client:
        answer = client.post("/v1/signals", json=[signal("good", "C000004"), {"type": "page_viewed"}])

    assert answer.status_code == 202
    run.watch.sent("somebody", "test", answer.json(), time.time())
    [refused] = answer.json()["rejected"]
    assert refused["index"] == 1
    assert "identifiers" in str(refused["problem"])


def test_rubbish_pushed_to_a_function_is_parked_and_acknowledged(run):
    before = run.platform.parked()
    url, headers = run.platform.endpoints["identity"], run.platform.headers["identity"]

    assert httpx.post(url, content=b"rubbish", headers=headers, timeout=30).status_code == 204
    assert httpx.post(url, content=b"rubbish", timeout=30).status_code == 401
    assert run.platform.parked() == before + 1
