"""Wiring of persons: an operator's question about a customer in, what is held and why out."""

from shared.runtime import starting  # isort: split

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.identity.people import People
from functions.persons.api import routes
from functions.persons.explaining import WhyOne
from functions.persons.finding import Find
from functions.persons.openapi import document
from functions.persons.settings import Settings
from functions.persons.showing import ShowPerson
from functions.persons.unmerging import Unmerge
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.contacts import Contacts
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.firestore.persons import Persons
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Service
from shared.runtime.settings import hexadecimal, read
from shared.runtime.world import new_person_id, utc_now

settings = read(Settings)
meter = RequestMeter()
database = Database(settings.google_cloud_project)
catalogues = Catalogues(database)
sealing = sealer(settings.google_cloud_project, settings.person_keys)
persons = Persons(database, meter, sealing)
people = People(persons, new_person_id)
find = Find(catalogues, persons, people, hexadecimal("IDENTIFIER_KEY", settings.identifier_key))
service = Service(
    "persons",
    routes(
        ShowPerson(find, catalogues, persons, Contacts(database, meter, sealing)),
        WhyOne(find),
        Unmerge(find, catalogues, people),
        Keyring(settings.operator_keys, beacons=False, service=settings.k_service),
        utc_now,
    ),
    ready=catalogues.current,
    document=document,
)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one question."""
    return service(request)


starting.done()
