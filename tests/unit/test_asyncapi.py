"""The AsyncAPI document says what travels: topics, messages and services of the topology, as it is kept and served."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from werkzeug.test import Client
from werkzeug.wrappers import Request

from cli.asyncapi import FILE, text
from shared.runtime.service import Service, always_ready

ROOT = Path(__file__).resolve().parents[2]
TOPOLOGY = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
DOCUMENT = json.loads(text())
CORPUS = ROOT / "tests" / "corpus" / "messages"


def test_the_document_that_is_kept_is_that_of_the_topology_and_the_messages():
    assert FILE.read_bytes() == text(), "write it again: kairos asyncapi"


def test_a_function_serves_it_beside_its_own():
    service = Service("any", [], ready=always_ready, document=dict)

    served = Client(lambda environ, start: service(Request(environ))(environ, start)).get("/asyncapi.json")

    assert served.content_type == "application/json"
    assert served.get_json() == DOCUMENT


def test_every_topic_is_a_channel_and_whoever_sends_or_receives_it_an_operation():
    addresses = {f"#/channels/{name}": channel["address"] for name, channel in DOCUMENT["channels"].items()}
    said = {
        (each["tags"][0]["name"], each["action"], addresses[each["channel"]["$ref"]])
        for each in DOCUMENT["operations"].values()
    }

    services, pulled = TOPOLOGY["services"], TOPOLOGY["pull_subscriptions"]
    assert set(addresses.values()) == set(TOPOLOGY["topics"])
    assert said == {
        *((name, "send", topic) for name, each in services.items() for topic in each["publishes"]),
        *((each["service"], "receive", each["topic"]) for each in TOPOLOGY["subscriptions"].values()),
        *(
            (name, "receive", pulled[pull]["topic"])
            for name, each in services.items()
            for pull in each.get("pulls", ())
        ),
    }


def test_the_document_refers_to_nothing_that_it_has_not():
    referred = set(re.findall(r'"#/([^"]+)"', json.dumps(DOCUMENT)))

    for reference in referred:
        at = DOCUMENT
        for part in reference.split("/"):
            at = at[part]
    schemas = {f"components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert {each for each in referred if each.startswith("components/schemas/")} == schemas


@pytest.mark.parametrize("name", DOCUMENT["components"]["messages"])
def test_messages_that_were_kept_fit_their_schemas(name):
    message = DOCUMENT["components"]["messages"][name]
    schema = {**message["payload"], "components": DOCUMENT["components"]}
    kept = sorted((CORPUS / message["name"]).glob("*.json"))

    assert kept
    for file in kept:
        Draft202012Validator(schema).validate(json.loads(file.read_text(encoding="utf-8")))
