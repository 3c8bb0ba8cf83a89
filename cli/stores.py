"""The stores of a platform that runs on the emulators or on Kafka, or of a project, through functions' adapters."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import yaml
from google.api_core.exceptions import AlreadyExists, GoogleAPICallError
from google.auth.exceptions import GoogleAuthError
from google.cloud.pubsub_v1 import SubscriberClient

from cli.platform import ROOT, Running
from cli.say import fail
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.deferrals import DeferredDeliveries
from shared.adapters.firestore.paces import SharedPaces
from shared.adapters.firestore.person_keys import tree_of_keys
from shared.adapters.firestore.quarantine import Quarantine as InFirestore
from shared.adapters.firestore.releases import Releases
from shared.adapters.pubsub import DeadLetters as OnPubSub
from shared.adapters.pubsub import Rows
from shared.domain.catalogue import Channel, Revision
from shared.domain.pace import Pace
from shared.messages import HistoryRow
from shared.ports import DeadLetters, Quarantine
from shared.runtime.metering import RequestMeter


def catalogues(platform: Running) -> Catalogues:
    """Its revisions."""
    return Catalogues(_database(platform))


def publish_to(project: str, revision: Revision) -> bool:
    """Keep a revision in a project of Google Cloud and, where nothing is live there, let it decide; whether it does.
    Where that cannot be done, an end with what kept it from being so.
    """
    database = Database(project)
    try:
        in_force = Releases(database).held("live").in_force
        if in_force is None:
            Catalogues(database).publish(revision)
        else:
            Catalogues(database).keep(revision)
    except GoogleAuthError as error:
        fail(f"No credentials for {project}: {error}", "gcloud auth application-default login")
    except GoogleAPICallError as error:
        fail(f"Firestore of {project}: {error.message}", "It needs a database, and you datastore.user on it.")
    return in_force is None or in_force.revision == revision.id


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


class Lanes(NamedTuple):
    """What is sent to, as it is paced, with the channels on it; the pace of each, and how many deliveries wait."""

    lanes: Sequence[Channel]
    channels: Mapping[str, Sequence[str]]
    paces: Mapping[str, Pace]
    waiting: int


def lanes(where: Running | str) -> Lanes:
    """How what is sent to stands of a platform, or of a project of Google Cloud, or an end with what kept it from being
    read.
    """
    database, meter = (Database(where) if isinstance(where, str) else _database(where)), RequestMeter()
    try:
        revision = Catalogues(database).current().revision
        on = [(channel, revision.lane(channel, brand)) for channel in revision.outbound for brand in revision.brands]
        found = revision.lanes
        channels = {each: sorted({channel for channel, lane in on if lane.id == each}) for each in found}
        paces = {each: SharedPaces(database, meter).load(each).value for each in found}
        return Lanes(tuple(found.values()), channels, paces, DeferredDeliveries(database, meter).waiting())
    except GoogleAuthError as error:
        fail(f"No credentials for {where}: {error}", "gcloud auth application-default login")
    except GoogleAPICallError as error:
        fail(f"Firestore of {where}: {error.message}", "It needs a database, and you datastore.viewer on it.")


def quarantine(platform: Running) -> Quarantine:
    """Its quarantine."""
    if "kafka" in platform.emulators:
        from emulators.kafka import settings
        from shared.adapters.kafka import Quarantine as OnKafka

        return OnKafka(settings(platform.emulators["kafka"]))
    return InFirestore(_database(platform))


def dead_letters(platform: Running) -> DeadLetters:
    """Its dead letters."""
    origins = _origins(yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text()))
    if "kafka" in platform.emulators:
        from emulators.kafka import settings
        from shared.adapters.kafka import DeadLetters as OnKafka

        return OnKafka(settings(platform.emulators["kafka"]), {**origins, HistoryRow.topic: HistoryRow.topic})
    os.environ["PUBSUB_EMULATOR_HOST"] = platform.emulators["pubsub"]
    return OnPubSub(platform.project, origins)


def history_rows(platform: Running, subscription: str) -> Rows:
    """What its history is told from now on, by a subscription of this name, which is made if it is not there."""
    os.environ["PUBSUB_EMULATOR_HOST"] = platform.emulators["pubsub"]
    name = f"projects/{platform.project}/subscriptions/{subscription}"
    topic = f"projects/{platform.project}/topics/{HistoryRow.topic}"
    with SubscriberClient() as client, suppress(AlreadyExists):
        client.create_subscription(name=name, topic=topic)
    return Rows(platform.project, subscription)


def _origins(topology: Mapping[str, Any]) -> dict[str, str]:
    """Subscription to topic, for all that may give a message up: the pushed ones and those that BigQuery reads."""
    written = [topology["bigquery"][name] for name in ("subscription", "accepted")]
    pushed = {name: declared["topic"] for name, declared in topology["subscriptions"].items()}
    return {**pushed, **{each["name"]: each["topic"] for each in written}}


def _database(platform: Running) -> Database:
    os.environ["FIRESTORE_EMULATOR_HOST"] = platform.emulators["firestore"]
    return Database(platform.project)
