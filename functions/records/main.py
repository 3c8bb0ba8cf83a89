"""Wiring of records: a day in, its seal, its verification or its replay out; a period in, what it was worth out."""

from __future__ import annotations

from shared.runtime import starting  # isort: split

from functools import cache
from typing import TYPE_CHECKING, Any

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.records.api import routes
from functions.records.changes_api import changes_routes
from functions.records.handler import Records
from functions.records.measuring import Measure
from functions.records.measuring_api import Measuring, measuring_routes
from functions.records.models_api import models_routes
from functions.records.nightly_api import kept_routes, learning_routes
from functions.records.settings import Settings
from shared.adapters.bigquery import DecisionHistory
from shared.adapters.channels.egress import Egress
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.models import Models
from shared.adapters.firestore.person_keys import sealer
from shared.adapters.firestore.reports import Reports
from shared.adapters.firestore.seals import Seals
from shared.adapters.measuring import Measures
from shared.adapters.scoring import Scorers
from shared.runtime.keys import Keyring
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Service, always_ready
from shared.runtime.settings import hexadecimal, read
from shared.runtime.world import utc_now

if TYPE_CHECKING:  # imported when asked for, see below
    from functions.records.associating import Associate
    from functions.records.challenging import Challenge
    from functions.records.kept import KeepMeasures
    from functions.records.learning import Learn

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
scorers = Scorers(Egress(settings.stand_ins), settings.scoring_hosts)
models = Models(database, refresh_seconds=0.0)  # whoever asks wants what is known now
reports = Reports(database)
keys = Keyring(settings.operator_keys, beacons=False, service=settings.k_service)


# What brings numpy or Pub/Sub is imported when it is asked for: instances start, and seal and verify days, without.
@cache
def measuring() -> Measuring:
    """The use cases that measure."""
    from functions.records.changing import EvaluateChange  # noqa: PLC0415 - see above
    from functions.records.evaluating import Evaluate  # noqa: PLC0415
    from functions.records.exporting import ExportShapes  # noqa: PLC0415
    from functions.records.proving import Evidence  # noqa: PLC0415
    from functions.records.watching import Watch  # noqa: PLC0415
    from functions.records.weighing import Weigh  # noqa: PLC0415
    from shared.adapters.pubsub import Publisher  # noqa: PLC0415

    measures = Measures(settings.google_cloud_project)
    change = EvaluateChange(history, measures, catalogues)
    return Measuring(
        Measure(measures, catalogues),
        Weigh(history, catalogues, Publisher(settings.google_cloud_project, RequestMeter())),
        Evaluate(history, catalogues),
        ExportShapes(history, catalogues, models),
        change,
        Watch(measures, catalogues, change, Evidence(reports)),
    )


def challenge() -> Challenge:
    """The use case that holds a challenger against the models."""
    from functions.records.challenging import Challenge  # noqa: PLC0415 - see above

    return Challenge(history, catalogues, scorers)


@cache
def learn() -> Learn:
    """The use cases of learning."""
    from functions.records.learning import Learn  # noqa: PLC0415 - see above

    return Learn(reports, models, catalogues, challenge())


@cache
def associate() -> Associate:
    """The use case that counts pairs of predictors."""
    from functions.records.associating import Associate  # noqa: PLC0415 - see above

    return Associate(history, reports, models, catalogues)


@cache
def kept() -> KeepMeasures:
    """The use case that keeps what is measured."""
    from functions.records.kept import KeepMeasures  # noqa: PLC0415 - see above

    return KeepMeasures(measuring().measure, reports, utc_now)


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    from functions.records import openapi  # noqa: PLC0415 - see above

    return openapi.document()


service = Service(
    "records",
    [
        *routes(records, keys, utc_now),
        *measuring_routes(measuring, keys, utc_now),
        *changes_routes(measuring, keys, utc_now),
        *models_routes(models, catalogues, challenge, keys, utc_now),
        *learning_routes(learn, associate, keys, utc_now),
        *kept_routes(kept, keys),
    ],
    ready=always_ready,
    document=document,
)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one question."""
    return service(request)


starting.done()
