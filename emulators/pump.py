"""Writes the history to BigQuery, as a BigQuery subscription does on Google Cloud: `python -m emulators.pump`.

It pulls the subscriptions that the topology declares and inserts each message as one row: its data is a JSON object
whose keys are the table's columns. A batch is acknowledged after its rows are in the table and not before, so a crash
repeats rows and loses none; readers tell repeats by `row_id`. A message that is no row of the table is moved to the
dead letters with the reason, instead of coming back for ever. When BigQuery itself fails, nothing is acknowledged and
the messages wait.
"""

import argparse
import json
import logging
import os
import signal
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from google.api_core.exceptions import DeadlineExceeded, GoogleAPICallError, InternalServerError
from google.api_core.retry import Retry, if_exception_type
from google.cloud import bigquery
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.pubsub_v1.types import BatchSettings
from google.pubsub_v1.types import ReceivedMessage
from requests.exceptions import RequestException

from emulators.provisioning import bigquery_client, written_by_bigquery

log = logging.getLogger("pump")

LARGEST_BATCH = 500
PULL_SECONDS = 2.0
"""How long one pull waits for a message; stopping takes at most as long."""

WHEN_CUT_OFF = Retry(predicate=if_exception_type(RequestException), initial=0.1, maximum=1, timeout=10)
"""The emulator closes the connection after each 500, which the next request finds out."""


class BadRowError(Exception):
    """A message that cannot become a row of the table."""


class Pump:
    """One subscription, one table."""

    def __init__(
        self,
        subscriber: SubscriberClient,
        publisher: PublisherClient,
        client: bigquery.Client,
        *,
        subscription: str,
        dead_letters: str,
        table: str,
        drops_others: bool = False,
    ) -> None:
        """Move rows from `subscription` to `table` (`project.dataset.table`), the rest to the topic `dead_letters`.
        With `drops_others` rows lose what the table has no column for.

        Raises:
            google.api_core.exceptions.NotFound: the table does not exist.
        """
        self._subscriber = subscriber
        self._publisher = publisher
        self._client = client
        self._subscription = subscription
        self._dead_letters = dead_letters
        self._table = client.get_table(table)
        self._drops_others = drops_others

    def run(self, stop: threading.Event) -> None:
        """Move batches until told to stop; a service that is away is tried again."""
        while not stop.is_set():
            try:
                self.move_batch()
            except (GoogleAPICallError, RequestException) as error:
                log.warning("waiting, because a batch could not be moved: %s", error)
                stop.wait(1)

    def move_batch(self) -> int:
        """Pull once, insert, acknowledge; give the number of rows inserted.

        Raises:
            GoogleAPICallError, RequestException: Pub/Sub or BigQuery failed; only what is in the table was
            acknowledged.
        """
        try:
            answer = self._subscriber.pull(
                subscription=self._subscription, max_messages=LARGEST_BATCH, timeout=PULL_SECONDS, retry=None
            )
        except DeadlineExceeded:
            return 0
        good: list[tuple[ReceivedMessage, dict[str, Any]]] = []
        bad: list[tuple[ReceivedMessage, str]] = []
        for received in answer.received_messages:
            try:
                row = row_of(received.message.data, self._table.schema, drops_others=self._drops_others)
            except BadRowError as error:
                bad.append((received, str(error)))
            else:
                good.append((received, row))
        try:
            refused = self._insert([row for _, row in good])
        except (GoogleAPICallError, RequestException):
            self._give_back([received.ack_id for received, _ in good])
            raise
        bad += [(good[index][0], reason) for index, reason in refused.items()]
        for received, reason in bad:
            self._park(received, reason)
        if answer.received_messages:
            done = [received.ack_id for received in answer.received_messages]
            self._subscriber.acknowledge(subscription=self._subscription, ack_ids=done)
        return len(good) - len(refused)

    def _insert(self, rows: Sequence[Mapping[str, Any]]) -> dict[int, str]:
        """Insert rows; give the index and reason of each that BigQuery refused for what it holds.

        BigQuery names the rows that it refuses and inserts none of the batch; the emulator answers 500 to the batch
        as a whole. Either way the halves are tried apart, until the good rows are in and each bad one stands alone.
        """
        if not rows:
            return {}
        try:
            errors = self._client.insert_rows_json(self._table, rows, retry=WHEN_CUT_OFF, timeout=30)
            reason = json.dumps(errors)
        except InternalServerError as error:
            errors, reason = [{}], str(error)
        if not errors:
            return {}
        if len(rows) == 1:
            return {0: reason}
        middle = len(rows) // 2
        refused = self._insert(rows[:middle])
        return refused | {middle + index: reason for index, reason in self._insert(rows[middle:]).items()}

    def _park(self, received: ReceivedMessage, reason: str) -> None:
        message = received.message
        log.error("message %s is no row and goes to the dead letters: %s", message.message_id, reason)
        attributes = {
            **message.attributes,
            "dead_letter_reason": reason[:1000],
            "dead_letter_source": self._subscription,
        }
        self._publisher.publish(self._dead_letters, message.data, **attributes).result(timeout=30)

    def _give_back(self, ack_ids: Sequence[str]) -> None:
        """Let messages be delivered again at once."""
        if ack_ids:
            self._subscriber.modify_ack_deadline(
                subscription=self._subscription, ack_ids=list(ack_ids), ack_deadline_seconds=0
            )


