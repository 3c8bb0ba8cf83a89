"""The sample bank as it runs, embedded and on the emulators: at most one start of each in a session.

A pytest plugin that the conftest files of `tests/e2e` and `tests/fault` load, so that both have the same fixtures.
Tests stay apart by their customers: `bank.customer()` never gives the same one twice, `bank.newcomers(n)` makes new
ones. Nothing here sleeps for long: rows of the history and messages at the provider are waited for as they come.
"""

from __future__ import annotations

import csv
import json
import os
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import pytest

from emulators.access import Credentials
from emulators.embedded import Embedded
from emulators.local import Bank
from emulators.seed import Customer, read_customers, seed_customers
from shared.adapters import memory
from shared.domain.catalogue.authentication import KEYRING
from shared.domain.contact import Contact
from shared.domain.decision import DecisionRecord, delivery_id
from shared.domain.deferral import Deferral
from shared.domain.delivery import Delivery
from shared.domain.experiments import Experiments
from shared.domain.policy.policy import Policy
from shared.domain.signal import digest
from shared.messages import HistoryRow
from shared.ports import Parked
from shared.runtime.metering import RequestMeter
from shared.runtime.world import utc_now

ROOT = Path(__file__).resolve().parents[2]
SEGMENT_KEY = "the key of a caller who may send as segment and as nobody else"

PATIENCE_SECONDS = 60.0
"""How long a test waits for what must come; no test measures time."""

ENDS = frozenset({"sent", "failed", "expired", "cancelled"})
"""How a delivery may end."""

_CHANNELS = frozenset({"email", "sms", "push"})
T = TypeVar("T")
Row = dict[str, str]


class BankOfTwoCallers(Bank):
    """The sample bank, with a second caller who may send as one source only."""

    def source_secrets(self, credentials: Credentials) -> Mapping[str, str]:
        given = super().source_secrets(credentials)
        callers = json.loads(given[KEYRING])
        return {**given, KEYRING: json.dumps({**callers, "segment": {"key": SEGMENT_KEY, "sources": ["segment"]}})}


