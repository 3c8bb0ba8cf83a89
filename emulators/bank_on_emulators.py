"""The sample bank on Google's emulators: the platform with its secrets, seeded through the real adapters."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from emulators.access import Credentials, workflow_secrets
from emulators.children import Death, OnDeath
from emulators.local import Bank
from emulators.options import Local, Options
from emulators.platform import Platform
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.contact_points import ContactPoints
from shared.adapters.firestore.person_keys import tree_of_keys
from shared.adapters.firestore.persons import Persons
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.firestore.releases import Releases
from shared.adapters.key_wrappers import make_key_file
from shared.adapters.sealing import Sealer
from shared.runtime.metering import RequestMeter

CONTACT_POINTS_DATABASE = "contact-points"
SEED_SECONDS = 60.0
"""The first request, and a commit of a hundred persons: on a busy machine they take the emulator longer than a request
would wait.
"""


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
        self.person_keys = make_key_file(state / "person-keys.key")
        super().__init__(
            Options(
                root=bank.root,
                state=state,
                credentials=credentials or Credentials(),
                secrets=bank.secrets,
                environment={"*": {"PERSON_KEYS": self.person_keys}},
                kept_secrets=lambda local: {
                    **bank.source_secrets(local.credentials),
                    **bank.connector_secrets(),
                    **workflow_secrets(local.credentials),
                },
                plays=bank.plays,
                reporter=lambda local: bank.reporter(local.endpoints["feedback"], local.credentials),
                stand_ins=lambda local: bank.stand_ins(local.endpoints["sandbox"], local.endpoints["mail"]),
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

    def sealer(self) -> Sealer:
        """What opens what the functions sealed."""
        os.environ["FIRESTORE_EMULATOR_HOST"] = self.local.emulators["firestore"]  # the official client's own switch
        return Sealer(tree_of_keys(self.local.project, self.person_keys))

    def _seed(self, local: Local) -> None:
        seed(self.bank, local, self.person_keys, self._tell)


def seed(bank: Bank, local: Local, person_keys: str, tell: Callable[[str], None]) -> None:
    """Make the tree of persons' keys, wrapped as `person_keys` says, and fill Firestore with the bank."""
    os.environ["FIRESTORE_EMULATOR_HOST"] = local.emulators["firestore"]  # the official client's own switch
    meter = RequestMeter()
    database = Database(local.project, timeout_seconds=SEED_SECONDS)
    vault = Database(local.project, CONTACT_POINTS_DATABASE, timeout_seconds=SEED_SECONDS)
    keys = tree_of_keys(local.project, person_keys, timeout_seconds=SEED_SECONDS)
    keys.create()
    sealer = Sealer(keys)
    catalogues, releases = Catalogues(database), Releases(database)
    bank.seed(catalogues, releases, Persons(database, meter, sealer), ContactPoints(vault, meter, sealer), tell)
