"""The same handlers on the memory adapters, in one process: what runs where there is no Java.

Everything that is ours is the same as with the emulators: HTTP at the door, the boundary, the messages, the handlers,
the signed call to the provider. Only Pub/Sub, Firestore and BigQuery are replaced, by adapters that pass the same
contract suite.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

import msgspec
from waitress.server import BaseWSGIServer, MultiSocketServer, create_server
from werkzeug.wrappers import Request

from emulators.access import Credentials, headers
from emulators.endpoints import EndpointsFile
from emulators.errors import CannotStartError
from emulators.local import Bank, access, providers
from emulators.ports import Ports
from emulators.sandbox import Server as Sandbox
from emulators.ticker import Ticker
from functions.arbitration.handler import Arbitrate
from functions.decide.api import routes as decide_routes
from functions.decide.handler import Decide
from functions.deferral.api import routes as deferral_routes
from functions.deferral.handler import FireDeferrals
from functions.delivery.handler import Deliver
from functions.eligibility.handler import Qualify
from functions.feedback.api import routes as feedback_routes
from functions.feedback.handler import RecordOutcomes, note_delivery
from functions.identity.handler import Identify
from functions.ingest.api import origins
from functions.ingest.api import routes as ingest_routes
from functions.ingest.handler import Ingest
from functions.records.api import routes as records_routes
from functions.records.handler import Records
from functions.suppression.handler import Suppress
from shared.adapters.memory.allowances import Allowances
from shared.adapters.memory.bus import Bus, Publisher
from shared.adapters.memory.catalogues import Catalogues
from shared.adapters.memory.contact_points import ContactPoints
from shared.adapters.memory.contacts import Contacts
from shared.adapters.memory.deferrals import Deferrals
from shared.adapters.memory.history import DecisionHistory
from shared.adapters.memory.outcomes import Models, Outcomes
from shared.adapters.memory.persons import Persons
from shared.adapters.memory.quarantine import Quarantine
from shared.adapters.memory.seals import Seals
from shared.adapters.memory.store import Store
from shared.adapters.providers import HttpProvider
from shared.messages import (
    ActionsQualified,
    ActionsRanked,
    ContactReserved,
    HistoryRow,
    Message,
    SignalIdentified,
    SignalReceived,
    TreatmentDelivered,
)
from shared.runtime import envelope
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.push import Push
from shared.runtime.pushers import check_of
from shared.runtime.service import Route, Service, always_ready
from shared.runtime.settings import Pushed
from shared.runtime.world import new_person_id, new_request_id, pause, timer, utc_now

FUNCTIONS = (
    "ingest",
    "identity",
    "eligibility",
    "arbitration",
    "suppression",
    "deferral",
    "delivery",
    "feedback",
    "decide",
    "records",
)
TICKED = ("deferral",)
"""Functions that the clock starts, every minute."""

THREADS = 16


class Embedded:
    """The platform in this process: from `start` to `stop` it serves at `endpoints`, to callers who send `headers`."""

    def __init__(
        self,
        bank: Bank,
        *,
        state: Path,
        credentials: Credentials | None = None,
        ports: Mapping[str, int] | None = None,
        on_progress: Callable[[str], None] = lambda _line: None,
        extra: Mapping[str, Service] | None = None,
    ) -> None:
        """Reserve the ports; nothing starts yet. `extra` services are served beside the functions, by name.

        Raises:
            emulators.errors.CannotStartError: a wanted port cannot be had.
        """
        self.bank = bank
        self.credentials = credentials or Credentials()
        self._on_progress = on_progress
        self._file = EndpointsFile(state)
        self._reserved = Ports()
        self._extra = dict(extra or {})
        names = (*FUNCTIONS, "sandbox", *self._extra)
        self._ports = self._reserved.take_all(names, ports or {})
        self.endpoints = {name: f"http://127.0.0.1:{port}" for name, port in self._ports.items()}
        self.ticker = Ticker({name: self.endpoints[name] for name in TICKED}, self.headers)
        self.store = Store()
        self.bus = Bus(workers=4)
        self.meter = RequestMeter()
        self.history = DecisionHistory()
        self.quarantine = Quarantine(self.store)
        self._server: MultiSocketServer | BaseWSGIServer | None = None
        self._sandbox: Sandbox | None = None
        self._stopping = threading.Lock()
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def headers(self) -> dict[str, dict[str, str]]:
        """The headers that let a caller in, by function."""
        return headers(FUNCTIONS, self.credentials)

    def start(self) -> None:
        """Start everything and return when all is ready."""
        if not self._file.claim():
            raise CannotStartError(
                f"Another platform runs with its state in {self._file.path.parent}.", "Stop it first."
            )
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        self._sandbox = Sandbox(self._ports["sandbox"], self.credentials.webhook_secret, logs=False)
        threading.Thread(target=self._sandbox.serve_forever, name="sandbox", daemon=True).start()
        services = {**self._services(), **self._extra}
        by_port = {str(self._ports[name]): service for name, service in services.items()}

        def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            return by_port[environ["SERVER_PORT"]](Request(environ))(environ, start_response)

        listen = " ".join(f"127.0.0.1:{self._ports[name]}" for name in services)
        self._server = create_server(application, listen=listen, threads=THREADS, clear_untrusted_proxy_headers=True)
        threading.Thread(target=self._server.run, name="http", daemon=True).start()
        self.ticker.start()
        pid = os.getpid()
        self._file.write(
            {
                "endpoints": self.endpoints,
                "headers": self.headers,
                "pids": dict.fromkeys(FUNCTIONS, pid),
                "emulators": {},
                "project": "embedded",
                "on": "embedded",
            }
        )

    def stop(self) -> None:
        """Stop serving. May be called again, and by several threads at once: each returns when all is stopped."""
        with self._stopping:
            if self._stopped.is_set():
                return
            self.ticker.stop()
            if self._server is not None:
                self._server.close()
            self.bus.close()
            if self._sandbox is not None:
                self._sandbox.shutdown()
                self._sandbox.server_close()
            self._file.remove()
            self._reserved.release()
            self._stopped.set()

    def wait(self) -> None:
        """Wait until `stop` is called."""
        self._stopped.wait()

    def parked(self) -> int:
        """How many messages are in quarantine."""
        return len(self.quarantine.list(10_000))

    def on_row(self, listener: Callable[[HistoryRow], None]) -> None:
        """Tell a listener of every row of the interaction history from now on."""

        def hear(_topic: str, data: bytes, _attributes: Mapping[str, str]) -> bool:
            listener(msgspec.json.decode(data, type=HistoryRow))
            return True

        self.bus.subscribe("history", hear, name="listener")

    def _services(self) -> dict[str, Service]:
        """The functions, wired as their `main.py` wire them, on memory."""
        store, meter = self.store, self.meter
        catalogues, persons, contacts = Catalogues(store), Persons(store, meter), Contacts(store, meter)
        contact_points, models = ContactPoints(store, meter), Models(store)
        publisher = Publisher(self.bus, meter)
        self.bank.seed(catalogues, persons, contact_points, self._on_progress)
        identify, qualify = Identify(catalogues, persons, new_person_id), Qualify(catalogues)
        arbitrate = Arbitrate(catalogues, models)
        suppress = Suppress(catalogues, contacts, Allowances(store, meter, "embedded", pause), pause)
        provider = HttpProvider(providers(catalogues.current().revision, self.endpoints["sandbox"], self.credentials))
        deliver = Deliver(catalogues, persons, contacts, contact_points, provider)
        secrets = access(self.credentials)
        sources, channels = Keyring(secrets["SOURCE_KEYS"]), Keyring(secrets["CHANNEL_KEYS"])
        key = self.bank.identifier_key
        decide = Decide(
            identify,
            qualify,
            arbitrate,
            suppress,
            catalogues=catalogues,
            publisher=publisher,
            history=self.history,
            meter=meter,
            identifier_key=key,
            new_id=new_request_id,
            timer=timer,
        )
        record = RecordOutcomes(contacts, Outcomes(store, meter), publisher)
        self.bus.subscribe("history", self.history.deliver, name="history")
        records = Records(self.history, Seals(store), catalogues, self.bank.seal_key)
        fire = FireDeferrals(Deferrals(store, meter), publisher, timer)
        check = check_of(self._settings("deferral"), utc_now)
        ready = catalogues.current
        return {
            "ingest": Service(
                "ingest",
                ingest_routes(Ingest(catalogues, publisher, key), sources, meter, utc_now),
                ready=ready,
                origins=partial(origins, catalogues),
            ),
            "identity": Service("identity", self._pushed("identity", SignalReceived, identify), ready=ready),
            "eligibility": Service("eligibility", self._pushed("eligibility", SignalIdentified, qualify), ready=ready),
            "arbitration": Service(
                "arbitration", self._pushed("arbitration", ActionsQualified, arbitrate), ready=ready
            ),
            "suppression": Service("suppression", self._pushed("suppression", ActionsRanked, suppress), ready=ready),
            "deferral": Service("deferral", deferral_routes(fire, check, meter, utc_now), ready=always_ready),
            "delivery": Service("delivery", self._pushed("delivery", ContactReserved, deliver), ready=ready),
            "feedback": Service(
                "feedback",
                [
                    *self._pushed("feedback", TreatmentDelivered, note_delivery),
                    *feedback_routes(record, channels, meter, utc_now),
                ],
                ready=always_ready,
            ),
            "decide": Service("decide", decide_routes(decide, channels, meter, utc_now), ready=ready),
            "records": Service(
                "records", records_routes(records, Keyring(secrets["OPERATOR_KEYS"]), utc_now), ready=always_ready
            ),
        }

    def _settings(self, function: str) -> Pushed:
        return Pushed(
            google_cloud_project="embedded",
            k_service=function,
            k_revision="embedded",
            push_token=self.credentials.push_token,
        )

    def _pushed(self, function: str, accepts: type[Message], handle: Callable[..., Any]) -> list[Route]:
        """The push endpoint of a function, which the bus delivers to through the same envelope as Pub/Sub."""
        push = Push(
            accepts,
            handle,
            publisher=Publisher(self.bus, self.meter),
            quarantine=self.quarantine,
            meter=self.meter,
            clock=utc_now,
            settings=self._settings(function),
        )

        def deliver(_topic: str, data: bytes, attributes: Mapping[str, str]) -> bool:
            body = envelope.write(
                data, dict(attributes), message_id=attributes.get("message_id", ""), subscription=function
            )
            return push.deliver(body).status_code == 204

        self.bus.subscribe(accepts.topic, deliver, name=function)
        return [("POST", "/", push)]
