"""`shared/topology.yaml` says what the code does: the emulators, the deployment and the documents believe it."""

from __future__ import annotations

import ast
import importlib
import re
import types
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import httpx
import msgspec
import pytest
import yaml

from emulators.embedded import FUNCTIONS, Embedded
from emulators.provisioning import written_by_bigquery
from functions.ingest.handler import Ingest
from functions.operations.sweeping import SweepDeliveries
from shared.adapters import memory
from shared.domain.catalogue import Arm, Experiment, Revision
from shared.domain.catalogue.connectors import CONNECTOR_SECRET
from shared.domain.contact_policy import Deferred
from shared.domain.erasure import PARKED_DAYS
from shared.domain.part import SECRET_NAME
from shared.messages import MESSAGES, HistoryRow, SignalReceived
from shared.runtime.settings import Common, Pushed
from tests.contract.samples import deferral, delivery
from tests.corpus.tree_bank import TreeBank, revision
from tests.fault.world import KEY, NOW, Catalogues, Queue, World, canonical, ordinary

ROOT = Path(__file__).resolve().parents[2]
TOPOLOGY = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
SERVICES = TOPOLOGY["services"]
SUBSCRIPTIONS = TOPOLOGY["subscriptions"]
SCHEDULES = TOPOLOGY["schedules"]
TYPES = {str(message.__struct_config__.tag): message for message in MESSAGES} | {"history.row": HistoryRow}


# Topics and subscriptions


def test_every_topic_is_of_one_type_and_every_type_has_its_topic():
    declared = {topic: each["message"] for topic, each in TOPOLOGY["topics"].items() if each["message"] != "any"}

    assert declared == {message.topic: tag for tag, message in TYPES.items()}


def test_subscriptions_name_topics_and_services_that_there_are():
    topics = set(TOPOLOGY["topics"])
    pulled = [*TOPOLOGY["pull_subscriptions"].values(), *written_by_bigquery(TOPOLOGY)]

    assert {each["topic"] for each in (*SUBSCRIPTIONS.values(), *pulled)} == topics
    assert {each["dead_letter_topic"] for each in SUBSCRIPTIONS.values()} <= topics
    assert {each["service"] for each in SUBSCRIPTIONS.values()} <= set(SERVICES)
    assert all(set(each["publishes"]) <= topics for each in SERVICES.values())


def test_services_pull_subscriptions_that_there_are():
    assert {name for each in SERVICES.values() for name in each.get("pulls", [])} <= set(TOPOLOGY["pull_subscriptions"])


def test_every_topic_that_is_pushed_is_published_by_somebody():
    published = {topic for service in SERVICES.values() for topic in service["publishes"]}

    assert {each["topic"] for each in SUBSCRIPTIONS.values()} <= published


# Services


