"""The sample bank on the local platform: its secrets, its catalogue and its customers."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path

import msgspec

from emulators.access import Credentials
from emulators.options import Local
from emulators.seed import read_customers, seed_customers
from shared.adapters.providers import Endpoint
from shared.authoring import load
from shared.domain.catalogue import Authentication, KeyringKey, OidcToken, Revision, StandardWebhooks
from shared.domain.links import Links, link_keys
from shared.ports import Catalogues, ContactPoints, Persons
from shared.runtime.world import utc_now


class Bank:
    """What makes an empty platform the sample bank. Keys are new with each one."""

    def __init__(self, root: Path) -> None:
        """Take catalogue and customers from the repository at `root`."""
        self.root = root
        self.identifier_key = secrets.token_bytes(32)
        self.seal_key = secrets.token_bytes(32)
        self.link_keys = json.dumps([{"kid": "local", "key": b64encode(secrets.token_bytes(32)).decode()}])
        self._source_secrets: dict[str, str] = {}

    def secrets(self, local: Local) -> Mapping[str, str]:
        """The values of the secrets that the functions name."""
        return {
            **access(local.credentials),
            "IDENTIFIER_KEY": self.identifier_key.hex(),
            "SEAL_KEY": self.seal_key.hex(),
            "LINK_KEYS": self.link_keys,
            "PROVIDERS": msgspec.json.encode(
                providers(self.revision, local.endpoints["sandbox"], local.credentials)
            ).decode(),
        }

    def links(self, base: str) -> Links:
        """The signed links of messages, which begin with an address."""
        return Links(link_keys(self.link_keys), base)

    @cached_property
    def revision(self) -> Revision:
        """The catalogue of the working tree, built.

        Raises:
            shared.authoring.CatalogueError: with every problem.
        """
        return load(self.root / "catalogue")

    def source_secrets(self, credentials: Credentials) -> Mapping[str, str]:
        """What the sources of the catalogue are known by, by the names of the secrets: a keyring that has one key for
        all of them, and for those with secrets of their own one each; the providers that report likewise.
        """
        reporting = [callback.sender for callback in self.revision.catalogue.callbacks]
        for source in (*self.revision.catalogue.sources, *reporting):
            for way in source.ways:
                if not isinstance(way, OidcToken) and way.secret not in self._source_secrets:
                    self._source_secrets[way.secret] = _source_secret(way, credentials)
        return self._source_secrets

    def seed(
        self,
        catalogues: Catalogues,
        persons: Persons,
        contact_points: ContactPoints,
        on_progress: Callable[[str], None],
    ) -> None:
        """Publish the catalogue and create the customers."""
        revision = self.revision
        catalogues.publish(revision)
        on_progress(
            f"catalogue {revision.id[:19]} live: {len(revision.actions)} actions, {len(revision.treatments)} treatments"
        )
        file = self.root / "catalogue" / "samples" / "customers.csv"
        customers = read_customers(file, revision.catalogue.profile_schema, utc_now())
        seed_customers(customers, self.identifier_key, persons, contact_points)
        on_progress(f"{len(customers)} customers of {revision.catalogue.name} known")


def _source_secret(way: Authentication, credentials: Credentials) -> str:
    if isinstance(way, KeyringKey):
        return json.dumps({"local": {"key": credentials.source_key, "sources": ["*"]}})
    if isinstance(way, StandardWebhooks):
        return f"whsec_{b64encode(secrets.token_bytes(24)).decode()}"
    return secrets.token_urlsafe(24)


def access(credentials: Credentials) -> dict[str, str]:
    """The secrets that say who may call: one key for every channel and operator of this machine."""
    return {
        "CHANNEL_KEYS": json.dumps({"local": {"key": credentials.source_key}}),
        "OPERATOR_KEYS": json.dumps({"local": {"key": credentials.source_key}}),
    }


def providers(revision: Revision, sandbox: str, credentials: Credentials) -> dict[str, Endpoint]:
    """Every outbound channel's provider: the sandbox."""
    return {
        channel: Endpoint(url=f"{sandbox}/channels/{channel}", secret=credentials.webhook_secret)
        for channel in revision.outbound
    }
