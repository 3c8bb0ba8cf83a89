"""The stores of a platform that runs on the emulators, or of a project, through the adapters that functions use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import yaml
from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import GoogleAuthError

from cli.platform import ROOT, Running
from cli.say import fail
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.person_keys import tree_of_keys
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.pubsub import DeadLetters
from shared.domain.catalogue import Revision


def catalogues(platform: Running) -> Catalogues:
    """Its revisions."""
    return Catalogues(_database(platform))


def publish_to(project: str, revision: Revision) -> None:
    """Make a revision live in a project of Google Cloud, or end with what kept it from being so."""
    try:
        Catalogues(Database(project)).publish(revision)
    except GoogleAuthError as error:
        fail(f"No credentials for {project}: {error}", "gcloud auth application-default login")
    except GoogleAPICallError as error:
        fail(f"Firestore of {project}: {error.message}", "It needs a database, and you datastore.user on it.")


def make_person_keys(project: str) -> str:
    """Make the tree of persons' keys of a project of Google Cloud, or end with what kept it from being so; gives what
    wraps it.
    """
    topology = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text())
    wrapped_by = str(topology["services"]["privacy"]["environment"]["PERSON_KEYS"])
    try:
        tree_of_keys(project, wrapped_by).create()
    except GoogleAuthError as error:
        fail(f"No credentials for {project}: {error}", "gcloud auth application-default login")
    except GoogleAPICallError as error:
        fail(
            f"Firestore of {project}: {error.message}", "It needs a database person-keys, and you datastore.user on it."
        )
    return wrapped_by


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