def test_every_function_is_a_service_and_every_service_a_function():
    folders = {main.parent.name for main in (ROOT / "functions").glob("*/main.py")}

    assert folders == set(SERVICES) == set(FUNCTIONS)
    assert folders == {p.name for p in (ROOT / "functions").iterdir() if p.is_dir() and not p.name.startswith("_")}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_made_of_its_own_entrypoint(service):
    source = ROOT / SERVICES[service]["source"]
    assert source == ROOT / "functions" / service / "main.py"

    entrypoints = [
        node.name
        for node in ast.parse(source.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and "functions_framework.http" in map(ast.unparse, node.decorator_list)
    ]
    assert entrypoints == [SERVICES[service]["target"]]


@pytest.mark.parametrize("service", SERVICES)
def test_the_entrypoint_takes_what_its_subscription_brings(service):
    tree = ast.parse((ROOT / SERVICES[service]["source"]).read_text(encoding="utf-8"))
    taken = [
        ast.unparse(node.args[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Push"
    ]

    topics = [each["topic"] for each in SUBSCRIPTIONS.values() if each["service"] == service]
    assert taken == [TYPES[TOPOLOGY["topics"][topic]["message"]].__name__ for topic in topics]


READ_BY_LIBRARIES = {"OPENBLAS_NUM_THREADS"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_given_the_environment_that_its_settings_read(service):
    settings = importlib.import_module(f"functions.{service}.settings").Settings
    from_cloud_run = {field.name for field in msgspec.structs.fields(Common)}
    declared = [*SERVICES[service]["environment"].keys() - READ_BY_LIBRARIES, *SERVICES[service]["secrets"]]
    if service in {
        caller["service"] for caller in (*SUBSCRIPTIONS.values(), *SCHEDULES.values()) if "service" in caller
    }:
        declared += [field.name.upper() for field in msgspec.structs.fields(Pushed) if field.name not in from_cloud_run]

    fields = [
        field
        for field in msgspec.structs.fields(settings)
        if field.name not in from_cloud_run and not field.name.endswith("_emulator_host")
    ]
    assert sorted(declared) == sorted(field.name.upper() for field in fields)


def test_the_secrets_that_a_service_looks_up_are_those_that_the_catalogue_may_name():
    patterns = {"ingest": SECRET_NAME, "delivery": CONNECTOR_SECRET, "feedback": SECRET_NAME}

    assert TOPOLOGY["secrets_read"].keys() == patterns.keys()
    for service, beginning in TOPOLOGY["secrets_read"].items():
        assert re.match(patterns[service], f"{beginning}a")


def test_who_asks_bigquery_is_who_may():
    imported = {
        file.relative_to(ROOT).with_suffix("").as_posix().removesuffix("/__init__").replace("/", "."): imports(file)
        for file in (ROOT / "shared" / "adapters").rglob("*.py")
    }
    asking = {"google.cloud.bigquery"}
    while more := {name for name, those in imported.items() if those & asking} - asking:
        asking |= more

    assert set(TOPOLOGY["history_read"]) == {
        name for name in SERVICES if imports(ROOT / SERVICES[name]["source"]) & asking
    }


def imports(file: Path) -> set[str]:
    """The modules that a file imports from."""
    found = re.findall(r"^\s*from (\S+) import (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {f"{module}.{name}" if module == "google.cloud" else module for module, name in found}


def test_what_is_not_indexed_is_what_there_is():
    adapters = "\n".join(file.read_text("utf-8") for file in (ROOT / "shared" / "adapters" / "firestore").glob("*.py"))

    for database in TOPOLOGY["databases"].values():
        for path in (*database["unindexed"], *database.get("expires", ())):
            collection, _, field = path.partition(".")
            assert f'"{collection}"' in adapters
            assert not field or f'"{field}"' in adapters


def test_an_expiry_leaves_the_index_that_a_list_in_order_of_time_needs():
    parked = (ROOT / "shared" / "adapters" / "firestore" / "quarantine.py").read_text("utf-8")
    expiring = TOPOLOGY["databases"]["(default)"]["expires"]["quarantine"]

    assert f'order_by("{expiring["field"]}"' in parked
    assert expiring["ordered"]
    assert expiring["days"] == PARKED_DAYS


def test_the_topology_has_nothing_that_terraform_cannot_read():
    text = (ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8")

    assert "<<: [" not in text, "Terraform merges one mapping into another, not a list of them"


def test_a_service_has_the_time_that_the_clock_gives_it():
    for schedule in SCHEDULES.values():
        if "service" in schedule:
            assert schedule["attempt_deadline_seconds"] <= SERVICES[schedule["service"]]["timeout_seconds"]


def test_every_workflow_is_declared_and_is_told_what_it_reads():
    declared = TOPOLOGY["workflows"]
    assert {each["source"] for each in declared.values()} == {
        f"workflows/{path.name}" for path in (ROOT / "workflows").glob("*.yaml")
    }
    for each in declared.values():
        told = {f"{name.upper()}_URL" for name in each.get("calls", ())} | each.get("environment", {}).keys()
        read = set(re.findall(r'sys\.get_env\("(\w+)"\)', (ROOT / each["source"]).read_text(encoding="utf-8")))
        assert {name for name in read if not name.startswith("GOOGLE_CLOUD_")} == told
        assert set(each.get("calls", ())) <= SERVICES.keys()
        assert set(each.get("ticks", ())) <= set(each.get("calls", ()))
    assert {each["workflow"] for each in SCHEDULES.values() if "workflow" in each} <= declared.keys()


# What is published


def new_topics(queue: Queue, before: tuple[int, int]) -> set[str]:
    rows = {"history"} if len(queue.rows) > before[1] else set()
    return rows | {topic for topic, _, _ in list(queue.waiting)[before[0] :]}


def published_by_pushes(world: World) -> Iterator[tuple[str, set[str]]]:
    """Push what waits until nothing does: each function with the topics that its push published to."""
    by_topic = {each["topic"]: each["service"] for each in SUBSCRIPTIONS.values()}
    while world.queue.waiting:
        message = world.queue.waiting.popleft()
        before = (len(world.queue.waiting), len(world.queue.rows))
        assert world.push(*message)
        yield by_topic[message[0]], new_topics(world.queue, before)


class LeftToChance(TreeBank):
    """The bank of the corpus, with everybody in an arm that chance ranks."""

    @cached_property
    def revision(self):
        arms = (Arm(id="random", share=1.0, ranks_by="chance"),)
        experiment = Experiment(id="standing", reason="Worth.", arms=arms)
        return Revision(msgspec.structs.replace(revision().catalogue, experiments=(experiment,)))


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> dict[str, set[str]]:
    """The topics that each function published to, for signals that end in every way and for requests by HTTP."""
    found: dict[str, set[str]] = {service: set() for service in SERVICES}

    queue = Queue()
    body = b'{"type": "page_viewed", "source": "test", "identifiers": {"customer_no": "C000001"}}'
    Ingest(Catalogues(), queue, KEY)("signals", body, allowed_sources=None, trace="", now=NOW)
    found["ingest"] |= new_topics(queue, (0, 0))

    number = ordinary()
    world = World(customers=[number])
    for n in range(4):  # the fourth is withheld
        world.receive(canonical(number, f"s-{n}"))
    world.receive(canonical(number, "late", at=NOW - timedelta(days=2), flags=("late",)))
    world.receive(canonical("", "stranger", brand="hallam", identifiers={"cookie_id": "ck"}))
    for service, topics in published_by_pushes(world):
        found[service] |= topics

    sent = world.provider.sent[0].delivery_id
    before = (len(world.queue.waiting), len(world.queue.rows))
    world.record(msgspec.json.encode({"outcome": "unsubscribe", "delivery_id": sent}), world.now)
    found["feedback"] |= new_topics(world.queue, before)
    world.queue.waiting.clear()

    waiting = deferral(deferred=Deferred(treatment="t", rule="nights", until=NOW))
    world.plain["contacts"].defer(waiting.person_id, None, waiting)
    world.plain["contacts"].settle(delivery().deferred(NOW, NOW, "held"), None, release=False)
    world.sweep()
    world.sweep_deliveries()
    found["deferral"] |= new_topics(world.queue, (0, len(world.queue.rows)))
    world.queue.waiting.clear()

    world.plain["contacts"].claim(delivery(delivery_id="v-2").claimed(NOW - timedelta(hours=1)), None)
    SweepDeliveries(memory.AbandonedDeliveries(world.store, world.meter), world.queue)(NOW, "")
    found["operations"] |= new_topics(world.queue, (0, len(world.queue.rows)))

    with Embedded(LeftToChance(), state=tmp_path_factory.mktemp("topology")) as platform:
        heard: set[str] = set()
        for topic in TOPOLOGY["topics"]:
            platform.bus.subscribe(topic, lambda topic, *_: heard.add(topic) is None, name="ear")

        def ask(service: str, path: str, body: dict[str, Any]) -> Any:
            headers = platform.headers[service]
            answer = httpx.post(f"{platform.endpoints[service]}{path}", json=body, headers=headers, trust_env=False)
            assert answer.status_code < 300, answer.text
            assert platform.bus.drain(timeout=30)
            found[service].update(heard)
            heard.clear()
            return answer.json()

        # of two treatments left to chance, records works out how probable the first was
        two = [{"id": "web.hero"}, {"id": "web.tile"}]
        ask("decide", "/v1/decisions", {"identifiers": {"customer_no": "T1"}, "channel": "web", "placements": two})
        ask("records", f"/v1/days/{datetime.now(UTC).date()}/weighing", {})
        decided = ask("decide", "/v1/decisions", {"identifiers": {"customer_no": "T1"}, "channel": "web"})
        # an offer needs consent, which T1 has given
        [offered] = decided["placements"][0]["treatments"]
        ask("feedback", "/v1/outcomes", {"outcome": "impression", "delivery_id": offered["delivery_id"]})
    return found


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_publishes_to_the_topics_it_says_and_no_other(published, service):
    assert published[service] == set(SERVICES[service]["publishes"])


# The history


COLUMN_TYPES = {str: "STRING", int: "INTEGER", datetime: "TIMESTAMP", float: "FLOAT", bool: "BOOLEAN"}
HISTORY = TOPOLOGY["bigquery"]["tables"]["history"]


def column_type(hint: Any) -> str:
    """The type of the column that a field of this type fits."""
    if get_origin(hint) in {Union, types.UnionType}:
        [hint] = [each for each in get_args(hint) if each is not type(None)]
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) is Literal:
        hint = type(get_args(hint)[0])
    return COLUMN_TYPES[hint]


def test_the_fields_of_a_row_are_the_columns_of_the_table():
    hints = get_type_hints(HistoryRow, include_extras=True)
    rows = {f.name: (column_type(hints[f.name]), f.required) for f in msgspec.structs.fields(HistoryRow)}

    columns = {
        c["name"]: ("STRING" if c["type"] == "JSON" else c["type"], c["mode"] == "REQUIRED") for c in HISTORY["columns"]
    }
    assert columns == rows


def test_the_table_is_cut_and_sorted_by_columns_that_it_has():
    columns = {c["name"]: c for c in HISTORY["columns"]}

    assert columns[HISTORY["partition_by"]]["type"] == "TIMESTAMP"
    assert set(HISTORY["cluster_by"]) <= set(columns)
    assert {each["table"] for each in written_by_bigquery(TOPOLOGY)} == set(TOPOLOGY["bigquery"]["tables"])


def test_the_note_of_what_was_accepted_has_nothing_of_a_person():
    fields = {field.name for field in msgspec.structs.fields(SignalReceived)}
    columns = {column["name"] for column in TOPOLOGY["bigquery"]["tables"]["accepted"]["columns"]}

    assert columns < fields - {"signal"}


def test_the_description_of_a_column_names_every_value_that_it_may_have():
    [kind] = [c for c in HISTORY["columns"] if c["name"] == "kind"]

    for value in get_args(get_type_hints(HistoryRow)["kind"]):
        assert value in kind["description"]
