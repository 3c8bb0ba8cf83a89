"""Wiring of identity: signals received in, signals identified out."""

from shared.runtime import starting  # isort: split

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.identity.handler import Identify
from functions.identity.settings import Settings
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.firestore.persons import Persons
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.pubsub import Publisher
from shared.adapters.sealed_history import SealingPublisher
from shared.messages import SignalReceived
from shared.runtime.metering import RequestMeter
from shared.runtime.push import Push
from shared.runtime.service import Service
from shared.runtime.settings import read
from shared.runtime.world import new_person_id, utc_now

settings = read(Settings)
meter = RequestMeter()
sealing = sealer(settings.google_cloud_project, settings.person_keys)
database = Database(settings.google_cloud_project)
catalogues = Catalogues(database)
identify = Identify(catalogues, Persons(database, meter, sealing), new_person_id)
push = Push(
    SignalReceived,
    identify,
    publisher=SealingPublisher(Publisher(settings.google_cloud_project, meter), sealing),
    quarantine=Quarantine(database),
    meter=meter,
    clock=utc_now,
    settings=settings,
)
service = Service("identity", [("POST", "/", push)], ready=catalogues.current)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one push: 204 acknowledges, 503 asks for redelivery."""
    return service(request)


starting.done()
