"""The environment of the bridge."""

from __future__ import annotations

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What the bridge is told.

    Attributes:
        google_cloud_project: whose quarantine and history.
        k_revision: of this program, as the quarantine says it.
        kafka: JSON of how to reach the brokers, by librdkafka's own names.
        kafka_sources: JSON of the source that each topic is sent as; `{}` for none.
        kafka_group: the consumer group.
        kafka_history_topic: where rows of the history go; empty for nowhere.
        history_subscription: the pull subscription on `history` that they come from.
        ingest_url: the address of ingest.
        ingest_key: a key that may send as these sources.
    """

    google_cloud_project: str
    k_revision: str = "local"
    kafka: dict[str, str | int | float | bool]
    kafka_sources: dict[str, str] = {}
    kafka_group: str = "kairos-bridge"
    kafka_history_topic: str = ""
    history_subscription: str = "history-to-kafka"
    ingest_url: str
    ingest_key: str
