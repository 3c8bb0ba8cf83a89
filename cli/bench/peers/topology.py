"""The topology with a chain of empty functions beside the real one."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

PREFIX = "empty-"
RELAY = "cli/bench/peers/relay.py"
SECRETS = ("SANDBOX", "WEBHOOK_SECRET")
"""What the last function must know of the sandbox; the first is its address, known only when ports are taken."""


def hops(topology: Mapping[str, Any], first: str, last: str) -> list[tuple[str, str]]:
    """The services from the first to the one before the last, each with the topic by which it reaches the next.

    Raises:
        ValueError: no chain of push subscriptions leads from the first to the last.
    """
    subscribers = {s["topic"]: (name, s["service"]) for name, s in topology["subscriptions"].items()}
    chain: list[tuple[str, str]] = []
    service = first
    while service != last:
        onward = [topic for topic in topology["services"][service]["publishes"] if topic in subscribers]
        if not onward or len(chain) == len(subscribers):
            raise ValueError(f"no chain of push subscriptions leads from {first} to {last}")
        chain.append((service, onward[0]))
        service = subscribers[onward[0]][1]
    return chain


def with_empty_chain(topology: Mapping[str, Any], first: str = "ingest", last: str = "delivery") -> dict[str, Any]:
    """The topology with, for each service and topic from the first to the last, an empty one of its own."""
    merged = copy.deepcopy(dict(topology))
    subscriptions = {s["topic"]: s for s in topology["subscriptions"].values()}
    chain = hops(topology, first, last)
    for service, topic in chain:
        merged["topics"][PREFIX + topic] = {"message": "any"}
        pushed = subscriptions[topic]
        merged["subscriptions"][PREFIX + topic] = {
            **pushed,
            "topic": PREFIX + topic,
            "service": PREFIX + pushed["service"],
        }
        merged["services"][PREFIX + service] = {
            **topology["services"][service],
            "source": RELAY,
            "target": "accept" if service == first else "relay",
            "publishes": [PREFIX + topic],
            "environment": {"NEXT_TOPIC": PREFIX + topic},
            "secrets": [],
        }
    merged["services"][PREFIX + last] = {
        **topology["services"][last],
        "source": RELAY,
        "target": "send",
        "publishes": [],
        "environment": {},
        "secrets": list(SECRETS),
    }
    return merged
