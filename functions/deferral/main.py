"""Wiring of deferral: a tick of the scheduler in, signals to decide on again out."""

from shared.runtime import starting  # isort: split

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.deferral.api import routes
from functions.deferral.deliveries import FireDeliveries
from functions.deferral.handler import FireDeferrals
from functions.deferral.settings import Settings
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.deferrals import Deferrals, DeferredDeliveries
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.pubsub import Publisher
from shared.runtime.metering import RequestMeter
from shared.runtime.pushers import check_of
from shared.runtime.service import Service, always_ready
from shared.runtime.settings import read
from shared.runtime.world import timer, utc_now, wait_until

settings = read(Settings)
meter = RequestMeter()
sealing = sealer(settings.google_cloud_project, settings.person_keys)
database = Database(settings.google_cloud_project)
publisher = Publisher(settings.google_cloud_project, meter)
fire = FireDeferrals(Deferrals(database, meter, sealing), publisher, timer)
deliveries = FireDeliveries(DeferredDeliveries(database, meter), publisher, utc_now, wait_until)
service = Service("deferral", routes(fire, deliveries, check_of(settings, utc_now), meter, utc_now), ready=always_ready)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one tick."""
    return service(request)


starting.done()
