"""Wiring of feedback: outcomes in, by HTTP from channels and by push from delivery; history out."""

from shared.runtime import starting  # isort: split

from functools import partial

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.feedback.api import routes, sweep_route
from functions.feedback.attributing import Attribute
from functions.feedback.callbacks import callback_routes, ready
from functions.feedback.calling_back import TakeCallbacks
from functions.feedback.closing import CloseWindows
from functions.feedback.following import Follow
from functions.feedback.handler import RecordOutcomes, note_delivery
from functions.feedback.links import LinkPages
from functions.feedback.openapi import document
from functions.feedback.settings import Settings
from functions.feedback.taking import TakeOutcomes
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.contacts import Contacts
from shared.adapters.firestore.outcomes import Outcomes
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.firestore.persons import Persons
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.firestore.responses import ResponseWindows
from shared.adapters.pubsub import Publisher
from shared.adapters.sealed_history import SealingPublisher
from shared.adapters.secretmanager import Secrets
from shared.domain.links import Links, link_keys
from shared.messages import TreatmentDelivered
from shared.runtime.door import Door
from shared.runtime.door.tokens import Issuers
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.push import Push
from shared.runtime.pushers import check_of
from shared.runtime.service import Service
from shared.runtime.settings import hexadecimal, read
from shared.runtime.world import timer, utc_now

settings = read(Settings)
meter = RequestMeter()
sealing = sealer(settings.google_cloud_project, settings.person_keys)
database = Database(settings.google_cloud_project)
catalogues = Catalogues(database)
publisher = SealingPublisher(Publisher(settings.google_cloud_project, meter), sealing)
outcomes = Outcomes(database, meter)
take = TakeOutcomes(catalogues, outcomes, publisher)
contacts = Contacts(database, meter, sealing)
persons = Persons(database, meter, sealing)
identifier_key = hexadecimal("IDENTIFIER_KEY", settings.identifier_key)
record = RecordOutcomes(contacts, Attribute(catalogues, persons, contacts, outcomes, identifier_key), take)
close = CloseWindows(ResponseWindows(database, meter), take, timer)
follow = Follow(Links(link_keys(settings.link_keys), ""), contacts, take)
push = Push(
    TreatmentDelivered,
    note_delivery,
    publisher=publisher,
    quarantine=Quarantine(database),
    meter=meter,
    clock=utc_now,
    settings=settings,
)
door = Door(Secrets(settings.google_cloud_project, emulator=settings.secret_manager_emulator_host), utc_now, Issuers())
service = Service(
    "feedback",
    [
        ("POST", "/", push),
        *routes(record, Keyring(settings.channel_keys), meter, utc_now),
        sweep_route(close, check_of(settings, utc_now), meter, utc_now),
        *callback_routes(TakeCallbacks(catalogues, contacts, take), catalogues, door, meter, utc_now),
        *LinkPages(follow, catalogues, meter, utc_now).routes,
    ],
    ready=partial(ready, catalogues, door),
    document=document,
)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one push or one report."""
    return service(request)


starting.done()
