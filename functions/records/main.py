"""Wiring of records: a day in, its seal, its verification or its replay out; a period in, what it was worth out."""

import functions_framework
import msgspec
from flask import Request
from werkzeug.wrappers import Response

from functions.records.api import routes
from functions.records.challenging import Challenge
from functions.records.evaluating import Evaluate
from functions.records.exporting import ExportShapes
from functions.records.handler import Records
from functions.records.measuring import Measure
from functions.records.measuring_api import Measuring, measuring_routes
from functions.records.models_api import models_routes
from functions.records.openapi import document
from functions.records.settings import Settings
from functions.records.weighing import Weigh
from shared.adapters.bigquery import DecisionHistory
from shared.adapters.channels.egress import Egress
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.models import Models
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.firestore.seals import Seals
from shared.adapters.measuring import Measures
from shared.adapters.pubsub import Publisher
from shared.adapters.scoring import Scorers
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Service, always_ready
from shared.runtime.settings import hexadecimal, read
from shared.runtime.world import utc_now

settings = read(Settings)
database = Database(settings.google_cloud_project)
catalogues = Catalogues(database)
history = DecisionHistory(settings.google_cloud_project, sealer(settings.google_cloud_project, settings.person_keys))
records = Records(
    history,
    Seals(database),
    catalogues,
    hexadecimal("SEAL_KEY", settings.seal_key),
)
scorers = Scorers(
    Egress(msgspec.json.decode(settings.stand_ins, type=dict[str, str])),
    msgspec.json.decode(settings.scoring_hosts, type=list[str]),
)
models = Models(database, refresh_seconds=0.0)  # whoever asks wants what is known now
measuring = Measuring(
    Measure(Measures(settings.google_cloud_project), catalogues),
    Weigh(history, catalogues, Publisher(settings.google_cloud_project, RequestMeter())),
    Evaluate(history, catalogues),
    ExportShapes(history, catalogues, models),
)
keys = Keyring(settings.operator_keys)
service = Service(
    "records",
    [
        *routes(records, keys, utc_now),
        *measuring_routes(measuring, keys, utc_now),
        *models_routes(models, catalogues, Challenge(history, catalogues, scorers), keys, utc_now),
    ],
    ready=always_ready,
    document=document,
)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one question."""
    return service(request)
