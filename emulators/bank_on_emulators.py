"""The sample bank on Google's emulators: the platform with its secrets, seeded through the real adapters."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from emulators.access import Credentials
from emulators.children import Death, OnDeath
from emulators.local import Bank
from emulators.options import Local, Options
from emulators.platform import Platform
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.contact_points import ContactPoints
from shared.adapters.firestore.persons import Persons
from shared.adapters.firestore.quarantine import Quarantine
from shared.runtime.metering import RequestMeter

CONTACT_POINTS_DATABASE = "contact-points"
SEED_SECONDS = 60.0
"""A hundred persons are one commit: on a busy machine it takes the emulator longer than a request would wait."""


class BankOnEmulators(Platform):
    """The platform with the sample bank in it."""

    def __init__(
        self,
        bank: Bank,
        *,
        state: Path,
        ports: Mapping[str, int] | None = None,
        on_progress: Callable[[str], None] = lambda _line: None,
        on_death: Callable[[Death], None] = lambda _death: None,
        on_function_death: OnDeath = "stop",
        credentials: Credentials | None = None,
    ) -> None:
        """Reserve the ports; nothing starts yet. The options are those of `Options`.

        Raises:
            emulators.errors.CannotStartError: a wanted port is taken.
        """
        self.bank = bank
        self._tell = on_progress
        super().__init__(
            Options(
                root=bank.root,
                state=state,
                credentials=credentials or Credentials(),
                secrets=bank.secrets,
                kept_secrets=lambda local: bank.source_secrets(local.credentials),
                ports=ports or {},
                seed=self._seed,
                on_function_death=on_function_death,
                on_death=on_death,
                on_progress=on_progress,
            )
        )

    def parked(self) -> int:
        """How many messages are in quarantine."""
        return len(Quarantine(Database(self.local.project)).list(10_000))

    def _seed(self, local: Local) -> None:
        os.environ["FIRESTORE_EMULATOR_HOST"] = local.emulators["firestore"]  # the official client's own switch
        meter = RequestMeter()
        database = Database(local.project, timeout_seconds=SEED_SECONDS)
        vault = Database(local.project, CONTACT_POINTS_DATABASE, timeout_seconds=SEED_SECONDS)
        self.bank.seed(
            Catalogues(database),
            Persons(database, meter),
            ContactPoints(vault, meter, key=self.bank.contact_points_key),
            self._tell,
        )
