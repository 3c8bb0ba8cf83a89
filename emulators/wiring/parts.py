"""What the functions of the embedded platform are made of, and how a push reaches them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from emulators.access import Credentials
from emulators.local import Bank, access
from shared.adapters.channels.egress import Egress
from shared.adapters.memory.bus import Deliver as Taker
from shared.adapters.memory.catalogues import Catalogues
from shared.adapters.memory.contact_points import ContactPoints
from shared.adapters.memory.contacts import Contacts
from shared.adapters.memory.history import DecisionHistory
from shared.adapters.memory.outcomes import Models
from shared.adapters.memory.persons import Persons
from shared.adapters.memory.secrets import Secrets
from shared.adapters.memory.store import Store
from shared.adapters.refreshing import Prepared
from shared.adapters.sealing import Sealer
from shared.messages import Message
from shared.ports import DeadLetters, Publisher, Quarantine
from shared.runtime import envelope
from shared.runtime.door import Door
from shared.runtime.door.tokens import Issuers
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.push import Push
from shared.runtime.pushers import Check, check_of
from shared.runtime.service import Route
from shared.runtime.settings import Pushed
from shared.runtime.world import utc_now


class Bus(Protocol):
    """Topics and their subscribers, in memory or over Kafka."""

    def subscribe(self, topic: str, deliver: Taker, *, name: str = "", at_once: bool = False) -> None:
        """Deliver what is published on a topic."""


class Outside(NamedTuple):
    """What is around the functions: what stands in for hosts of providers, and feedback's address, where links lead."""

    stand_ins: Mapping[str, str]
    feedback: str


class Memory(NamedTuple):
    """What stands for Firestore, Pub/Sub, BigQuery, Secret Manager and the quarantine in this process, and what counts
    their use.
    """

    store: Store
    bus: Bus
    publisher: Publisher
    history: DecisionHistory
    quarantine: Quarantine
    letters: DeadLetters
    secrets: Secrets
    meter: RequestMeter
    sealer: Sealer


class Parts:
    """What several functions share in this process: adapters, doors and keys.

    Args:
        memory: what stands for the cloud's services.
        bank: whose catalogue and persons they are; not seeded by this.
        credentials: by which callers are known.
        outside: what is around the functions.
    """

    def __init__(self, memory: Memory, bank: Bank, credentials: Credentials, outside: Outside) -> None:
        self.memory = memory
        self.bank = bank
        self.outside = outside
        self.meter = memory.meter
        self._credentials = credentials
        store, prepared = memory.store, Prepared()
        self.catalogues = Catalogues(store, prepare=prepared.policy)
        self.persons = Persons(store, self.meter)
        self.contacts = Contacts(store, self.meter)
        self.contact_points = ContactPoints(store, self.meter)
        self.models = Models(store, prepare=prepared.counts)
        self.egress = Egress(outside.stand_ins)
        self.door = Door(memory.secrets, utc_now, Issuers())
        callers = access(credentials)
        self.channels = Keyring(callers["CHANNEL_KEYS"])
        self.operators = Keyring(callers["OPERATOR_KEYS"], beacons=False)

    def clock(self, function: str) -> Check:
        """What asks whether it is the clock that starts a function."""
        return check_of(self._settings(function), utc_now)

    def pushed(self, function: str, accepts: type[Message], handle: Callable[..., Any]) -> list[Route]:
        """The push endpoint of a function, which the bus delivers to through the same envelope as Pub/Sub."""
        push = Push(
            accepts,
            handle,
            publisher=self.memory.publisher,
            quarantine=self.memory.quarantine,
            meter=self.meter,
            clock=utc_now,
            settings=self._settings(function),
        )

        def deliver(_topic: str, data: bytes, attributes: Mapping[str, str]) -> bool:
            body = envelope.write(
                data, dict(attributes), message_id=attributes.get("message_id", ""), subscription=function
            )
            return push.deliver(body).status_code == 204

        self.memory.bus.subscribe(accepts.topic, deliver, name=function)
        return [("POST", "/", push)]

    def _settings(self, function: str) -> Pushed:
        return Pushed(
            google_cloud_project="embedded",
            k_service=function,
            k_revision="embedded",
            push_token=self._credentials.push_token,
        )
