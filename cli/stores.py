"""The stores of a platform that runs on the emulators, through the same adapters that the functions use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import yaml

from cli.platform import ROOT, Running
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.pubsub import DeadLetters


def catalogues(platform: Running) -> Catalogues:
    """Its revisions."""
    return Catalogues(_database(platform))


def quarantine(platform: Running) -> Quarantine:
    """Its quarantine."""
    return Quarantine(_database(platform))


def dead_letters(platform: Running) -> DeadLetters:
    """Its dead letters."""
    os.environ["PUBSUB_EMULATOR_HOST"] = platform.emulators["pubsub"]
    return DeadLetters(platform.project, _origins(yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text())))


def _origins(topology: Mapping[str, Any]) -> dict[str, str]:
    """Subscription to topic, for all that may give a message up: the pushed ones and the one that BigQuery reads."""
    rows = topology["bigquery"]["subscription"]
    pushed = {name: declared["topic"] for name, declared in topology["subscriptions"].items()}
    return {**pushed, rows["name"]: rows["topic"]}


def _database(platform: Running) -> Database:
    os.environ["FIRESTORE_EMULATOR_HOST"] = platform.emulators["firestore"]
    return Database(platform.project)
