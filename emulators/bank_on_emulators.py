"""The sample bank on Google's emulators: the platform with its secrets, seeded through the real adapters."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from emulators.access import Credentials
from emulators.local import Bank
from emulators.platform import Local, Options, Platform
from emulators.processes import Death, OnDeath
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.contact_points import ContactPoints
from shared.adapters.firestore.persons import Persons
from shared.runtime.metering import RequestMeter

CONTACT_POINTS_DATABASE = "contact-points"


def platform(
    bank: Bank,
    *,
    state: Path,
    ports: Mapping[str, int] | None = None,
    on_progress: Callable[[str], None] = lambda _line: None,
    on_death: Callable[[Death], None] = lambda _death: None,
    on_function_death: OnDeath = "stop",
    credentials: Credentials | None = None,
) -> Platform:
    """The platform, not yet started."""
    credentials = credentials or Credentials()

    def seed(local: Local) -> None:
        os.environ["FIRESTORE_EMULATOR_HOST"] = local.emulators["firestore"]  # the official client's own switch
        meter = RequestMeter()
        database = Database(local.project)
        vault = Database(local.project, CONTACT_POINTS_DATABASE)
        bank.seed(
            Catalogues(database),
            Persons(database, meter),
            ContactPoints(vault, meter, key=bank.contact_points_key),
            on_progress,
        )

    return Platform(
        Options(
            root=bank.root,
            state=state,
            credentials=credentials,
            secrets=bank.secrets,
            ports=ports or {},
            seed=seed,
            on_function_death=on_function_death,
            on_death=on_death,
            on_progress=on_progress,
        )
    )
