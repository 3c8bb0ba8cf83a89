"""`spine.latency` and `spine.usage`: the chained functions on the emulators, against a chain of as many empty ones.

Blocks of signals go through ours and through the empty chain in turns, each at 10 a second and each alone, so that
neither slows the other while the machine's moods meet both. What the functions of ours do behind a message that was
sent (history, feedback, the way to BigQuery) is under way meanwhile, as it always is.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import yaml

from cli.bench.counts import Counts
from cli.bench.peers.topology import PREFIX, with_empty_chain
from cli.bench.results import Result, result
from cli.platform import ROOT, STATE
from cli.say import fail
from emulators.access import webhook_secret
from emulators.bank_on_emulators import seed as seed_bank
from emulators.children import StartError
from emulators.errors import CannotStartError
from emulators.local import Bank
from emulators.options import Local, Options
from emulators.platform import Platform
from emulators.playing import Played
from emulators.seed import read_customers
from emulators.tail import Tail
from shared.adapters.key_wrappers import make_key_file
from shared.domain.catalogue import Revision
from shared.messages import HistoryRow
from shared.runtime.world import utc_now

PER_SECOND = 10.0
LATENCY_LIMIT = 1.6
READS_LIMIT = 6
WRITES_LIMIT = 5
EXCLUDED_SIGNALS = 15
SETTLE_SECONDS = 60.0
EMPTY = "empty chain"
_CHANNEL = "empty"
_SENT = "sent"


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Measure both."""
    bank = Bank(ROOT)
    addressed, excluded = _customers(bank.revision)
    ours = _blocks(addressed, counts)
    with _platform(bank, tell) as platform:
        rows = _Rows()
        with Tail(platform.local.project, platform.local.emulators["pubsub"], rows.hear):
            run = _Run(platform, rows)
            for number, customers in enumerate(ours):
                run.through_ours(customers, counted=number > 0)
                run.through_empty(len(customers), counted=number > 0)
                tell(f"latency: block {number} of {counts.chain_blocks}{'' if number else ', to warm up'}")
            run.through_ours(excluded[:EXCLUDED_SIGNALS], counted=False)
            return [*run.latency(), *usage(rows.all())]


def usage(rows: Sequence[HistoryRow]) -> list[Result]:
    """What signals cost that ended in a message sent, and those that ended in none."""
    ends = {
        "message": [row for row in rows if row.kind == "outcome" and row.outcome == _SENT],
        "nothing": [row for row in rows if row.kind == "decision" and row.outcome != "reserved"],
    }
    limits = {("message", "reads"): READS_LIMIT, ("message", "writes"): WRITES_LIMIT}
    units = {"reads": "documents", "writes": "documents", "messages": "messages", "bytes": "bytes"}
    return [
        result(f"spine.usage.{end}.{what}", unit, values, limit=limits.get((end, what)))
        for end, ended in ends.items()
        for what, unit in units.items()
        if (values := [float(getattr(row, what) or 0) for row in ended])
    ]


