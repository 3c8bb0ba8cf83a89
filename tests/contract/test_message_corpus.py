"""Every consumer that the topology names takes every message of its topic that was ever published, and parks what is
none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import msgspec
import pytest
import yaml
from google.cloud.bigquery import SchemaField

from emulators.embedded import Embedded
from emulators.pump import row_of
from shared.adapters import memory
from shared.adapters.envelope import DEAD_LETTERS, DELIVERY_COUNT, SOURCE_SUBSCRIPTION
from shared.domain.contact import Contact
from shared.domain.decision import DecisionRecord
from shared.domain.delivery import Delivery
from shared.domain.errors import AlreadyExistsError
from shared.domain.explanation import explain
from shared.domain.policy.policy import Policy
from shared.messages import MESSAGES
from shared.runtime import envelope
from shared.runtime.world import utc_now
from tests.corpus.tree_bank import CORPUS, TreeBank, revision

ROOT = CORPUS.parents[1]
TOPOLOGY = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
TYPE_OF = {topic: declared["message"] for topic, declared in TOPOLOGY["topics"].items() if topic != DEAD_LETTERS}
PUSHED = {name: TYPE_OF[declared["topic"]] for name, declared in TOPOLOGY["subscriptions"].items()}
SCHEMAS = {
    file.stem: json.loads(file.read_bytes()) for file in (ROOT / "shared" / "messages" / "schemas").glob("*.json")
}
MESSAGE_FILES = sorted((CORPUS / "messages").glob("*/*.json"))
RUBBISH = CORPUS / "rubbish"
REASONS: dict[str, dict[str, str]] = yaml.safe_load((RUBBISH / "reasons.yaml").read_text(encoding="utf-8"))
WHOLE_BODY = "envelope"


def name(file: Path) -> str:
    return f"{file.parent.name}/{file.name}"


def files_of(kind: str) -> list[Path]:
    return [file for file in MESSAGE_FILES if file.parent.name == kind]


# What the corpus holds


@pytest.mark.parametrize("file", MESSAGE_FILES, ids=name)
def test_a_message_fits_its_committed_schema(file):
    jsonschema.Draft202012Validator(SCHEMAS[file.parent.name]).validate(json.loads(file.read_bytes()))


@pytest.mark.parametrize("kind", TYPE_OF.values())
def test_every_type_is_there_small_whole_and_as_it_was_before(kind):
    assert {"minimal", "full", "older"} <= {file.stem for file in files_of(kind)}


@pytest.mark.parametrize("kind", [str(message.__struct_config__.tag) for message in MESSAGES])
def test_every_type_is_there_as_it_may_become(kind):
    future = json.loads((CORPUS / "messages" / kind / "future.json").read_bytes())

    assert unknown_fields(future, SCHEMAS[kind])


@pytest.mark.parametrize("kind", TYPE_OF.values())
def test_every_field_of_a_type_stands_in_some_message(kind):
    seen = {field for file in files_of(kind) for field in fields(json.loads(file.read_bytes()), SCHEMAS[kind])}

    declared = {
        (title, field) for title, schema in SCHEMAS[kind]["$defs"].items() for field in schema.get("properties", {})
    }
    assert declared - seen == set(), "record a message that has it, see tests/corpus/README.md"


def test_there_is_rubbish_for_every_consumer_and_each_with_its_reason():
    files = {(file.parent.name, file.name) for file in RUBBISH.glob("*/*")}

    assert files == {(folder, file) for folder, reasons in REASONS.items() for file in reasons}
    assert set(REASONS) == {WHOLE_BODY, "any", *PUSHED.values()}


def test_nothing_is_there_that_nobody_takes():
    assert {file.parent.name for file in MESSAGE_FILES} == set(TYPE_OF.values())


def walk(value: Any, schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """(struct, field, whether the schema knows it) of every field in a message."""
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for option in schema.get("anyOf", []):
        if option.get("type") != "null" and value is not None:
            yield from walk(value, option, definitions)
    if isinstance(value, list):
        for item in value:
            yield from walk(item, schema.get("items", {}), definitions)
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        for field, held in value.items():
            if known:
                yield schema["title"], field, field in known
            yield from walk(held, known.get(field) or schema.get("additionalProperties") or {}, definitions)


def fields(value: Any, schema: dict[str, Any]) -> set[tuple[str, str]]:
    return {(title, field) for title, field, known in walk(value, schema, schema["$defs"]) if known}


def unknown_fields(value: Any, schema: dict[str, Any]) -> set[tuple[str, str]]:
    return {(title, field) for title, field, known in walk(value, schema, schema["$defs"]) if not known}


# Who takes it


class Doors:
    """The embedded platform, as Pub/Sub sees it."""

    def __init__(self, platform: Embedded) -> None:
        self.platform = platform
        self._http = httpx.Client(trust_env=False)

    def push(self, subscription: str, body: bytes) -> httpx.Response:
        """Push to the service of a subscription, and let what follows come to its end."""
        service = TOPOLOGY["subscriptions"][subscription]["service"]
        headers = {"authorization": f"Bearer {self.platform.credentials.push_token}"}
        answer = self._http.post(f"{self.platform.endpoints[service]}/", content=body, headers=headers)
        assert self.platform.bus.drain(timeout=30)
        return answer

    def parked(self) -> dict[tuple[str, bytes], Any]:
        """What is in quarantine, by who parked it and its bytes."""
        return {(item.function, item.data): item for item in self.platform.quarantine.list(10_000)}

    def know(self, data: bytes) -> None:
        """Have the revision and the delivery that a message speaks of, as the functions before it would have."""
        message = json.loads(data)
        store = self.platform.store
        named = message.get("revision") or message.get("delivery", {}).get("revision")
        if named:
            store.revisions[named] = revision().catalogue.canonical()
        if message.get("type") == "contact.reserved":
            delivery = msgspec.convert(message["delivery"], Delivery)
            contacts = memory.Contacts(store, self.platform.meter)
            version = contacts.history(delivery.person_id).version
            with suppress(AlreadyExistsError):
                contacts.reserve(delivery.person_id, version, [Contact.of(delivery)])


@pytest.fixture(scope="module")
def doors(tmp_path_factory):
    with Embedded(TreeBank(), state=tmp_path_factory.mktemp("corpus")) as platform:
        doors = Doors(platform)
        for file in MESSAGE_FILES:
            doors.know(file.read_bytes())
        yield doors


def enveloped(data: bytes, subscription: str) -> bytes:
    return envelope.write(data, {"type": PUSHED[subscription]}, message_id="1", subscription=subscription)


@pytest.mark.parametrize(
    ("subscription", "file"),
    [pytest.param(each, file, id=f"{each}-{file.stem}") for each, kind in PUSHED.items() for file in files_of(kind)],
)
def test_a_pushed_function_takes_every_message_of_its_topic(doors, subscription, file):
    data, before = file.read_bytes(), doors.parked()

    answer = doors.push(subscription, enveloped(data, subscription))

    assert 200 <= answer.status_code < 300, answer.text
    assert doors.parked() == before


@pytest.mark.parametrize(
    ("subscription", "folder", "file", "reason"),
    [
        pytest.param(each, folder, file, reason, id=f"{each}-{folder}-{file}")
        for each, kind in PUSHED.items()
        for folder in (WHOLE_BODY, "any", kind)
        for file, reason in REASONS[folder].items()
    ],
)
def test_rubbish_is_acknowledged_and_parked_with_its_reason(doors, subscription, folder, file, reason):
    data, before = (RUBBISH / folder / file).read_bytes(), doors.parked()

    answer = doors.push(subscription, data if folder == WHOLE_BODY else enveloped(data, subscription))

    assert answer.status_code == 204, answer.text
    [((function, held), parked)] = [item for item in doors.parked().items() if item[0] not in before]
    assert (function, held) == (TOPOLOGY["subscriptions"][subscription]["service"], data)
    assert reason in parked.reason
    assert parked.topic == TOPOLOGY["subscriptions"][subscription]["topic"]


@pytest.mark.parametrize("file", files_of("history.row"), ids=lambda file: file.stem)
def test_the_history_takes_every_row(file):
    declared = TOPOLOGY["bigquery"]
    assert TYPE_OF[declared["subscription"]["topic"]] == "history.row"
    columns = [SchemaField(c["name"], c["type"], mode=c["mode"]) for c in declared["tables"]["history"]["columns"]]

    row = row_of(file.read_bytes(), columns)

    history = memory.DecisionHistory(
        memory.new_sealer(memory.Store()), lambda: datetime.fromisoformat(row["occurred_at"])
    )
    assert history.deliver("history", file.read_bytes(), {})
    if row["kind"] == "decision" and "record" in row:
        record = history.decision(row["decision_id"])
        assert isinstance(record, DecisionRecord)
        assert explain(Policy(revision()), record).headline


@pytest.mark.parametrize("file", MESSAGE_FILES, ids=name)
def test_quarantine_takes_every_message_that_was_given_up(file):
    assert [declared["topic"] for declared in TOPOLOGY["pull_subscriptions"].values()] == [DEAD_LETTERS]
    topics = {subscription: declared["topic"] for subscription, declared in TOPOLOGY["subscriptions"].items()}
    subscription = next((each for each, kind in PUSHED.items() if kind == file.parent.name), "history-to-bigquery")
    bus, quarantine = memory.Bus(), memory.Quarantine(memory.Store())
    attributes = {SOURCE_SUBSCRIPTION: f"projects/p/subscriptions/{subscription}", DELIVERY_COUNT: "20", "type": "x"}

    bus.publish(DEAD_LETTERS, file.read_bytes(), attributes)
    memory.DeadLetters(bus, topics).take_in(quarantine, now=utc_now())

    [parked] = quarantine.list()
    assert parked.data == file.read_bytes()
    assert (parked.function, parked.topic) == (subscription, topics.get(subscription, ""))
    assert parked.attributes == {"type": "x"}
