"""Wiring of privacy: an operator's request about a person in, what is held, or what was erased, out."""

from shared.runtime import starting  # isort: split

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.privacy.api import handing_over, routes, ticked
from functions.privacy.erasing import Erase
from functions.privacy.exporting import Export
from functions.privacy.finding import Find
from functions.privacy.handing_over import HandOver
from functions.privacy.openapi import document
from functions.privacy.settings import Settings
from shared.adapters.bigquery import DecisionHistory
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.contacts import Contacts
from shared.adapters.firestore.handovers import Handovers
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.firestore.personal_data import Erasures, PersonalData
from shared.adapters.firestore.persons import Persons
from shared.adapters.firestore.quarantine import Quarantine
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.pushers import check_of
from shared.runtime.service import Service, always_ready
from shared.runtime.settings import hexadecimal, read
from shared.runtime.world import new_erasure_id, utc_now

settings = read(Settings)
meter = RequestMeter()
database = Database(settings.google_cloud_project)
vault = Database(settings.google_cloud_project, settings.contact_points_database)
sealing = sealer(settings.google_cloud_project, settings.person_keys)
contacts, data, erasures = (
    Contacts(database, meter, sealing),
    PersonalData(database, vault, sealing),
    Erasures(database),
)
find = Find(Persons(database, meter, sealing), contacts, data, hexadecimal("IDENTIFIER_KEY", settings.identifier_key))
erase = Erase(find, data, sealing.keys, erasures, Quarantine(database), new_erasure_id)
export = Export(find, contacts, data, DecisionHistory(settings.google_cloud_project, sealing))
keys = Keyring(settings.operator_keys, beacons=False, service=settings.k_service)
service = Service(
    "privacy",
    [
        *ticked(erase, check_of(settings, utc_now), utc_now),
        *routes(export, erase, erasures, keys, utc_now),
        *handing_over(HandOver(find, export, Handovers(database, sealing)), keys, utc_now),
    ],
    ready=always_ready,
    document=document,
)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one request."""
    return service(request)


starting.done()
