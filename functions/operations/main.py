"""Wiring of operations: what was left lying is found, and sent on or put back."""

from shared.runtime import starting  # isort: split

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.operations.api import Sweeps, reconciling_routes, redriving_routes, sweeping_routes
from functions.operations.leases import SweepLeases
from functions.operations.openapi import document
from functions.operations.reconciling import Reconcile
from functions.operations.redriving import Redrive
from functions.operations.settings import Settings
from functions.operations.sweeping import SeeOverdue, SweepDeliveries, SweepOutbox
from shared.adapters.firestore.allowances import Ledgers
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.contacts import Contacts
from shared.adapters.firestore.deferrals import AbandonedDeliveries
from shared.adapters.firestore.overdue import Overdue
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.pubsub import DeadLetters, Publisher
from shared.adapters.reckoning import Reckoning
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Service, always_ready
from shared.runtime.settings import read
from shared.runtime.world import utc_now

settings = read(Settings)
meter = RequestMeter()
sealing = sealer(settings.google_cloud_project, settings.person_keys)
database = Database(settings.google_cloud_project)
publisher = Publisher(settings.google_cloud_project, meter)
keys = Keyring(settings.operator_keys, beacons=False, service=settings.k_service)
quarantine = Quarantine(database)
reckoning = Reckoning(settings.google_cloud_project)
sweeps = Sweeps(
    SweepDeliveries(AbandonedDeliveries(database, meter), publisher),
    SweepOutbox(reckoning, Contacts(database, meter, sealing), publisher),
    SweepLeases(Catalogues(database), Ledgers(database, meter), reckoning),
    SeeOverdue(Overdue(database)),
)
service = Service(
    "operations",
    [
        *sweeping_routes(sweeps, keys, meter, utc_now),
        *redriving_routes(Redrive(quarantine, DeadLetters(settings.google_cloud_project, {})), keys, utc_now),
        *reconciling_routes(Reconcile(reckoning, quarantine), keys, utc_now),
    ],
    ready=always_ready,
    document=document,
)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one request."""
    return service(request)


starting.done()
