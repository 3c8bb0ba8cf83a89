"""The functions, wired as their `main.py` wire them, on the memory adapters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol

from emulators.access import Credentials
from emulators.local import Bank, access
from functions.arbitration.handler import Arbitrate
from functions.decide import openapi as decide_openapi
from functions.decide.api import routes as decide_routes
from functions.decide.handler import Decide
from functions.deferral.api import routes as deferral_routes
from functions.deferral.deliveries import FireDeliveries
from functions.deferral.handler import FireDeferrals
from functions.delivery.handler import Deliver
from functions.eligibility.handler import Qualify
from functions.feedback import openapi as feedback_openapi
from functions.feedback.api import routes as feedback_routes
from functions.feedback.api import sweep_route
from functions.feedback.attributing import Attribute
from functions.feedback.callbacks import callback_routes
from functions.feedback.calling_back import TakeCallbacks
from functions.feedback.closing import CloseWindows
from functions.feedback.following import Follow
from functions.feedback.handler import RecordOutcomes, note_delivery
from functions.feedback.links import LinkPages
from functions.feedback.taking import TakeOutcomes
from functions.identity.handler import Identify
from functions.identity.people import People
from functions.ingest import openapi as ingest_openapi
from functions.ingest.api import origins
from functions.ingest.api import ready as ingest_ready
from functions.ingest.api import routes as ingest_routes
from functions.ingest.handler import Ingest
from functions.persons import openapi as persons_openapi
from functions.persons.api import routes as persons_routes
from functions.persons.explaining import WhyOne
from functions.persons.finding import Find
from functions.persons.showing import ShowPerson
from functions.persons.unmerging import Unmerge
from functions.privacy import openapi as privacy_openapi
from functions.privacy.api import routes as privacy_routes
from functions.privacy.api import ticked as privacy_ticked
from functions.privacy.erasing import Erase
from functions.privacy.exporting import Export
from functions.privacy.finding import Find as FindForPrivacy
from functions.records import openapi as records_openapi
from functions.records.api import routes as records_routes
from functions.records.challenging import Challenge
from functions.records.evaluating import Evaluate
from functions.records.exporting import ExportShapes
from functions.records.handler import Records
from functions.records.measuring import Measure
from functions.records.measuring_api import Measuring, measuring_routes
from functions.records.models_api import models_routes
from functions.records.weighing import Weigh
from functions.suppression.handler import Suppress
from functions.waves import openapi as waves_openapi
from functions.waves.api import UseCases as WaveCases
from functions.waves.api import routes as waves_routes
from functions.waves.finding import Find as FindPersons
from functions.waves.planning import MakePlan
from functions.waves.reconciling import Reconcile
from functions.waves.sending import Send
from functions.waves.starting import Start
from functions.waves.steering import Steer
from shared.adapters.channels import Connectors
from shared.adapters.channels.egress import Egress
from shared.adapters.channels.fragments import HttpFragments
from shared.adapters.known_paces import Timing
from shared.adapters.memory.allowances import Allowances
from shared.adapters.memory.bus import Deliver as Taker
from shared.adapters.memory.catalogues import Catalogues
from shared.adapters.memory.contact_points import ContactPoints
from shared.adapters.memory.contacts import Contacts
from shared.adapters.memory.deferrals import Deferrals, DeferredDeliveries
from shared.adapters.memory.history import DecisionHistory
from shared.adapters.memory.measuring import Measures
from shared.adapters.memory.outcomes import Models, Outcomes
from shared.adapters.memory.paces import Paces
from shared.adapters.memory.personal_data import Erasures, PersonalData
from shared.adapters.memory.persons import Persons
from shared.adapters.memory.responses import ResponseWindows
from shared.adapters.memory.seals import Seals
from shared.adapters.memory.secrets import Secrets
from shared.adapters.memory.store import Store
from shared.adapters.memory.waves import Audiences, Members, WaveHistory, Waves
from shared.adapters.refreshing import Prepared
from shared.adapters.scoring import Scorers
from shared.adapters.sealing import Sealer
from shared.messages import (
    ActionsQualified,
    ActionsRanked,
    ContactReserved,
    Message,
    SignalIdentified,
    SignalReceived,
    TreatmentDelivered,
)
from shared.ports import Publisher, Quarantine
from shared.runtime import envelope
from shared.runtime.door import Door
from shared.runtime.door.pace import Pace
from shared.runtime.door.tokens import Issuers
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.push import Push
from shared.runtime.pushers import check_of
from shared.runtime.service import Route, Service, always_ready
from shared.runtime.settings import Pushed
from shared.runtime.telemetry import log
from shared.runtime.world import new_erasure_id, new_person_id, new_request_id, pause, timer, utc_now, wait_until


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
    secrets: Secrets
    meter: RequestMeter
    sealer: Sealer


def services(
    memory: Memory, bank: Bank, credentials: Credentials, outside: Outside, tell: Callable[[str], None]
) -> dict[str, Service]:
    """The functions by name, with the bank seeded and everything subscribed."""
    store, meter = memory.store, memory.meter
    prepared = Prepared()
    catalogues = Catalogues(store, prepare=prepared.policy)
    persons, contacts = Persons(store, meter), Contacts(store, meter)
    contact_points, models = ContactPoints(store, meter), Models(store, prepare=prepared.counts)
    publisher = memory.publisher
    bank.seed(catalogues, persons, contact_points, tell)
    identify, qualify = Identify(catalogues, persons, new_person_id), Qualify(catalogues)
    arbitrate = Arbitrate(catalogues, models)
    allowances = Allowances(store, meter, "embedded", pause)
    suppress = Suppress(catalogues, contacts, allowances, pause)
    egress = Egress(outside.stand_ins)
    provider, fragments = Connectors(memory.secrets, egress), HttpFragments(egress)
    paces = Paces(store, meter, Timing(utc_now, wait_until, pause), partial(log, "WARNING"))
    deliver = Deliver(
        catalogues,
        persons,
        contacts,
        contact_points,
        provider,
        paces,
        links=bank.links(outside.feedback),
        fragments=fragments,
    )
    for name, value in {**bank.source_secrets(credentials), **bank.connector_secrets()}.items():
        memory.secrets.add(name, value.encode())
    door = Door(memory.secrets, utc_now, Issuers())
    callers = access(credentials)
    channels = Keyring(callers["CHANNEL_KEYS"])
    key = bank.identifier_key
    decide = Decide(
        identify,
        qualify,
        arbitrate,
        suppress,
        catalogues=catalogues,
        publisher=publisher,
        history=memory.history,
        meter=meter,
        identifier_key=key,
        new_id=new_request_id,
        timer=timer,
        fragments=fragments,
    )
    take = TakeOutcomes(catalogues, Outcomes(store, meter), publisher)
    attribute = Attribute(catalogues, persons, contacts, Outcomes(store, meter), key)
    record = RecordOutcomes(contacts, attribute, take)
    memory.bus.subscribe("history", memory.history.deliver, name="history", at_once=True)
    records = Records(memory.history, Seals(store), catalogues, bank.seal_key)
    known = Models(store, refresh_seconds=0.0)
    measuring = Measuring(
        Measure(Measures(memory.history), catalogues),
        Weigh(memory.history, catalogues, publisher),
        Evaluate(memory.history, catalogues),
        ExportShapes(memory.history, catalogues, known),
    )
    challenge = Challenge(memory.history, catalogues, Scorers(egress, outside.stand_ins))
    fire = FireDeferrals(Deferrals(store, meter), publisher, timer)
    fire_deliveries = FireDeliveries(DeferredDeliveries(store, meter), publisher, utc_now, wait_until)
    people = People(persons, new_person_id)
    find = Find(catalogues, persons, people, key)
    data, erasures = PersonalData(store), Erasures(store)
    find_all = FindForPrivacy(persons, contacts, data, key)
    erase = Erase(find_all, data, memory.sealer.keys, erasures, memory.quarantine, new_erasure_id)
    waves, audiences = Waves(store), Audiences()
    make_plan = MakePlan(waves, catalogues, models, persons, contacts, allowances)
    wave_cases = WaveCases(
        start=Start(waves, audiences, catalogues),
        find=FindPersons(waves, audiences, Members(store), catalogues),
        plan=lambda: make_plan,
        send=Send(waves, catalogues, allowances),
        reconcile=Reconcile(waves, WaveHistory(memory.history), memory.quarantine),
        steer=Steer(waves),
    )
    check = check_of(_settings("deferral", credentials), utc_now)
    ready = catalogues.current
    pushed = partial(_pushed, memory, credentials)
    return {
        "ingest": Service(
            "ingest",
            ingest_routes(Ingest(catalogues, publisher, key), catalogues, door, Pace(timer), meter, utc_now),
            ready=partial(ingest_ready, catalogues, door),
            origins=partial(origins, catalogues),
            document=ingest_openapi.document,
        ),
        "identity": Service("identity", pushed("identity", SignalReceived, identify), ready=ready),
        "eligibility": Service("eligibility", pushed("eligibility", SignalIdentified, qualify), ready=ready),
        "arbitration": Service("arbitration", pushed("arbitration", ActionsQualified, arbitrate), ready=ready),
        "suppression": Service("suppression", pushed("suppression", ActionsRanked, suppress), ready=ready),
        "deferral": Service(
            "deferral", deferral_routes(fire, fire_deliveries, check, meter, utc_now), ready=always_ready
        ),
        "delivery": Service("delivery", pushed("delivery", ContactReserved, deliver), ready=ready),
        "feedback": Service(
            "feedback",
            [
                *pushed("feedback", TreatmentDelivered, note_delivery),
                *feedback_routes(record, channels, meter, utc_now),
                sweep_route(
                    CloseWindows(ResponseWindows(store, meter), take, timer),
                    check_of(_settings("feedback", credentials), utc_now),
                    meter,
                    utc_now,
                ),
                *callback_routes(TakeCallbacks(catalogues, contacts, take), catalogues, door, meter, utc_now),
                *LinkPages(Follow(bank.links(""), contacts, take), catalogues, meter, utc_now).routes,
            ],
            ready=always_ready,
            document=feedback_openapi.document,
        ),
        "decide": Service(
            "decide",
            decide_routes(decide, channels, meter, utc_now),
            ready=ready,
            document=decide_openapi.document,
        ),
        "persons": Service(
            "persons",
            persons_routes(
                ShowPerson(find, catalogues, persons, contacts),
                WhyOne(find),
                Unmerge(find, catalogues, people),
                Keyring(callers["OPERATOR_KEYS"]),
                utc_now,
            ),
            ready=ready,
            document=persons_openapi.document,
        ),
        "records": Service(
            "records",
            [
                *records_routes(records, Keyring(callers["OPERATOR_KEYS"]), utc_now),
                *measuring_routes(lambda: measuring, Keyring(callers["OPERATOR_KEYS"]), utc_now),
                *models_routes(known, catalogues, lambda: challenge, Keyring(callers["OPERATOR_KEYS"]), utc_now),
            ],
            ready=always_ready,
            document=records_openapi.document,
        ),
        "waves": Service(
            "waves",
            waves_routes(wave_cases, Keyring(callers["OPERATOR_KEYS"]), utc_now),
            ready=ready,
            document=waves_openapi.document,
        ),
        "privacy": Service(
            "privacy",
            [
                *privacy_ticked(erase, check_of(_settings("privacy", credentials), utc_now), utc_now),
                *privacy_routes(
                    Export(find_all, contacts, data, memory.history),
                    erase,
                    erasures,
                    Keyring(callers["OPERATOR_KEYS"]),
                    utc_now,
                ),
            ],
            ready=always_ready,
            document=privacy_openapi.document,
        ),
    }


def _settings(function: str, credentials: Credentials) -> Pushed:
    return Pushed(
        google_cloud_project="embedded",
        k_service=function,
        k_revision="embedded",
        push_token=credentials.push_token,
    )


def _pushed(
    memory: Memory, credentials: Credentials, function: str, accepts: type[Message], handle: Callable[..., Any]
) -> list[Route]:
    """The push endpoint of a function, which the bus delivers to through the same envelope as Pub/Sub."""
    push = Push(
        accepts,
        handle,
        publisher=memory.publisher,
        quarantine=memory.quarantine,
        meter=memory.meter,
        clock=utc_now,
        settings=_settings(function, credentials),
    )

    def deliver(_topic: str, data: bytes, attributes: Mapping[str, str]) -> bool:
        body = envelope.write(
            data, dict(attributes), message_id=attributes.get("message_id", ""), subscription=function
        )
        return push.deliver(body).status_code == 204

    memory.bus.subscribe(accepts.topic, deliver, name=function)
    return [("POST", "/", push)]