def row_of(data: bytes, schema: Sequence[bigquery.SchemaField], *, drops_others: bool = False) -> dict[str, Any]:
    """Read a row from a message's data, with its JSON columns as JSON text, which is how BigQuery takes them; with
    `drops_others` without what the table has no column for.

    Raises:
        BadRowError: it is no JSON object, has a column that the table has not, or lacks one that the table requires.
    """
    try:
        row = json.loads(data)
    except ValueError as error:
        raise BadRowError(f"not JSON: {error}") from error
    if not isinstance(row, dict):
        raise BadRowError("not a JSON object")
    columns = {column.name: column for column in schema}
    if drops_others:
        row = {name: value for name, value in row.items() if name in columns}
    if unknown := sorted(set(row) - set(columns)):
        raise BadRowError(f"the table has no column {', '.join(unknown)}")
    if absent := sorted(
        name for name, column in columns.items() if column.mode == "REQUIRED" and row.get(name) is None
    ):
        raise BadRowError(f"required and absent: {', '.join(absent)}")
    for name, value in row.items():
        if columns[name].field_type == "JSON" and value is not None and not isinstance(value, str):
            row[name] = json.dumps(value, ensure_ascii=False)
    return row


def main() -> None:
    """Pump until SIGTERM or SIGINT, with the addresses in PUBSUB_EMULATOR_HOST and BIGQUERY_EMULATOR_HOST."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--topology", type=Path, default=Path("shared/topology.yaml"))
    parser.add_argument(
        "--project", default=os.environ.get("GOOGLE_CLOUD_PROJECT"), help="default: GOOGLE_CLOUD_PROJECT"
    )
    options = parser.parse_args()
    if not options.project:
        parser.error("name the project with --project or GOOGLE_CLOUD_PROJECT")
    topology = yaml.safe_load(options.topology.read_text())
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    pumps = [_pump(options.project, topology["bigquery"]["dataset"], each) for each in written_by_bigquery(topology)]
    threads = [threading.Thread(target=pump.run, args=(stop,)) for pump in pumps[1:]]
    for thread in threads:
        thread.start()
    pumps[0].run(stop)
    for thread in threads:
        thread.join()


def _pump(project: str, dataset: str, wanted: Mapping[str, Any]) -> Pump:
    return Pump(
        SubscriberClient(),
        PublisherClient(batch_settings=BatchSettings(max_messages=1)),
        bigquery_client(os.environ["BIGQUERY_EMULATOR_HOST"], project),
        subscription=SubscriberClient.subscription_path(project, wanted["name"]),
        dead_letters=PublisherClient.topic_path(project, wanted.get("dead_letter_topic", "dead-letters")),
        table=f"{project}.{dataset}.{wanted['table']}",
        drops_others=wanted.get("drop_unknown_fields", False),
    )


if __name__ == "__main__":
    main()
