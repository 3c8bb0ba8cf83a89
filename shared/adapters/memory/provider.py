"""A channel's provider in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from shared.domain.catalogue import Connector
from shared.ports import Receipt


class Sent(NamedTuple):
    """One call of the provider."""

    connector: str
    channel: str
    delivery_id: str
    address: str | None
    payload: dict[str, Any]


class ChannelProvider:
    """The port `ChannelProvider`: remembers every call in `sent`, then does what `behaviour` does, which may raise."""

    def __init__(self, behaviour: Callable[[Sent], None] = lambda _sent: None) -> None:
        """Take everything, unless `behaviour` raises."""
        self.behaviour = behaviour
        self.sent: list[Sent] = []
        self._lock = threading.Lock()

    def send(self, connector: Connector, delivery_id: str, address: str | None, payload: Mapping[str, Any]) -> Receipt:
        """Take a message."""
        sent = Sent(connector.id, payload["delivery"]["channel"], delivery_id, address, dict(payload))
        with self._lock:
            self.sent.append(sent)
        self.behaviour(sent)
        return Receipt(reference=f"memory-{delivery_id}")
