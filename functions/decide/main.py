"""Wiring of decide: a channel's question in, treatments out, the record to the history."""

from __future__ import annotations

from shared.runtime import starting  # isort: split

import atexit

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.arbitration.handler import Arbitrate
from functions.decide.api import routes
from functions.decide.handler import Decide
from functions.decide.openapi import document
from functions.decide.settings import Settings
from functions.eligibility.handler import Qualify
from functions.identity.handler import Identify
from functions.suppression.handler import Suppress
from shared.adapters.bigquery import DecisionHistory
from shared.adapters.channels.egress import Egress
from shared.adapters.channels.fragments import HttpFragments
from shared.adapters.firestore.allowances import Allowances
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.contacts import Contacts
from shared.adapters.firestore.models import Models
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.firestore.persons import Persons
from shared.adapters.opening import Opening
from shared.adapters.pubsub import Publisher
from shared.adapters.refreshing import Prepared
from shared.adapters.sealed_history import SealingPublisher
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Service
from shared.runtime.settings import hexadecimal, read
from shared.runtime.world import new_holder, new_person_id, new_request_id, pause, timer, utc_now

settings = read(Settings)
meter = RequestMeter()
sealing = sealer(settings.google_cloud_project, settings.person_keys)
database = Database(settings.google_cloud_project)
opening = Opening(settings.stand_ins, settings.scoring_hosts)
prepared = Prepared(opening.prepare)
catalogues = Catalogues(database, prepare=prepared.policy)
allowances = Allowances(database, meter, new_holder(), pause)
decide = Decide(
    Identify(catalogues, Persons(database, meter, sealing), new_person_id),
    Qualify(catalogues),
    Arbitrate(catalogues, Models(database, prepare=prepared.counts), opening),
    Suppress(catalogues, Contacts(database, meter, sealing), allowances, pause),
    catalogues=catalogues,
    publisher=SealingPublisher(Publisher(settings.google_cloud_project, meter), sealing),
    history=DecisionHistory(settings.google_cloud_project, sealing),
    meter=meter,
    identifier_key=hexadecimal("IDENTIFIER_KEY", settings.identifier_key),
    new_id=new_request_id,
    timer=timer,
    fragments=HttpFragments(Egress(settings.stand_ins)),
)
service = Service(
    "decide",
    routes(decide, Keyring(settings.channel_keys), meter, utc_now),
    ready=catalogues.current,
    document=document,
)

atexit.register(allowances.close)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one question."""
    return service(request)


starting.done()
