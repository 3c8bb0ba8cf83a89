"""Wiring of simulation: a change in, what it means and what it does to persons out."""

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.simulation.api import routes
from functions.simulation.handler import Simulate
from functions.simulation.openapi import document
from functions.simulation.settings import Settings
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.contacts import Contacts
from shared.adapters.firestore.models import Models
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.firestore.samples import Samples
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Service, always_ready
from shared.runtime.settings import read
from shared.runtime.world import utc_now

settings = read(Settings)
database = Database(settings.google_cloud_project)
sealing = sealer(settings.google_cloud_project, settings.person_keys)
samples = Samples(database, Contacts(database, RequestMeter(), sealing), sealing)
simulate = Simulate(Catalogues(database), samples, Models(database, refresh_seconds=0.0))
service = Service(
    "simulation",
    routes(simulate, Keyring(settings.operator_keys, beacons=False, service=settings.k_service), utc_now),
    ready=always_ready,
    document=document,
)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one question."""
    return service(request)
