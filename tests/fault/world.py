"""The chain in one thread on memory adapters, whose every port call can be the last: for dying at any line, and for
any interleaving.
"""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request

from emulators.seed import Customer, read_customers, seed_customers
from functions.arbitration.handler import Arbitrate
from functions.decide.api import routes
from functions.decide.handler import Decide
from functions.deferral.deliveries import FireDeliveries
from functions.deferral.handler import FireDeferrals
from functions.delivery.handler import Deliver
from functions.eligibility.handler import Qualify
from functions.feedback.attributing import Attribute
from functions.feedback.closing import CloseWindows
from functions.feedback.handler import RecordOutcomes, note_delivery
from functions.feedback.taking import TakeOutcomes
from functions.identity.handler import Identify
from functions.suppression.handler import Suppress
from shared.adapters import memory
from shared.adapters.envelope import envelope as enveloped
from shared.adapters.known_paces import Timing
from shared.authoring import load
from shared.domain.catalogue import Revision
from shared.domain.identifiers import keyed_hash
from shared.domain.policy.policy import Policy
from shared.domain.signal import Signal, decision_id
from shared.messages import (
    ActionsQualified,
    ActionsRanked,
    ContactReserved,
    HistoryRow,
    Message,
    Publishable,
    SignalIdentified,
    SignalReceived,
    TreatmentDelivered,
)
from shared.runtime import envelope
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.push import Push
from shared.runtime.service import Service
from shared.runtime.settings import Pushed
from tests.e2e.platforms import ROOT, everybody, is_ordinary
from tests.ungoverned import Ungoverned

KEY = b"k" * 32
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PORTS = (
    "persons",
    "contacts",
    "allowances",
    "deferrals",
    "deferred_deliveries",
    "contact_points",
    "outcomes",
    "response_windows",
    "provider",
    "paces",
    "publisher",
)


class Death(BaseException):
    """The process ends here: nothing catches it, nothing is tidied up."""


@cache
def bank_revision() -> Revision:
    return load(ROOT / "catalogue")


@cache
def bank_policy() -> Policy:
    return Policy(bank_revision())


@cache
def bank_customers() -> dict[str, Customer]:
    """The sample customers by number, as of `NOW`, on the bank's own clock."""
    file = ROOT / "catalogue" / "samples" / "customers.csv"
    schema = {name: known for name, known in bank_revision().catalogue.profile_schema.items() if name != "time_zone"}
    customers = read_customers(file, schema, NOW - timedelta(days=1))
    return {customer.identifiers["customer_no"]: customer for customer in customers}


def ordinary() -> str:
    """The number of a customer about whom nothing is special."""
    return next(row["customer_no"] for row in everybody() if is_ordinary(row))


class Catalogues(Ungoverned):
    """The port, with the sample bank's revision compiled once for all worlds."""

    def current(self) -> Policy:
        return bank_policy()

    def get(self, _revision: str) -> Policy:
        return bank_policy()


class Watched:
    """A port whose calls are announced before and after they happen."""

    def __init__(self, port: Any, announce: Callable[[str], None], name: str) -> None:
        self._port, self._announce, self._name = port, announce, name

    def __getattr__(self, method: str) -> Any:
        call = getattr(self._port, method)

        def announced(*args: Any, **kwargs: Any) -> Any:
            self._announce(f"before {self._name}.{method}")
            try:
                return call(*args, **kwargs)
            finally:
                self._announce(f"after {self._name}.{method}")

        return announced


