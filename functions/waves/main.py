"""Wiring of waves: a step of a wave in, what the workflow does next out."""

from __future__ import annotations

from shared.runtime import starting  # isort: split

from functools import cache
from typing import TYPE_CHECKING

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.waves.api import UseCases, routes
from functions.waves.finding import Find
from functions.waves.openapi import document
from functions.waves.reconciling import Reconcile
from functions.waves.sending import Send
from functions.waves.settings import Settings
from functions.waves.starting import Start
from functions.waves.steering import Steer
from shared.adapters.audiences import Audiences, WaveHistory
from shared.adapters.firestore.allowances import Allowances
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.contacts import Contacts
from shared.adapters.firestore.models import Models
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.firestore.persons import Persons
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.firestore.waves import Members, Waves
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Service
from shared.runtime.settings import read
from shared.runtime.world import new_holder, pause, utc_now

if TYPE_CHECKING:  # imported when asked for, see below
    from functions.waves.planning import MakePlan

settings = read(Settings)
meter = RequestMeter()
database = Database(settings.google_cloud_project)
catalogues = Catalogues(database)
waves = Waves(database)
audiences = Audiences(settings.google_cloud_project)
allowances = Allowances(database, meter, new_holder(), pause)


@cache
def plan() -> MakePlan:
    """The use case that plans, which brings numpy: most steps do without."""
    from functions.waves.planning import MakePlan  # noqa: PLC0415 - see above

    sealing = sealer(settings.google_cloud_project, settings.person_keys)
    persons, contacts = Persons(database, meter, sealing), Contacts(database, meter, sealing)
    return MakePlan(waves, catalogues, Models(database), persons, contacts, allowances)


service = Service(
    "waves",
    routes(
        UseCases(
            start=Start(waves, audiences, catalogues),
            find=Find(waves, audiences, Members(database), catalogues),
            plan=plan,
            send=Send(waves, catalogues, allowances),
            reconcile=Reconcile(waves, WaveHistory(settings.google_cloud_project), Quarantine(database)),
            steer=Steer(waves),
        ),
        Keyring(settings.operator_keys, beacons=False, service=settings.k_service),
        utc_now,
    ),
    ready=catalogues.current,
    document=document,
)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one request."""
    return service(request)


starting.done()