class Rows:
    """The interaction history as it is heard: the first row of each id, and how often anything changed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._decisions: dict[str, HistoryRow] = {}
        self._ends: dict[str, dict[str, HistoryRow]] = {}

    def hear(self, row: HistoryRow) -> None:
        """Take a row; a repeated one changes nothing."""
        with self._changed:
            if row.kind != "outcome":
                self._decisions.setdefault(row.row_id, row)
            elif row.outcome in ENDS and row.decision_id:
                self._ends.setdefault(row.decision_id, {}).setdefault(row.row_id, row)
            self._changed.notify_all()

    def decision(self, decision: str) -> HistoryRow | None:
        """The row with which a signal's decision ended, or the signal itself where it started none."""
        with self._changed:
            return self._decisions.get(decision)

    def ends(self, decision: str) -> list[HistoryRow]:
        """The ends of a decision's deliveries: one, unless something went out twice."""
        with self._changed:
            return list(self._ends.get(decision, {}).values())

    def await_(self, found: Callable[[], T | None], what: Callable[[], str], seconds: float) -> T:
        """Wait, from row to row, until there is what is looked for."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while (value := found()) is None:
                left = deadline - time.monotonic()
                assert left > 0, f"not within {seconds:g} s: {what()}"
                self._changed.wait(left)
            return value


class Running:
    """A platform that runs, as tests use it."""

    def __init__(self, kind: str, platform: Any, rows: Rows, ports: Mapping[str, Any]) -> None:
        self.kind = kind
        self.platform = platform
        self.rows = rows
        self._persons, self._contact_points = ports["persons"], ports["contact_points"]
        self._contacts, self._quarantine = ports["contacts"], ports["quarantine"]
        self._untaken = list(everybody())
        self._here = threading.local()
        self._clients: list[httpx.Client] = []
        self._made = 0

    @cached_property
    def _experiments(self) -> Experiments:
        return Policy(self.platform.bank.revision).experiments

    def close(self) -> None:
        for client in self._clients:
            client.close()

    def _http(self) -> httpx.Client:
        """This thread's own client: one thread's may close a kept connection that another is about to read."""
        if not hasattr(self._here, "client"):
            # a server closes what was idle for two seconds, perhaps just when it is used again
            limits = httpx.Limits(keepalive_expiry=1.0)
            self._here.client = httpx.Client(timeout=60, trust_env=False, limits=limits)
            self._clients.append(self._here.client)
        client: httpx.Client = self._here.client
        return client

    # people

    def customer(self, where: Callable[[Row], bool] | None = None) -> str:
        """The number of a customer nobody else has: an ordinary one, or the first for whom `where` holds."""
        wanted = where or is_ordinary
        row = next(row for row in self._untaken if wanted(row))
        self._untaken.remove(row)
        return row["customer_no"]

    def newcomers(self, count: int, audience: str = "") -> list[str]:
        """Customers made now, each like an ordinary customer of the main brand who has many things to be told, and
        in no arm of any experiment; of an audience of their own, if any is named.
        """
        pattern = _pattern(self.platform.bank)
        made = []
        while len(made) < count:
            self._made += 1
            number = f"N{self._made:06d}"
            if not self._experiments.arms(person_id(number)):
                made.append(_copy(pattern, number, audience))
        seed_customers(made, self.platform.bank.identifier_key, self._persons, self._contact_points)
        return [customer.identifiers["customer_no"] for customer in made]

    def defer(self, deferral: Deferral) -> None:
        """Let a decision of somebody wait."""
        version = self._contacts.history(deferral.person_id).version
        self._contacts.defer(deferral.person_id, version, deferral)

    def reserve(self, delivery: Delivery) -> None:
        """Let a place be held for a delivery, as suppression does."""
        version = self._contacts.history(delivery.person_id).version
        self._contacts.reserve(delivery.person_id, version, [Contact.of(delivery)])

    def claim(self, delivery: Delivery) -> None:
        """Let a delivery be begun, as delivery does before it sends."""
        self._contacts.claim(delivery, None)

    # HTTP

    def call(
        self,
        function: str,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        key: bool = True,
    ) -> httpx.Response:
        """One request; with the caller's key unless told otherwise."""
        if json is not None:
            content, headers = msgspec.json.encode(json), {"content-type": "application/json", **(headers or {})}
        known = self.platform.headers[function] if key else {}
        url = self.platform.endpoints[function] + path
        given = {name: value.encode() for name, value in {**known, **(headers or {})}.items()}  # UTF-8, whatever it is
        return self._http().request(method, url, content=content, headers=given)

    def push(self, function: str, body: bytes) -> httpx.Response:
        """Push as Pub/Sub does."""
        platform = self.platform
        credentials = platform.credentials if self.kind == "embedded" else platform.local.credentials
        token = {"authorization": f"Bearer {credentials.push_token}", "content-type": "application/json"}
        return self.call(function, "POST", "/", content=body, headers=token, key=False)

    def send(self, signal: Any, source: str | None = None, **options: Any) -> str:
        """Send one signal, in our own format or a source's; the id of its decision."""
        path = f"/v1/sources/{source}" if source else "/v1/signals"
        answer = self.call("ingest", "POST", path, json=signal, **options)
        assert answer.status_code == 202, answer.text
        [accepted] = answer.json()["accepted"]
        return str(accepted["decision_id"])

    def send_at_once(self, signals: Sequence[Mapping[str, Any]], threads: int = 16) -> list[str]:
        """Send each in a request of its own, many at once; the ids of their decisions in the signals' order."""
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(self.send, signals))

    def decide(self, request: Mapping[str, Any], **options: Any) -> dict[str, Any]:
        """Ask for a decision."""
        answer = self.call("decide", "POST", "/v1/decisions" + options.pop("query", ""), json=request, **options)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        assert not body["fallback"]
        return body

    # what became of it

    def decided(self, decision: str) -> HistoryRow:
        """The row with which a decision ended."""
        return self.rows.await_(lambda: self.rows.decision(decision), lambda: f"row of {decision}", PATIENCE_SECONDS)

    def record(self, decision: str) -> DecisionRecord:
        """What a decision read and did."""
        row = self.decided(decision)
        assert row.kind == "decision", row
        return msgspec.json.decode(row.record or "", type=DecisionRecord)

    def ended(self, decision: str) -> HistoryRow:
        """The end of the one delivery of a decision."""

        def found() -> list[HistoryRow] | None:
            return self.rows.ends(decision) or None

        [end] = self.rows.await_(found, lambda: f"end of {decision}: {self.decided(decision)}", PATIENCE_SECONDS)
        return end

    def settle(self, decisions: Iterable[str], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until each has its row, and its delivery's end where it reserved one."""
        wanted = set(decisions)

        def open_() -> set[str]:
            found = {d: self.rows.decision(d) for d in wanted}
            return {d for d, r in found.items() if r is None or (r.outcome == "reserved" and not self.rows.ends(d))}

        self.rows.await_(lambda: None if open_() else True, lambda: f"ends of {sorted(open_())}", seconds)

    def messages(self, decisions: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """What the providers accepted of each of these decisions, by every treatment it might have chosen."""
        revision = self.platform.bank.revision
        ids = {delivery_id(d, t): d for d in decisions for t in revision.treatments}
        of: dict[str, list[dict[str, Any]]] = {d: [] for d in ids.values()}
        for message in self.received():
            if message["delivery_id"] in ids:
                of[ids[message["delivery_id"]]].append(message)
        return of

    def received(self) -> list[dict[str, Any]]:
        """All that the providers accepted."""
        answer = self._http().get(self.platform.endpoints["sandbox"] + "/received")
        return list(answer.json()["received"])

    @contextmanager
    def providers(self, **behaviour: Any) -> Iterator[Callable[..., None]]:
        """Let all channels' providers behave like this; what is yielded changes it; all is well again at the end."""

        def behave(**wanted: Any) -> None:
            answer = self._http().post(self.platform.endpoints["sandbox"] + "/behaviour", json=wanted)
            assert answer.status_code == 200, answer.text

        behave(**behaviour)
        try:
            yield behave
        finally:
            behave(mode="ok")

    def delivery(self, identity: str) -> Delivery:
        """A delivery's document."""
        found = self._contacts.delivery(identity)
        assert found is not None
        return found.value

    def stands(self, decision: str) -> str | None:
        """The state of the one delivery that a decision may have led to, as soon as it has a document."""
        ids = [delivery_id(decision, treatment) for treatment in self.platform.bank.revision.treatments]
        return next((found.state for found in self._contacts.deliveries(ids).values()), None)

    def contacts(self, customer: str) -> list[Contact]:
        """The contact history of a newcomer."""
        history = self._contacts.history(person_id(customer)).value
        return list(history.contacts.values())

    def park(self, parked: Parked) -> None:
        """Put something into quarantine."""
        self._quarantine.park(parked)

    def parked(self) -> list[Parked]:
        """All that is in quarantine."""
        return list(self._quarantine.list(10_000))

    def eventually(self, found: Callable[[], T | None], what: str) -> T:
        """Ask again and again for what is stored a moment after it happened."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (value := found()) is None:
            assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:g} s: {what}"
            time.sleep(0.05)  # a store tells nobody what is written to it
        return value


def signal(customer: str, kind: str = "page_viewed", **fields: Any) -> dict[str, Any]:
    """A canonical signal with an id of its own."""
    given = {"id": str(uuid.uuid4()), "type": kind, "source": "test", "identifiers": {"customer_no": customer}}
    return {**given, **fields}


def everybody() -> Iterator[Row]:
    """The sample customers from C000101 on; those before belong to whoever shows the sample bank."""
    with (ROOT / "catalogue" / "samples" / "customers.csv").open(newline="", encoding="utf-8") as file:
        yield from (row for row in csv.DictReader(file) if row["customer_no"] > "C000100")


def is_reachable(row: Row) -> bool:
    """Whether a customer has an address on each outbound channel and consents to marketing on it."""
    consents = set(row["consents"].split("|"))
    return set(row["reachable"].split("|")) >= _CHANNELS and {f"marketing:{c}" for c in _CHANNELS} <= consents


def is_ordinary(row: Row) -> bool:
    """Whether nothing is special about a customer of the main brand."""
    return not row["flags"] and row["brands"] == "northmoor" and is_reachable(row)


def _pattern(bank: Bank) -> Customer:
    """The ordinary customer that newcomers resemble."""
    file = ROOT / "catalogue" / "samples" / "customers.csv"
    number = next(row["customer_no"] for row in everybody() if is_ordinary(row))
    customers = read_customers(file, bank.revision.catalogue.profile_schema, utc_now())
    return next(customer for customer in customers if customer.identifiers["customer_no"] == number)


def person_id(newcomer: str) -> str:
    """The id of a newcomer."""
    return "p-" + digest("newcomer", newcomer)[:24]


def _copy(pattern: Customer, number: str, audience: str = "") -> Customer:
    audiences = (audience,) if audience else pattern.profile.audiences
    phone = f"+4478{int(number[1:]):08d}"
    addresses = {"email": f"{number.lower()}@newcomers.example", "sms": phone, "push": f"token-{number}"}
    return Customer(
        profile=msgspec.structs.replace(pattern.profile, person_id=person_id(number), audiences=audiences),
        identifiers={"customer_no": number, "email": addresses["email"], "phone": phone},
        addresses=addresses,
    )


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The bank in this process; with `KAIROS_TEST_BUS=kafka`, its messages over Kafka."""
    yield from run_embedded(tmp_path_factory.mktemp("embedded"), on_kafka=os.environ.get("KAIROS_TEST_BUS") == "kafka")


def run_embedded(state: Path, *, on_kafka: bool = False) -> Iterator[Running]:
    """The bank in this process, its messages in memory or over Kafka."""
    rows, meter = Rows(), RequestMeter()
    platform = Embedded(BankOfTwoCallers(ROOT), state=state, on_kafka=on_kafka)
    with ExitStack() as stack:
        stack.callback(platform.stop)
        platform.start()
        platform.on_row(rows.hear)
        ports = {
            "persons": memory.Persons(platform.store, meter),
            "contacts": memory.Contacts(platform.store, meter),
            "contact_points": memory.ContactPoints(platform.store, meter),
            "quarantine": platform.quarantine,
        }
        running = Running("embedded", platform, rows, ports)
        yield running
        running.close()


@pytest.fixture(scope="session")
def on_emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The bank on Google's emulators; a function that dies stays dead until a test starts it again."""
    from emulators.bank_on_emulators import CONTACT_POINTS_DATABASE, BankOnEmulators  # noqa: PLC0415 - slow imports
    from emulators.tail import Tail  # noqa: PLC0415
    from shared.adapters.firestore.client import Database  # noqa: PLC0415
    from shared.adapters.firestore.contact_points import ContactPoints  # noqa: PLC0415
    from shared.adapters.firestore.contacts import Contacts  # noqa: PLC0415
    from shared.adapters.firestore.persons import Persons  # noqa: PLC0415
    from shared.adapters.firestore.quarantine import Quarantine  # noqa: PLC0415
    from shared.adapters.sealed_history import opened  # noqa: PLC0415

    bank, rows, meter = BankOfTwoCallers(ROOT), Rows(), RequestMeter()
    state = tmp_path_factory.mktemp("emulators")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOG_LEVEL", "DEBUG")  # the functions inherit it: each then logs what it took
        patch.setenv("NO_PROXY", ",".join(filter(None, ["127.0.0.1", os.environ.get("NO_PROXY")])))
        for name in ("FIRESTORE_EMULATOR_HOST", "PUBSUB_EMULATOR_HOST"):
            patch.setenv(name, os.environ.get(name, ""))  # set by the platform; put back at the end
        platform = BankOnEmulators(bank, state=state, on_function_death="report")
        with (
            platform,
            Tail(platform.local.project, platform.local.emulators["pubsub"], opened(platform.sealer(), rows.hear)),
        ):
            patient = {"timeout_seconds": PATIENCE_SECONDS}  # these stores are asked by tests only
            database = Database(platform.local.project, **patient)
            vault = Database(platform.local.project, CONTACT_POINTS_DATABASE, **patient)
            ports = {
                "persons": Persons(database, meter, platform.sealer()),
                "contacts": Contacts(database, meter, platform.sealer()),
                "contact_points": ContactPoints(vault, meter, platform.sealer()),
                "quarantine": Quarantine(database),
            }
            assert database.client
            assert vault.client  # made while the environment points at these emulators
            running = Running("emulators", platform, rows, ports)
            yield running
            running.close()
            database.close()
            vault.close()


@pytest.fixture(params=["embedded", pytest.param("on_emulators", marks=pytest.mark.emulators)])
def bank(request: pytest.FixtureRequest) -> Running:
    """The bank, on each platform in turn."""
    running = request.getfixturevalue(request.param)
    assert isinstance(running, Running)
    return running


@pytest.fixture
def customer(bank: Running) -> Callable[..., str]:
    """Gives customers, never the same twice: ordinary ones, or such for whom a condition holds."""
    return bank.customer