class Queue:
    """The port `Publisher`: keeps what is published, in order, as bytes."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[str, bytes, dict[str, str]]] = deque()
        self.rows: list[HistoryRow] = []

    def publish(self, messages: Sequence[Publishable]) -> None:
        for message in messages:
            sent = enveloped(message)
            if isinstance(message, HistoryRow):
                self.rows.append(msgspec.json.decode(sent.data, type=HistoryRow))
            else:
                self.waiting.append((sent.topic, sent.data, sent.attributes))


class World:
    """Stores, adapters and the chained functions around them; `announce` hears of every port call."""

    def __init__(
        self,
        announce: Callable[[str], None] = lambda _call: None,
        customers: Sequence[str] = (),
        catalogues: Any = None,
    ) -> None:
        self.now = NOW
        self.told: list[str] = []
        self.store, self.queue, self.meter = memory.Store(), Queue(), RequestMeter()
        meter = self.meter
        self.provider = memory.ChannelProvider()
        self.quarantine = memory.Quarantine(self.store)
        plain = {
            "persons": memory.Persons(self.store, meter),
            "contacts": memory.Contacts(self.store, meter),
            "allowances": memory.Allowances(self.store, meter, "world", lambda _attempt: None),
            "deferrals": memory.Deferrals(self.store, meter),
            "deferred_deliveries": memory.DeferredDeliveries(self.store, meter),
            "contact_points": memory.ContactPoints(self.store, meter),
            "outcomes": memory.Outcomes(self.store, meter),
            "response_windows": memory.ResponseWindows(self.store, meter),
            "provider": self.provider,
            "paces": self.new_paces(),
            "publisher": self.queue,
        }
        self.plain = plain
        self.models = memory.Models(self.store, refresh_seconds=0)
        self._person_ids = map("p-new-{}".format, range(1, 1_000_000))
        self._request_ids = itertools.count()
        seed_customers(
            [bank_customers()[number] for number in customers], KEY, plain["persons"], plain["contact_points"]
        )
        ports = self.ports = {name: Watched(plain[name], announce, name) for name in PORTS}
        catalogues = self.catalogues = catalogues or Catalogues()
        self.identify = Identify(catalogues, ports["persons"], lambda: next(self._person_ids))
        self.qualify = Qualify(catalogues)
        self.arbitrate = Arbitrate(catalogues, self.models)
        self.suppress = Suppress(catalogues, ports["contacts"], ports["allowances"], lambda _attempt: None)
        self.deliver = Deliver(
            catalogues,
            ports["persons"],
            ports["contacts"],
            ports["contact_points"],
            ports["provider"],
            ports["paces"],
            allowances=ports["allowances"],
            timer=lambda: 0.0,
        )
        self.fire_deliveries = FireDeliveries(
            ports["deferred_deliveries"], ports["publisher"], lambda: self.now, self.wait_until
        )
        self.fire = FireDeferrals(ports["deferrals"], ports["publisher"], lambda: 0.0)
        take = TakeOutcomes(catalogues, ports["outcomes"], ports["publisher"])
        attribute = Attribute(catalogues, ports["persons"], ports["contacts"], ports["outcomes"], KEY)
        self.record = RecordOutcomes(ports["contacts"], attribute, take)
        self.close_windows = CloseWindows(ports["response_windows"], take, lambda: 0.0)
        handlers: list[tuple[type[Message], Any]] = [
            (SignalReceived, self.identify),
            (SignalIdentified, self.qualify),
            (ActionsQualified, self.arbitrate),
            (ActionsRanked, self.suppress),
            (ContactReserved, self.deliver),
            (TreatmentDelivered, note_delivery),
        ]
        self.pushes = {
            accepts.topic: Push(
                accepts,
                handler,
                publisher=ports["publisher"],
                quarantine=self.quarantine,
                meter=meter,
                clock=lambda: self.now,
                settings=Pushed(google_cloud_project="world", k_service=accepts.topic, push_token="-"),
            )
            for accepts, handler in handlers
        }

    def new_paces(self) -> memory.Paces:
        """The paces of channels as one more instance of delivery keeps to them."""
        timing = Timing(lambda: self.now, self.wait_until, lambda _attempt: None)
        return memory.Paces(self.store, self.meter, timing, self._told)

    def _told(self, said: str, **_fields: str) -> None:
        self.told.append(said)

    def wait_until(self, at: datetime) -> None:
        """Let it be that time, if it is not later."""
        self.now = max(self.now, at)

    def ask(self, request: Any, query: str = "") -> TestResponse:
        """Ask decide over HTTP."""
        decide = Decide(
            self.identify,
            self.qualify,
            self.arbitrate,
            self.suppress,
            catalogues=self.catalogues,
            publisher=self.ports["publisher"],
            history=memory.DecisionHistory(memory.new_sealer(self.store)),
            meter=self.meter,
            identifier_key=KEY,
            new_id=lambda: f"r-{next(self._request_ids)}",
            timer=lambda: 0.0,
        )
        keys = Keyring('{"channel": {"key": "k"}}')
        service = Service("decide", routes(decide, keys, self.meter, lambda: self.now), ready=self.catalogues.current)
        client = Client(Request.application(service))
        return client.post(f"/v1/decisions{query}", json=request, headers={"x-api-key": "k"})

    def receive(self, signal: Signal) -> str:
        """Let ingest have accepted a signal; the id of its decision."""
        decision = decision_id(signal.source, signal.id)
        self.queue.publish(
            [
                SignalReceived(
                    message_id=f"{decision}:signal.received",
                    decision_id=decision,
                    occurred_at=signal.received_at,
                    signal=signal,
                )
            ]
        )
        return decision

    def sweep(self) -> int:
        """Let the clock tick: how many deferrals fired."""
        with self.meter.request():
            return self.fire(self.now, "").fired

    def sweep_deliveries(self) -> int:
        """Let the clock tick: how many deliveries fired that waited for their channel, until the next tick."""
        with self.meter.request():
            return self.fire_deliveries(self.now, "")

    def push(self, topic: str, data: bytes, attributes: dict[str, str]) -> bool:
        """Push one message to its function; whether it was acknowledged."""
        body = envelope.write(data, attributes, message_id="m", subscription="s")
        return self.pushes[topic].deliver(body).status_code == 204

    def run(self, until: Callable[[], bool] = lambda: False) -> None:
        """Push what waits, in order; what is not acknowledged, or killed its function, comes again half a minute on."""
        for _ in range(10_000):
            if not self.queue.waiting or until():
                return
            message = self.queue.waiting.popleft()
            try:
                acknowledged = self.push(*message)
            except Death:
                acknowledged = False
            if not acknowledged:
                self.now += timedelta(seconds=30)
                self.queue.waiting.append(message)
        raise AssertionError("messages come again for ever")


class Interleaver:
    """Runs tasks in threads of which one goes at a time, handing over at each announced call as `choices` say."""

    def __init__(self, choices: Iterator[int]) -> None:
        self._choices = choices
        self._mine = threading.local()
        self._arrived = threading.Semaphore(0)

    def announce(self, _call: str) -> None:
        """Stop here until chosen to go on."""
        gate = getattr(self._mine, "gate", None)
        if gate is not None:
            self._arrived.release()
            gate.acquire()

    def run(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Run them to their ends; the first error of any is raised."""
        gates = [threading.Semaphore(0) for _ in tasks]
        done = [False] * len(tasks)
        errors: list[BaseException] = []

        def work(index: int) -> None:
            self._mine.gate = gates[index]
            gates[index].acquire()
            try:
                tasks[index]()
            except BaseException as error:  # noqa: BLE001 - handed to the one who waits
                errors.append(error)
            done[index] = True
            self._arrived.release()

        threads = [threading.Thread(target=work, args=(index,), daemon=True) for index in range(len(tasks))]
        for thread in threads:
            thread.start()
        while not all(done):
            waiting = [index for index, over in enumerate(done) if not over]
            gates[waiting[next(self._choices, 0) % len(waiting)]].release()
            self._arrived.acquire()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]


def canonical(customer: str, identity: str, kind: str = "page_viewed", at: datetime = NOW, **fields: Any) -> Signal:
    """A signal of a customer as ingest would accept it."""
    given = fields.pop("identifiers", {"customer_no": customer})
    return Signal(
        id=identity,
        type=kind,
        at=at,
        received_at=fields.pop("received_at", NOW),
        source="test",
        identifiers={ns: keyed_hash(KEY, ns, value) for ns, value in given.items()},
        **fields,
    )
