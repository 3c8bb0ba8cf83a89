"""Wiring of releases: commands of people and workflows in, what is in force and the audit log out."""

from shared.runtime import starting  # isort: split

import functions_framework
from flask import Request
from werkzeug.wrappers import Response

from functions.releases.api import routes, ticked
from functions.releases.handler import Govern
from functions.releases.openapi import document
from functions.releases.settings import Settings
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.releases import Releases
from shared.runtime.keys import Keyring
from shared.runtime.pushers import check_of
from shared.runtime.service import Service, always_ready
from shared.runtime.settings import hexadecimal, read
from shared.runtime.telemetry import log
from shared.runtime.world import pause, utc_now

settings = read(Settings)
database = Database(settings.google_cloud_project)
govern = Govern(Releases(database), Catalogues(database), hexadecimal("SEAL_KEY", settings.seal_key), pause, log)
service = Service(
    "releases",
    [
        *ticked(govern, check_of(settings, utc_now), utc_now),
        *routes(govern, Keyring(settings.operator_keys, beacons=False, service=settings.k_service), utc_now),
    ],
    ready=always_ready,
    document=document,
)


@functions_framework.http
def handle(request: Request) -> Response:
    """Answer one request."""
    return service(request)


starting.done()
