"""Topics over Pub/Sub."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import datetime

from google.api_core.exceptions import DeadlineExceeded, GoogleAPICallError, RetryError
from google.auth.exceptions import TransportError
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.pubsub_v1.publisher.exceptions import MessageTooLargeError
from google.cloud.pubsub_v1.types import BatchSettings, PublisherOptions

from shared.adapters.envelope import DEAD_LETTERS, Envelope, dead_letter, envelope
from shared.domain.errors import PermanentError, TransientError
from shared.messages import Publishable
from shared.ports import Meter, Quarantine, Row

PUBLISH_TIMEOUT_SECONDS = 8.0
PULL_TIMEOUT_SECONDS = 2.0
"""How long to wait for a first dead letter before there is held to be none."""

_PULLED_AT_ONCE = 100


class _Topics:
    """A publishing client of one project, made at first use, since gRPC does not survive a fork."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._lock = threading.Lock()
        self._client: PublisherClient | None = None

    def publish(self, envelopes: Sequence[Envelope]) -> None:
        """Publish all at once, and return when all are accepted."""
        client = self._publisher()
        try:
            futures = [
                client.publish(f"projects/{self._project}/topics/{topic}", data, **attributes)
                for topic, data, attributes in envelopes
            ]
            for future in futures:
                future.result(timeout=PUBLISH_TIMEOUT_SECONDS)
        except MessageTooLargeError as error:
            raise PermanentError(f"Pub/Sub: {error}") from error
        except (GoogleAPICallError, RetryError, TransportError, FutureTimeoutError) as error:
            raise TransientError(f"Pub/Sub did not accept all of {len(envelopes)} messages: {error!r}") from error

    def _publisher(self) -> PublisherClient:
        if self._client is None:
            with self._lock:
                if self._client is None:
                    # one message a batch: a request waits for its publish, and would wait for the batch to fill
                    self._client = PublisherClient(
                        batch_settings=BatchSettings(max_messages=1),
                        publisher_options=PublisherOptions(timeout=PUBLISH_TIMEOUT_SECONDS),
                    )
        return self._client


class Publisher:
    """The port `Publisher`: each message goes to the topic it names, with its type, ids and trace as attributes."""

    def __init__(self, project: str, meter: Meter) -> None:
        """Publish to a project's topics, counting on `meter`."""
        self._topics = _Topics(project)
        self._meter = meter

    def publish(self, messages: Sequence[Publishable]) -> None:
        """Publish, and return once all are accepted."""
        envelopes = [envelope(message) for message in messages]
        self._topics.publish(envelopes)
        self._meter.add(messages=len(envelopes), bytes_=sum(e.size for e in envelopes))


class Rows:
    """The port `Rows`: a pull subscription on the topic of the history."""

    def __init__(self, project: str, subscription: str) -> None:
        """Pull a project's subscription."""
        self._subscription = f"projects/{project}/subscriptions/{subscription}"
        self._client = SubscriberClient()

    def pull(self) -> Sequence[Row]:
        """What waits; none where nothing came for a moment."""
        try:
            answer = self._client.pull(
                subscription=self._subscription, max_messages=_PULLED_AT_ONCE, timeout=PULL_TIMEOUT_SECONDS, retry=None
            )
        except DeadlineExceeded:
            return ()
        except (GoogleAPICallError, TransportError) as error:
            raise TransientError(f"Pub/Sub: {error}") from error
        received = answer.received_messages
        return [Row(each.ack_id, each.message.data, dict(each.message.attributes)) for each in received]

    def acknowledge(self, rows: Sequence[Row]) -> None:
        """Have them come no more; where this is not heard, they do."""
        if not rows:
            return
        try:
            self._client.acknowledge(subscription=self._subscription, ack_ids=[row.receipt for row in rows])
        except (GoogleAPICallError, RetryError, TransportError) as error:
            raise TransientError(f"Pub/Sub: {error}") from error


class DeadLetters:
    """What a subscription refused too often: taken into quarantine, and published again from there."""

    def __init__(self, project: str, topics: Mapping[str, str]) -> None:
        """Take from a project's subscription `dead-letters`; `topics` says which topic each subscription is of."""
        self._subscription = f"projects/{project}/subscriptions/{DEAD_LETTERS}"
        self._origins = topics
        self._publishing = _Topics(project)

    def take_in(self, quarantine: Quarantine, *, now: datetime, limit: int = 1000) -> int:
        """Park what waits, then acknowledge it, and say how many.

        Raises:
            TransientError: Pub/Sub or the quarantine did not answer; what was not acknowledged waits on.
        """
        taken = 0
        with SubscriberClient() as client:
            while taken < limit:
                try:
                    answer = client.pull(
                        subscription=self._subscription,
                        max_messages=min(_PULLED_AT_ONCE, limit - taken),
                        timeout=PULL_TIMEOUT_SECONDS,
                        retry=None,
                    )
                except DeadlineExceeded:
                    break
                except (GoogleAPICallError, TransportError) as error:
                    raise TransientError(f"Pub/Sub: {error}") from error
                if not answer.received_messages:
                    break
                for received in answer.received_messages:
                    message = received.message
                    quarantine.park(dead_letter(message.data, dict(message.attributes), self._origins, now))
                client.acknowledge(
                    subscription=self._subscription, ack_ids=[received.ack_id for received in answer.received_messages]
                )
                taken += len(answer.received_messages)
        return taken

    def republish(self, topic: str, data: bytes, attributes: Mapping[str, str]) -> None:
        """Publish once more what was parked.

        Raises:
            TransientError: it may not have been accepted.
        """
        self._publishing.publish([Envelope(topic, data, dict(attributes))])
