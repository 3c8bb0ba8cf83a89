"""Creates on the local platform what `shared/topology.yaml` declares: topics, subscriptions, dead letters, tables;
and the secrets that functions read while they run.

The same file feeds the deployment; here the official clients talk to the emulators. Whatever exists already is left
as it is, so that it may run again. Differences from Google Cloud: a push endpoint carries the push token in its query
instead of an OIDC token in its header, and the BigQuery subscription is a pull subscription that `emulators.pump`
serves.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import grpc
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import AlreadyExists, Conflict
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports.grpc import (
    SecretManagerServiceGrpcTransport,
)
from google.cloud.secretmanager_v1.types import Replication, Secret, SecretPayload
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport
from google.pubsub_v1.types import DeadLetterPolicy, PushConfig, Subscription

AT_ONCE = 8
"""Requests under way at the same time."""

_EVERYWHERE = Secret(replication=Replication(automatic=Replication.Automatic()))
"""A secret that Google keeps wherever it likes."""


def provision_pubsub(
    topology: Mapping[str, Any], project: str, host: str, endpoints: Mapping[str, str], push_token: str
) -> None:
    """Create every topic, then every subscription, on the Pub/Sub emulator at `host` (`127.0.0.1:8085`).

    Args:
        topology: what `shared/topology.yaml` holds.
        project: the local project's id.
        host: the emulator's address.
        endpoints: the base address of each service; a push subscription delivers to `/` of its own.
        push_token: what each push carries to prove that it comes from Pub/Sub.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: the emulator refused something.
        KeyError: a subscription names a service without an endpoint.
    """
    with grpc.insecure_channel(host) as channel:
        publisher = PublisherClient(transport=PublisherGrpcTransport(channel=channel))
        subscriber = SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        topics = [publisher.topic_path(project, name) for name in topology["topics"]]
        _all_at_once([_creation(publisher.create_topic, name=topic) for topic in topics])

        wanted = [
            _push_subscription(project, name, declared, endpoints[declared["service"]], push_token)
            for name, declared in topology.get("subscriptions", {}).items()
        ]
        pulled = dict(topology.get("pull_subscriptions", {}))
        for written in written_by_bigquery(topology):
            pulled[written["name"]] = {"topic": written["topic"], "ack_deadline_seconds": 60}
        wanted += [_subscription(project, name, declared) for name, declared in pulled.items()]
        _all_at_once([_creation(subscriber.create_subscription, request=each) for each in wanted])


def written_by_bigquery(topology: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The subscriptions that BigQuery writes to its tables, here by a pump each."""
    return [each for each in topology.get("bigquery", {}).values() if isinstance(each, Mapping) and "topic" in each]


def provision_bigquery(topology: Mapping[str, Any], client: bigquery.Client) -> None:
    """Create the dataset and its tables, partitioned by day and clustered as declared.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: BigQuery refused something.
    """
    declared = topology["bigquery"]
    dataset = bigquery.DatasetReference(client.project, declared["dataset"])
    client.create_dataset(bigquery.Dataset(dataset), exists_ok=True)
    for name, wanted in declared["tables"].items():
        columns = [
            bigquery.SchemaField(
                column["name"],
                column["type"],
                mode=column.get("mode", "NULLABLE"),
                description=column.get("description"),
            )
            for column in wanted["columns"]
        ]
        table = bigquery.Table(dataset.table(name), schema=columns)
        if partition := wanted.get("partition_by"):
            days = wanted.get("expire_after_days")
            expiration = days and days * 24 * 3600 * 1000
            table.require_partition_filter = True
            table.time_partitioning = bigquery.TimePartitioning(field=partition, expiration_ms=expiration)
        table.clustering_fields = wanted.get("cluster_by")
        client.create_table(table, exists_ok=True)


def provision_secrets(values: Mapping[str, str], project: str, host: str) -> None:
    """Create secrets by name, each with one version, on the Secret Manager at `host` (`127.0.0.1:9060`).

    Raises:
        google.api_core.exceptions.GoogleAPICallError: it refused one.
    """
    parent = f"projects/{project}"
    with grpc.insecure_channel(host) as channel:
        client = SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel))
        for name, value in values.items():
            _creation(client.create_secret, parent=parent, secret_id=name, secret=_EVERYWHERE)()
            client.add_secret_version(parent=f"{parent}/secrets/{name}", payload=SecretPayload(data=value.encode()))


def bigquery_client(host: str, project: str) -> bigquery.Client:
    """Give a client of the BigQuery emulator at `host` (`http://127.0.0.1:9050`), which asks for no credentials."""
    return bigquery.Client(
        project=project,
        credentials=AnonymousCredentials(),
        client_options=ClientOptions(api_endpoint=host),
    )


def push_endpoint(endpoint: str, token: str) -> str:
    """Give the address that a push goes to, with the token that proves its origin."""
    return f"{endpoint}/?{urlencode({'token': token})}"


def _push_subscription(
    project: str, name: str, declared: Mapping[str, Any], endpoint: str, push_token: str
) -> Subscription:
    subscription = _subscription(project, name, declared)
    subscription.push_config = PushConfig(push_endpoint=push_endpoint(endpoint, push_token))
    return subscription


def _subscription(project: str, name: str, declared: Mapping[str, Any]) -> Subscription:
    subscription = Subscription(
        name=SubscriberClient.subscription_path(project, name),
        topic=PublisherClient.topic_path(project, declared["topic"]),
        ack_deadline_seconds=declared["ack_deadline_seconds"],
    )
    # No retry policy here: under one, Google's emulator stops pushing again some of what a killed function had refused.
    # Without, it tries again after about a second. On Google Cloud the declared policy holds (docs/adr/0015).
    if "dead_letter_topic" in declared:
        subscription.dead_letter_policy = DeadLetterPolicy(
            dead_letter_topic=PublisherClient.topic_path(project, declared["dead_letter_topic"]),
            max_delivery_attempts=declared["max_delivery_attempts"],
        )
    return subscription


def _creation(create: Callable[..., object], **arguments: object) -> Callable[[], None]:
    """Give a call that creates something unless it exists."""

    def run() -> None:
        try:
            create(**arguments)
        except (AlreadyExists, Conflict):
            return

    return run


def _all_at_once(calls: Iterable[Callable[[], None]]) -> None:
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="provision") as pool:
        for done in [pool.submit(call) for call in calls]:
            done.result()
