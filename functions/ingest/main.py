"""Wiring of ingest: signals in by HTTP, signals received out."""

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.ingest.api import origins, routes
from functions.ingest.handler import Ingest
from functions.ingest.settings import Settings
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.pubsub import Publisher
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Service
from shared.runtime.settings import hexadecimal, read
from shared.runtime.world import utc_now

settings = read(Settings)
meter = RequestMeter()
catalogues = Catalogues(Database(settings.google_cloud_project))
ingest = Ingest(
    catalogues,
    Publisher(settings.google_cloud_project, meter),
    hexadecimal("IDENTIFIER_KEY", settings.identifier_key),
)
service = Service(
    "ingest",
    routes(ingest, Keyring(settings.source_keys), meter, utc_now),
    ready=catalogues.current,
    origins=lambda: origins(catalogues),
)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one request: 202 with what was accepted and what was refused and why."""
    return service(request)
