"""Wiring of arbitration: actions qualified in, actions ranked out."""

from __future__ import annotations

from shared.runtime import starting  # isort: split

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.arbitration.handler import Arbitrate
from functions.arbitration.settings import Settings
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.models import Models
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.opening import Opening
from shared.adapters.pubsub import Publisher
from shared.adapters.refreshing import Prepared
from shared.messages import ActionsQualified
from shared.runtime.metering import RequestMeter
from shared.runtime.push import Push
from shared.runtime.service import Service
from shared.runtime.settings import read
from shared.runtime.world import utc_now

settings = read(Settings)
meter = RequestMeter()
database = Database(settings.google_cloud_project)
opening = Opening(settings.stand_ins, settings.scoring_hosts)
prepared = Prepared(opening.prepare)
catalogues = Catalogues(database, prepare=prepared.policy)
push = Push(
    ActionsQualified,
    Arbitrate(catalogues, Models(database, prepare=prepared.counts), opening),
    publisher=Publisher(settings.google_cloud_project, meter),
    quarantine=Quarantine(database),
    meter=meter,
    clock=utc_now,
    settings=settings,
)
service = Service("arbitration", [("POST", "/", push)], ready=catalogues.current)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one push: 204 acknowledges, 503 asks for redelivery."""
    return service(request)


starting.done()