class _Rows:
    """The rows of the history, each once."""

    def __init__(self) -> None:
        self._rows: dict[str, HistoryRow] = {}
        self._changed = threading.Condition()

    def hear(self, row: HistoryRow) -> None:
        with self._changed:
            self._rows.setdefault(row.row_id, row)
            self._changed.notify_all()

    def all(self) -> list[HistoryRow]:
        with self._changed:
            return list(self._rows.values())

    def wait(self, decisions: set[str]) -> None:
        """Wait until each decision has ended, with a message or without."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._unsettled(decisions), SETTLE_SECONDS):
                fail(f"{len(self._unsettled(decisions))} signals did not come to an end.", _logs())

    def _unsettled(self, decisions: set[str]) -> set[str]:
        ended = {
            row.decision_id
            for row in self._rows.values()
            if (row.kind == "decision" and row.outcome != "reserved") or row.kind == "outcome"
        }
        return decisions - ended


class _Run:
    """Signals sent, and when the provider had what became of them."""

    def __init__(self, platform: Platform, rows: _Rows) -> None:
        self._platform = platform
        self._rows = rows
        self._numbers = count()
        self._accepted: dict[str, float] = {}
        self._accepted_by_empty: dict[str, float] = {}
        self._empty_sent = 0

    def through_ours(self, customers: Sequence[str], *, counted: bool) -> None:
        """Send a block of signals, one a customer, and wait until all of them have ended."""
        with self._client("ingest") as client:
            answers = [
                (answer.json()["accepted"][0]["decision_id"], at)
                for answer, at in self._post(client, "/v1/signals", [self._signal(each) for each in customers])
            ]
        self._rows.wait({decision for decision, _ in answers})
        if counted:
            self._accepted.update(answers)

    def through_empty(self, signals: int, *, counted: bool) -> None:
        """Send as many signals through the empty chain, and wait until the provider has them."""
        sent = [self._signal("C000001") for _ in range(signals)]
        with self._client(f"{PREFIX}ingest") as client:
            accepted = [at for _, at in self._post(client, "/", sent)]
        self._empty_sent += signals
        if len(self._received(_CHANNEL, self._empty_sent)) < self._empty_sent:
            fail("The empty chain lost signals.", _logs())
        if counted:
            self._accepted_by_empty.update((signal["id"], at) for signal, at in zip(sent, accepted, strict=True))

    def latency(self) -> list[Result]:
        """From the answer to a signal to the provider's receipt, in milliseconds."""
        received = self._received()
        got = {message["delivery_id"]: _seconds(message) for message in received}
        got_by_empty = {message["body"]["id"]: _seconds(message) for message in received if _is_empty(message)}
        delivery = {row.decision_id: row.delivery_id for row in self._rows.all() if row.kind == "decision"}
        ours = [
            (got[delivery_id] - at) * 1000
            for decision, at in self._accepted.items()
            if (delivery_id := delivery.get(decision)) in got and delivery_id is not None
        ]
        empty = [(got_by_empty[signal] - at) * 1000 for signal, at in self._accepted_by_empty.items()]
        return [result("spine.latency", "ms", ours, peers={EMPTY: empty}, limit=LATENCY_LIMIT)]

    def _post(
        self, client: httpx.Client, path: str, signals: Sequence[dict[str, Any]]
    ) -> Iterator[tuple[httpx.Response, float]]:
        """Post signals at the rate; give each answer with the time it came."""
        began = time.monotonic()
        for position, signal in enumerate(signals):
            moment = began + position / PER_SECOND
            time.sleep(max(0.0, moment - time.monotonic()))  # the rate is the load that is measured
            answer = client.post(path, json=signal)
            at = time.time()
            if answer.status_code != httpx.codes.ACCEPTED:
                fail(f"{client.base_url} answered {answer.status_code} instead of 202.", _logs())
            yield answer, at

    def _signal(self, customer: str) -> dict[str, Any]:
        return {
            "id": f"bench-{next(self._numbers)}",
            "type": "page_viewed",
            "source": "bench",
            "identifiers": {"customer_no": customer},
        }

    def _client(self, function: str) -> httpx.Client:
        return httpx.Client(
            base_url=self._platform.endpoints[function], headers=self._platform.headers[function], timeout=30
        )

    def _received(self, channel: str | None = None, at_least: int = 0) -> list[dict[str, Any]]:
        """What the provider has; waits until that is `at_least` so much."""
        query = {"count": str(at_least), "timeout": f"{SETTLE_SECONDS:g}", **({"channel": channel} if channel else {})}
        answer = httpx.get(f"{self._platform.endpoints['sandbox']}/received", params=query, timeout=2 * SETTLE_SECONDS)
        received: list[dict[str, Any]] = answer.json()["received"]
        return received


def _customers(revision: Revision) -> tuple[list[str], list[str]]:
    """The numbers of customers that nothing is known of that could stop a message, and of those whom a flag excludes
    from any.
    """
    file = ROOT / "catalogue" / "samples" / "customers.csv"
    flags = {
        customer.identifiers["customer_no"]: set(customer.profile.flags)
        for customer in read_customers(file, revision.catalogue.profile_schema, utc_now())
    }
    excluding = {exclusion.flag for exclusion in revision.catalogue.exclusions}
    return [c for c, known in flags.items() if not known], [c for c, known in flags.items() if known & excluding]


def _blocks(customers: Sequence[str], counts: Counts) -> list[Sequence[str]]:
    """Customers by block, the first to warm up; each once, so that no limit of contacts stops anything."""
    size = counts.chain_signals
    return [customers[start : start + size] for start in range(0, size * (counts.chain_blocks + 1), size)]


@contextmanager
def _platform(bank: Bank, tell: Callable[[str], None]) -> Iterator[Platform]:
    """The sample bank on the emulators, with the empty chain beside it."""
    state = STATE / "bench"
    real = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
    state.mkdir(parents=True, exist_ok=True)
    topology = state / "topology.yaml"
    person_keys = make_key_file(state / "person-keys.key")
    topology.write_text(yaml.safe_dump(with_empty_chain(real)), encoding="utf-8")

    signing = webhook_secret()
    empty = Played("empty", "127.0.0.1", [_CHANNEL], {"kind": "standard_webhooks"}, signing)

    def secrets(local: Local) -> dict[str, str]:
        sandbox = f"{local.endpoints['sandbox']}/channels/{_CHANNEL}"
        return {**bank.secrets(local), "SANDBOX": sandbox, "WEBHOOK_SECRET": signing}

    def seed(local: Local) -> None:
        seed_bank(bank, local, person_keys, tell)

    try:
        with Platform(
            Options(
                root=ROOT,
                state=state,
                topology=topology,
                secrets=secrets,
                environment={"*": {"PERSON_KEYS": person_keys}},
                kept_secrets=lambda local: {**bank.source_secrets(local.credentials), **bank.connector_secrets()},
                plays=lambda: [*bank.plays(), empty],
                stand_ins=lambda local: bank.stand_ins(local.endpoints["sandbox"], local.endpoints["mail"]),
                seed=seed,
                on_progress=tell,
            )
        ) as platform:
            yield platform
    except (CannotStartError, StartError) as error:
        fail(str(error), f"{_logs()}; spine.decide and spine.cold_start need no emulators")


def _is_empty(message: dict[str, Any]) -> bool:
    return bool(message["channel"] == _CHANNEL)


def _seconds(message: dict[str, Any]) -> float:
    return datetime.fromisoformat(message["at"]).timestamp()


def _logs() -> str:
    return f"logs are in {Path(STATE / 'bench' / 'logs')}"
