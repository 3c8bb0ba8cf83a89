"""`kairos asyncapi`: what travels between functions, on which topics, and who sends and receives it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from cli.platform import ROOT

FILE = ROOT / "shared" / "messages" / "asyncapi.json"
_REFERENCE = "#/components/schemas/{name}"
_TEXT = {"type": "string"}
_ATTRIBUTES = {
    "type": "The message's name, by which it is told from others without reading it.",
    "message_id": "Deterministic: of a message that is sent again it is the same.",
    "decision_id": "The decision that it belongs to, from its signal's id.",
    "traceparent": "The trace of the request that sent it, as W3C has it.",
}


@click.command()
@click.argument("file", default=FILE, type=click.Path(dir_okay=False, path_type=Path))
def asyncapi(file: Path) -> None:
    """Write the AsyncAPI 3.0 document of the topics to FILE."""
    file.write_bytes(text())
    click.secho(f"✓ {file}", fg="green")


def text() -> bytes:
    """The document, as it is kept and served."""
    import msgspec
    import yaml

    topology = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
    return msgspec.json.format(msgspec.json.encode(document(topology)), indent=1) + b"\n"


def document(topology: Mapping[str, Any]) -> dict[str, Any]:
    """The AsyncAPI document of a topology."""
    import msgspec

    from shared.messages import MESSAGES, HistoryRow

    kinds = {str(message.__struct_config__.tag): message for message in MESSAGES} | {"history.row": HistoryRow}
    schemas, components = msgspec.json.schema_components(list(kinds.values()), ref_template=_REFERENCE)
    for component in components.values():
        if "description" in component:
            component["description"] = " ".join(component["description"].partition("\n\n")[0].split())
    payloads = dict(zip(kinds, schemas, strict=True))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Kairos",
            "version": "1",
            "description": "What travels between functions. Each message states a fact; it may come twice, late and "
            "out of order. Fields are added with defaults, and nothing else changes within a schema version.",
        },
        "defaultContentType": "application/json",
        "servers": {"pubsub": {"host": "pubsub.googleapis.com", "protocol": "googlepubsub"}},
        "channels": {
            _name(topic): _channel(topic, declared["message"], payloads)
            for topic, declared in topology["topics"].items()
        },
        "operations": {
            **{
                _name(each["service"], "receives", each["topic"]): _operation(
                    "receive", each["service"], each["topic"], _pushed(each)
                )
                for each in topology["subscriptions"].values()
            },
            **{
                _name(service, "pulls", subscription): _operation(
                    "receive",
                    service,
                    topology["pull_subscriptions"][subscription]["topic"],
                    "Pulled when it is asked to.",
                )
                for service, declared in topology["services"].items()
                for subscription in declared.get("pulls", ())
            },
            **{
                _name(service, "sends", topic): _operation("send", service, topic)
                for service, declared in topology["services"].items()
                for topic in declared["publishes"]
            },
        },
        "components": {
            "messages": {_name(name): _message(name, kinds[name], payload) for name, payload in payloads.items()},
            "schemas": dict(sorted(components.items())),
        },
    }


def _name(*words: str) -> str:
    return "_".join(words).replace("-", "_").replace(".", "_")


def _pushed(subscription: Mapping[str, Any]) -> str:
    """How a message is pushed to a service."""
    return (
        f"Pushed by `POST /`; the service has {subscription['ack_deadline_seconds']} s. What it has refused "
        f"{subscription['max_delivery_attempts']} times goes to {subscription['dead_letter_topic']}."
    )


def _channel(topic: str, message: str, payloads: Mapping[str, Any]) -> dict[str, Any]:
    """A topic, with what it carries."""
    carried = list(payloads) if message == "any" else [message]
    # what was refused too often keeps its attributes, and has Pub/Sub's CloudPubSubDeadLetterSource… beside them
    return {
        "address": topic,
        "servers": [{"$ref": "#/servers/pubsub"}],
        "messages": {_name(name): {"$ref": f"#/components/messages/{_name(name)}"} for name in carried},
    }


def _operation(action: str, service: str, topic: str, summary: str = "") -> dict[str, Any]:
    """What a service does with a topic."""
    channel = {"$ref": f"#/channels/{_name(topic)}"}
    return {"action": action, "channel": channel, "tags": [{"name": service}]} | (
        {"summary": summary} if summary else {}
    )


def _message(name: str, kind: Any, payload: dict[str, Any]) -> dict[str, Any]:
    """A message: its attributes and its bytes."""
    said = " ".join((kind.__doc__ or "").partition("\n\n")[0].split())
    properties = {key: {**_TEXT, "description": meaning} for key, meaning in _ATTRIBUTES.items()}
    return {
        "name": name,
        "title": kind.__name__,
        "summary": said,
        "contentType": "application/json",
        "headers": {
            "type": "object",
            "properties": {**properties, "type": {**properties["type"], "const": name}},
            "required": ["type", "message_id"],
        },
        "payload": payload,
    }
