"""The sample payloads: every one is taken in under the sample catalogue, and only its user's id is replaced."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from emulators.samples import Sample, load
from functions.ingest.handler import Ingest
from shared import authoring
from shared.domain.catalogue import Revision
from shared.domain.identifiers import keyed_hash
from shared.domain.policy.policy import Policy
from shared.messages import Publishable, SignalReceived

ROOT = Path(__file__).parents[2] / "catalogue"
SAMPLES = ROOT / "samples"
KEY = b"k" * 32
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class OneRevision:
    def __init__(self, revision: Revision) -> None:
        self.policy = Policy(revision)

    def current(self) -> Policy:
        return self.policy

    def get(self, revision: str) -> Policy:
        return self.policy

    def publish(self, revision: Revision) -> None:
        raise NotImplementedError


class Recorder:
    def __init__(self) -> None:
        self.messages: list[SignalReceived] = []

    def publish(self, messages: Sequence[Publishable]) -> None:
        self.messages += [message for message in messages if isinstance(message, SignalReceived)]


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return load(SAMPLES)


@pytest.fixture(scope="module")
def received(samples: list[Sample]) -> list[SignalReceived]:
    recorder = Recorder()
    ingest = Ingest(OneRevision(authoring.load(ROOT)), recorder, KEY)
    for sample in samples:
        answer = ingest(sample.source, sample.body, allowed_sources=frozenset(), trace="", now=NOW)
        assert not answer.rejected, (sample.name, answer.rejected)
    return recorder.messages


def test_every_sample_is_a_signal_of_its_own(samples: list[Sample], received: list[SignalReceived]) -> None:
    assert len(received) == len(samples) == 190
    assert len({message.message_id for message in received}) == 190
    assert sum(message.signal.is_late for message in received) == 22


def test_each_reaches_the_customer_the_table_names(samples: list[Sample], received: list[SignalReceived]) -> None:
    for sample, message in zip(samples, received, strict=True):
        expected = keyed_hash(KEY, "customer_no", sample.customer_no) if sample.customer_no else None
        assert message.signal.identifiers.get("customer_no") == expected, sample.name


def test_customers_exist_and_take_turns(samples: list[Sample]) -> None:
    with (SAMPLES / "customers.csv").open(newline="", encoding="utf-8") as table:
        customers = {row["customer_no"] for row in csv.DictReader(table)}
    signals = Counter(sample.customer_no for sample in samples if sample.customer_no)
    assert signals.keys() <= customers
    assert len(signals) == 80
    assert max(signals.values()) >= 4
    assert all(a.customer_no != b.customer_no for a, b in pairwise(samples) if a.customer_no)


def test_every_payload_that_ships_is_sent(samples: list[Sample]) -> None:
    shipped = {path.name for source in ("segment", "adobe-xdm") for path in (SAMPLES / source).glob("*.json")}
    assert {sample.name for sample in samples} == shipped


def differences(one: Any, other: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        return [found for name in one for found in differences(one[name], other[name], f"{path}/{name}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [found for i, held in enumerate(one) for found in differences(held, other[i], f"{path}/{i}")]
    return [] if one == other and type(one) is type(other) else [(path.rpartition("/")[2], other)]


def test_nothing_but_the_users_id_is_altered(samples: list[Sample]) -> None:
    for sample in samples:
        shipped = (SAMPLES / sample.source / sample.name).read_bytes()
        if not sample.customer_no:
            assert sample.body == shipped
            continue
        changed = differences(json.loads(shipped), json.loads(sample.body))
        assert changed, sample.name
        assert {value for _, value in changed} == {sample.customer_no}
        assert {field for field, _ in changed} <= {"userId", "user_id", "User ID", "xdm:id"}


def test_a_row_that_names_an_id_the_payload_lacks_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "segment").mkdir()
    (tmp_path / "segment" / "a.json").write_text('{"userId": "u1"}', encoding="utf-8")
    (tmp_path / "people.csv").write_text("payload,user_id,customer_no\nsegment/a.json,u2,C000001\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no user id 'u2'"):
        load(tmp_path)
