"""The sample bank on the local platform: its secrets, its catalogue and its customers."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from emulators.access import Credentials, people, webhook_secret
from emulators.options import Local
from emulators.playing import Played
from emulators.reporting import Reporter
from emulators.sandbox import SCORING_HOST
from emulators.seed import read_customers, seed_customers
from functions.releases.handler import Govern
from shared.authoring import load
from shared.domain.catalogue import (
    Authentication,
    Basic,
    ClientCredentials,
    Connector,
    HttpAuthentication,
    KeyPairSignature,
    KeyringKey,
    OidcToken,
    Revision,
    ServiceAccount,
    SignedWebhook,
    SmtpConnector,
    StandardWebhooks,
)
from shared.domain.governance.commands import Begin
from shared.domain.governance.release import Actor
from shared.domain.links import Links, link_keys
from shared.ports import Catalogues, ContactPoints, Persons, Releases
from shared.runtime.world import pause, utc_now

SEEDING = Actor("kairos up", is_person=False)
"""Who is noted for the first revision."""


class Bank:
    """What makes an empty platform the sample bank. Keys are new with each one."""

    def __init__(self, root: Path) -> None:
        """Take catalogue and customers from the repository at `root`."""
        self.root = root
        self.identifier_key = secrets.token_bytes(32)
        self.seal_key = secrets.token_bytes(32)
        self.link_keys = json.dumps([{"kid": "local", "key": b64encode(secrets.token_bytes(32)).decode()}])
        self._source_secrets: dict[str, str] = {}
        self._connector_secrets: dict[str, str] = {}

    def secrets(self, local: Local) -> Mapping[str, str]:
        """The values of the secrets that the functions name."""
        return {
            **access(local.credentials),
            "IDENTIFIER_KEY": self.identifier_key.hex(),
            "SEAL_KEY": self.seal_key.hex(),
            "LINK_KEYS": self.link_keys,
        }

    def reporter(self, feedback: str, credentials: Credentials) -> Reporter | None:
        """What the sandbox reports with, as a provider that signs; None where the catalogue declares none."""
        secret = self.source_secrets(credentials).get("kairos-callback-messages")
        return Reporter(f"{feedback}/v1/callbacks/messages", secret) if secret else None

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

    def connector_secrets(self) -> Mapping[str, str]:
        """What the connectors of the catalogue are let in by, by the names of the secrets."""
        for connector in self.revision.catalogue.connectors:
            way = connector.authentication
            if way is not None and way.secret not in self._connector_secrets:
                self._connector_secrets[way.secret] = _connector_secret(way)
        return self._connector_secrets

    def plays(self) -> list[Played]:
        """The providers that the sandbox plays: those of all connectors."""
        return [played(self.revision, each, self.connector_secrets()) for each in self.revision.catalogue.connectors]

    def stand_ins(self, sandbox: str, mail: str) -> Mapping[str, str]:
        """What stands in for every host that the connectors name, and for an endpoint that scores: the sandbox."""
        services = self.revision.catalogue.content_services
        hosts: dict[str, str] = {urlsplit(each.url).hostname or "": sandbox for each in services}
        hosts[SCORING_HOST] = sandbox
        for each in self.plays():
            hosts[each.host] = mail if each.is_mail else sandbox
            if each.token_url:
                hosts[urlsplit(each.token_url).hostname or ""] = sandbox
        return hosts

    def begin(self, catalogues: Catalogues, releases: Releases) -> None:
        """Let the catalogue decide, as the first revision, which nobody has to approve: there is nothing yet that it
        could be held against.
        """
        catalogues.keep(self.revision)
        first = Begin(revision=self.revision.id, why="the first revision on this machine")
        Govern(releases, catalogues, self.seal_key, pause)("live", first, SEEDING, utc_now())

    def seed(
        self,
        catalogues: Catalogues,
        releases: Releases,
        persons: Persons,
        contact_points: ContactPoints,
        on_progress: Callable[[str], None],
    ) -> None:
        """Let the catalogue decide and create the customers."""
        revision = self.revision
        self.begin(catalogues, releases)
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
        return webhook_secret()
    if isinstance(way, KeyPairSignature):
        return _public_key()
    return secrets.token_urlsafe(24)


def _public_key() -> str:
    """A public key whose other half nobody has: on a laptop, providers that sign by key pairs prove themselves
    otherwise, or not at all.
    """
    made = ec.generate_private_key(ec.SECP256R1()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return b64encode(made.public_bytes(serialization.Encoding.DER, form)).decode()


def access(credentials: Credentials) -> dict[str, str]:
    """The secrets that say who may call: one key for every channel of this machine, and for operators those of two
    persons and one of workflows.
    """
    operators = {name: {"key": key} for name, key in people(credentials).items()}
    return {
        "CHANNEL_KEYS": json.dumps({"local": {"key": credentials.source_key}}),
        "OPERATOR_KEYS": json.dumps({**operators, "release": {"key": credentials.workflow_key, "kind": "service"}}),
    }


def played(revision: Revision, connector: Connector, known_by: Mapping[str, str]) -> Played:
    """The provider of a connector, as the sandbox plays it."""
    way = connector.authentication
    channels = [
        channel.id
        for channel in revision.catalogue.channels
        if connector.id in (channel.connector, *channel.connectors.values())
    ]
    if isinstance(connector, SmtpConnector):
        secret = known_by[way.secret] if way else ""
        return Played(connector.id, connector.host, channels, secret=secret, is_mail=True)
    parts = urlsplit(connector.url)
    return Played(
        connector.id,
        parts.hostname or "",
        channels,
        way=msgspec.to_builtins(way) if way else {},
        secret=known_by[way.secret] if way else "",
        path=parts.path if "${" not in parts.path else None,
    )


def _connector_secret(way: HttpAuthentication) -> str:
    """A secret for one way of proving who we are."""
    match way:
        case ServiceAccount():
            return _account_key()
        case SignedWebhook():
            return webhook_secret()
        case Basic() | ClientCredentials():
            return f"local:{secrets.token_urlsafe(24)}"
        case _:
            return secrets.token_urlsafe(24)


@cache
def _account_key() -> str:
    """The key of a service account, as Google gives it; making one takes a while, and no other process knows it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    account = {"client_email": "kairos@local.example", "private_key": pem, "private_key_id": "local"}
    return json.dumps(account)
