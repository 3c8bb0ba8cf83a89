"""Wiring of delivery: a contact reserved in, a treatment delivered out."""

from shared.runtime import starting  # isort: split

import atexit
from functools import partial

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.delivery.handler import Deliver
from functions.delivery.settings import Settings
from shared.adapters.channels import Connectors
from shared.adapters.channels.egress import Egress
from shared.adapters.channels.fragments import HttpFragments
from shared.adapters.firestore.allowances import Allowances
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.contact_points import ContactPoints
from shared.adapters.firestore.contacts import Contacts
from shared.adapters.firestore.paces import Paces
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.firestore.persons import Persons
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.known_paces import Timing
from shared.adapters.pubsub import Publisher
from shared.adapters.secretmanager import Secrets
from shared.domain.links import Links, link_keys
from shared.messages import ContactReserved
from shared.runtime.metering import RequestMeter
from shared.runtime.push import Push
from shared.runtime.service import Service
from shared.runtime.settings import read
from shared.runtime.telemetry import log
from shared.runtime.world import new_holder, pause, timer, utc_now, wait_until

settings = read(Settings)
meter = RequestMeter()
sealing = sealer(settings.google_cloud_project, settings.person_keys)
database = Database(settings.google_cloud_project)
vault = Database(settings.google_cloud_project, settings.contact_points_database)
catalogues = Catalogues(database)
allowances = Allowances(database, meter, new_holder(), pause)
egress = Egress(settings.stand_ins)
deliver = Deliver(
    catalogues,
    Persons(database, meter, sealing),
    Contacts(database, meter, sealing),
    ContactPoints(vault, meter, sealing),
    Connectors(Secrets(settings.google_cloud_project, emulator=settings.secret_manager_emulator_host), egress),
    Paces(database, meter, Timing(utc_now, wait_until, pause), partial(log, "WARNING")),
    allowances=allowances,
    timer=timer,
    links=Links(link_keys(settings.link_keys), settings.link_base) if settings.link_base else None,
    fragments=HttpFragments(egress),
)
push = Push(
    ContactReserved,
    deliver,
    publisher=Publisher(settings.google_cloud_project, meter),
    quarantine=Quarantine(database),
    meter=meter,
    clock=utc_now,
    settings=settings,
)
atexit.register(allowances.close)
service = Service("delivery", [("POST", "/", push)], ready=catalogues.current)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one push: 204 acknowledges, 503 asks for redelivery."""
    return service(request)


starting.done()
