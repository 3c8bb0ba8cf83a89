"""Kafka in the place of Pub/Sub: topics, subscriptions as consumer groups, dead letters, and a quarantine."""

from shared.adapters.kafka.bus import Bus, Publisher
from shared.adapters.kafka.parked import DeadLetters, Quarantine
from shared.adapters.kafka.topics import Topics

__all__ = ["Bus", "DeadLetters", "Publisher", "Quarantine", "Topics"]
