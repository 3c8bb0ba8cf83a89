"""Where things are on this machine, and who may be called with which token."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping

import msgspec


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """What a server is told of the machine.

    Attributes:
        project: the project's id.
        location: the region that it says it is.
        apis: the address of each of Google's APIs that is emulated: `pubsub`, `firestore`, `bigquery`, `run`.
        secret_manager: host and port of Secret Manager's emulator, empty where there is none.
        secrets: by name, what is read as from Secret Manager where there is none.
        tokens: by the beginning of an address, the token that is let in there; anybody else gets one that names its
            audience, signed by nobody.
        environment: what workflows read by `sys.get_env`, besides what Google sets.
    """

    project: str = "kairos-local"
    location: str = "europe-west2"
    apis: Mapping[str, str] = {}
    secret_manager: str = ""
    secrets: Mapping[str, str] = {}
    tokens: Mapping[str, str] = {}
    environment: Mapping[str, str] = {}

    def token(self, kind: str, audience: str) -> str:
        """A token for an audience."""
        known = [address for address in self.tokens if audience.startswith(address)]
        if known:
            return self.tokens[max(known, key=len)]
        if kind == "OAuth2":
            return "ya29.local"
        now = int(time.time())
        account = f"workflows@{self.project}.iam.gserviceaccount.com"
        claims: dict[str, str | int] = {"iss": "https://accounts.google.com", "aud": audience, "email": account}
        claims |= {"iat": now, "exp": now + 3600}
        parts = [json.dumps(each).encode() for each in ({"alg": "none", "typ": "JWT"}, claims)]
        return ".".join([*(urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts), ""])


def beside(
    project: str,
    endpoints: Mapping[str, str],
    emulators: Mapping[str, str],
    token: str,
    environment: Mapping[str, str],
    secrets: Mapping[str, str] | None = None,
) -> Places:
    """The places of a platform that runs here.

    Args:
        project: its project.
        endpoints: its functions' addresses by name; workflows read them as `INGEST_URL` and the like.
        emulators: hosts and ports, or addresses, of the emulators.
        token: what the functions take for the token of the account that calls them.
        environment: what workflows read besides.
        secrets: what they read as secrets, where no emulator of Secret Manager runs.
    """
    apis = {name: where if "://" in where else f"http://{where}" for name, where in emulators.items()}
    return Places(
        project=project,
        apis=apis,
        secret_manager=emulators.get("secretmanager", ""),
        secrets=secrets or {},
        tokens=dict.fromkeys([*endpoints.values(), *(f"https://kairos-{each}.{project}" for each in endpoints)], token),
        environment={
            **{f"{name.upper()}_URL": address for name, address in {**endpoints, **apis}.items()},
            **environment,
        },
    )
