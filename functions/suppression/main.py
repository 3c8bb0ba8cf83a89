"""Wiring of suppression: actions ranked in, a contact reserved out."""

from shared.runtime import starting  # isort: split

import atexit

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.suppression.handler import Suppress
from functions.suppression.settings import Settings
from shared.adapters.firestore.allowances import Allowances
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.contacts import Contacts
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.pubsub import Publisher
from shared.adapters.sealed_history import SealingPublisher
from shared.messages import ActionsRanked
from shared.runtime.metering import RequestMeter
from shared.runtime.push import Push
from shared.runtime.service import Service
from shared.runtime.settings import read
from shared.runtime.world import new_holder, pause, utc_now

settings = read(Settings)
meter = RequestMeter()
sealing = sealer(settings.google_cloud_project, settings.person_keys)
database = Database(settings.google_cloud_project)
catalogues = Catalogues(database)
allowances = Allowances(database, meter, new_holder(), pause)
push = Push(
    ActionsRanked,
    Suppress(catalogues, Contacts(database, meter, sealing), allowances, pause),
    publisher=SealingPublisher(Publisher(settings.google_cloud_project, meter), sealing),
    quarantine=Quarantine(database),
    meter=meter,
    clock=utc_now,
    settings=settings,
)
service = Service("suppression", [("POST", "/", push)], ready=catalogues.current)

atexit.register(allowances.close)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one push: 204 acknowledges, 503 asks for redelivery."""
    return service(request)


starting.done()
