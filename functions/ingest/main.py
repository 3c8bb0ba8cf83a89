"""Wiring of ingest: signals in by HTTP, signals received out."""

from shared.runtime import starting  # isort: split

from functools import partial

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.ingest.api import origins, ready, routes
from functions.ingest.handler import Ingest
from functions.ingest.openapi import document
from functions.ingest.settings import Settings
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.companions import Companions
from shared.adapters.pubsub import Publisher
from shared.adapters.secretmanager import Secrets
from shared.runtime.door import Door
from shared.runtime.door.pace import Pace
from shared.runtime.door.tokens import Issuers
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Service
from shared.runtime.settings import hexadecimal, read
from shared.runtime.world import new_holder, timer, utc_now

settings = read(Settings)
meter = RequestMeter()
database = Database(settings.google_cloud_project)
catalogues = Catalogues(database)
ingest = Ingest(
    catalogues,
    Publisher(settings.google_cloud_project, meter),
    hexadecimal("IDENTIFIER_KEY", settings.identifier_key),
)
door = Door(Secrets(settings.google_cloud_project, emulator=settings.secret_manager_emulator_host), utc_now, Issuers())
service = Service(
    "ingest",
    routes(ingest, catalogues, door, Pace(timer, Companions(database, new_holder())), meter, utc_now),
    ready=partial(ready, catalogues, door),
    origins=partial(origins, catalogues),
    document=document,
)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one request: 202 with what was accepted and what was refused and why."""
    return service(request)


starting.done()
