"""Wiring of arbitration: actions qualified in, actions ranked out."""

from __future__ import annotations

from shared.runtime import starting  # isort: split

from functools import cache
from typing import TYPE_CHECKING

import functions_framework
import msgspec
from flask import Request
from werkzeug.wrappers import Response

from functions.arbitration.handler import Arbitrate
from functions.arbitration.settings import Settings
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.models import Models
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.pubsub import Publisher
from shared.adapters.refreshing import Prepared
from shared.domain.policy.policy import Policy
from shared.messages import ActionsQualified
from shared.runtime.metering import RequestMeter
from shared.runtime.push import Push
from shared.runtime.service import Service
from shared.runtime.settings import read
from shared.runtime.world import utc_now

if TYPE_CHECKING:  # imported when asked for, see below
    from shared.adapters.scoring.asking import Ask

settings = read(Settings)
meter = RequestMeter()
database = Database(settings.google_cloud_project)
prepared = Prepared()


@cache
def asking() -> Ask:
    """What asks estimators from outside; imported where one serves."""
    from shared.adapters.channels.egress import Egress  # noqa: PLC0415
    from shared.adapters.scoring import Scorers  # noqa: PLC0415
    from shared.adapters.scoring.asking import Ask  # noqa: PLC0415

    stand_ins = msgspec.json.decode(settings.stand_ins, type=dict[str, str])
    return Ask(Scorers(Egress(stand_ins), msgspec.json.decode(settings.scoring_hosts, type=list[str])))


def prepare(policy: Policy) -> None:
    """Make a revision ready, with the models as they are and whoever serves."""
    prepared.policy(policy)
    if policy.serving:
        asking().prepare(policy)


catalogues = Catalogues(database, prepare=prepare)
push = Push(
    ActionsQualified,
    Arbitrate(catalogues, Models(database, prepare=prepared.counts), asking),
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
