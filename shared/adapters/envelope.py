"""How a message travels: its bytes, and the attributes that can be read without decoding it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from shared.domain.signal import digest
from shared.messages import MESSAGES, HistoryRow, Publishable
from shared.ports import Parked

DEAD_LETTERS = "dead-letters"
"""The topic, and the subscription, where what was refused too often waits."""

SOURCE_PREFIX = "CloudPubSubDeadLetterSource"
SOURCE_SUBSCRIPTION = f"{SOURCE_PREFIX}Subscription"
DELIVERY_COUNT = f"{SOURCE_PREFIX}DeliveryCount"

STATED_SOURCE = "dead_letter_source"
STATED_REASON = "dead_letter_reason"
"""Added by a subscriber of ours that gives a message up itself and knows why."""

_MARKS = (SOURCE_PREFIX, STATED_SOURCE, STATED_REASON)
_TOPICS = {str(message.__struct_config__.tag): message.topic for message in MESSAGES} | {
    "history.row": HistoryRow.topic
}
_encoder = msgspec.json.Encoder()


class Envelope(NamedTuple):
    """One message ready to be published."""

    topic: str
    data: bytes
    attributes: dict[str, str]

    @property
    def size(self) -> int:
        """Bytes that are paid for."""
        return len(self.data) + len("".join(self.attributes)) + len("".join(self.attributes.values()))


def envelope(message: Publishable) -> Envelope:
    """A message as it travels."""
    if isinstance(message, HistoryRow):
        tag, identity, trace = "history.row", message.row_id, ""
    else:
        tag, identity, trace = str(message.__struct_config__.tag), message.message_id, message.trace
    attributes = {"type": tag, "message_id": identity}
    if message.decision_id:
        attributes["decision_id"] = message.decision_id
    if trace:
        attributes["traceparent"] = trace
    return Envelope(message.topic, _encoder.encode(message), attributes)


def dead_letter(data: bytes, attributes: Mapping[str, str], topics: Mapping[str, str], at: datetime) -> Parked:
    """A message from the dead letters, as quarantine keeps it.

    Args:
        data: its bytes.
        attributes: its own, and those that dead-lettering added.
        topics: subscription to topic, so that it can be published where it came from; of one that is not there, the
            message's type says it.
        at: now, UTC.
    """
    subscription = (attributes.get(SOURCE_SUBSCRIPTION) or attributes.get(STATED_SOURCE, "")).rpartition("/")[2]
    attempts = attributes.get(DELIVERY_COUNT, "an unknown number of")
    refused = f"refused by the subscription {subscription or 'of unknown name'} after {attempts} attempts"
    return Parked(
        id="q-" + digest("dead_letter", subscription, data.hex()),
        function=subscription or "unknown",
        revision="",
        topic=topics.get(subscription) or _TOPICS.get(attributes.get("type", ""), ""),
        reason=attributes.get(STATED_REASON) or refused,
        kind="dead_letter",
        at=at,
        data=data,
        attributes={key: value for key, value in attributes.items() if not key.startswith(_MARKS)},
    )
