"""The stores of a platform that runs on the emulators, through the same adapters that the functions use."""

from __future__ import annotations

import os

from cli.platform import Running
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.pubsub import DeadLetters
from shared.messages import MESSAGES


def catalogues(platform: Running) -> Catalogues:
    """Its revisions."""
    return Catalogues(_database(platform))


def quarantine(platform: Running) -> Quarantine:
    """Its quarantine."""
    return Quarantine(_database(platform))


def dead_letters(platform: Running) -> DeadLetters:
    """Its dead letters."""
    os.environ["PUBSUB_EMULATOR_HOST"] = platform.emulators["pubsub"]
    consumers = ("identity", "eligibility", "arbitration", "suppression", "delivery", "feedback")
    return DeadLetters(platform.project, {name: m.topic for name, m in zip(consumers, MESSAGES, strict=True)})


def _database(platform: Running) -> Database:
    os.environ["FIRESTORE_EMULATOR_HOST"] = platform.emulators["firestore"]
    return Database(platform.project)
