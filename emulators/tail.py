"""Hears every row of the interaction history from now on, on the Pub/Sub emulator."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from typing import Self

import msgspec
from google.cloud.pubsub_v1 import SubscriberClient
from google.cloud.pubsub_v1.subscriber.message import Message as Pulled

from shared.domain.ready import ready
from shared.messages import HistoryRow


class Tail:
    """A subscription of its own on the topic `history`, from `with` to its end."""

    def __init__(self, project: str, pubsub: str, listener: Callable[[HistoryRow], None]) -> None:
        """Call `listener` with each row, from one thread after another; `pubsub` is the emulator's `host:port`."""
        os.environ["PUBSUB_EMULATOR_HOST"] = pubsub
        self._listener = listener
        self._client = SubscriberClient()
        self._topic = f"projects/{project}/topics/{HistoryRow.topic}"
        self._subscription = f"projects/{project}/subscriptions/tail-{secrets.token_hex(4)}"

    def __enter__(self) -> Self:
        self._client.create_subscription(name=self._subscription, topic=self._topic)
        self._pulling = self._client.subscribe(self._subscription, callback=self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        self._pulling.cancel()
        self._pulling.result()
        self._client.delete_subscription(subscription=self._subscription)
        self._client.close()

    def _hear(self, message: Pulled) -> None:
        self._listener(msgspec.json.decode(message.data, type=ready(HistoryRow)))
        message.ack()
