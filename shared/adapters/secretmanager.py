"""Secrets in Secret Manager, by its official client, kept in the process."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import grpc
from google.api_core import exceptions
from google.auth.exceptions import TransportError

from shared.adapters.refreshing import Monotonic, Refreshing
from shared.domain.errors import NotFoundError, TransientError

if TYPE_CHECKING:
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient

REFRESH_SECONDS = 60.0
"""How long a value is kept: a version that was disabled lets nobody in any more after that, and one answer."""

RENEW_SECONDS = 10.0
"""How often, at the most, a value that does not fit makes us look again: anybody may send one."""

MISSING_SECONDS = 1.0
"""The same for a secret that was not there: it may just be being made."""

TIMEOUT_SECONDS = 5.0
LATEST = "latest"

_GONE = (exceptions.NotFound, exceptions.FailedPrecondition)
"""No such secret or version; one that is disabled or destroyed."""


class Secrets:
    """The port `Secrets`. A look-up costs two accesses, and needs no right but that of access."""

    def __init__(self, project: str, *, emulator: str = "", monotonic: Monotonic = time.monotonic) -> None:
        """Read the secrets of a project; nothing is connected yet.

        Args:
            project: whose secrets.
            emulator: `host:port` of one that speaks the same protocol without encryption, in Google's stead. The
                official client has no variable of its own for that.
            monotonic: seconds, never going back.
        """
        self._project = project
        self._emulator = emulator
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._client: SecretManagerServiceClient | None = None
        self._kept: dict[str, Refreshing[tuple[bytes, ...]]] = {}

    def values(self, name: str) -> tuple[bytes, ...]:
        """The newest version, and the one before it unless that was disabled."""
        return _valid(name, self._of(name).get())

    def renewed(self, name: str) -> tuple[bytes, ...]:
        """The same, looked up first unless that was done just now."""
        kept = self._of(name)
        return _valid(name, kept.newer(RENEW_SECONDS if kept.get() else MISSING_SECONDS))

    def close(self) -> None:
        """Close the connection, if there is one."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.transport.close()

    def _of(self, name: str) -> Refreshing[tuple[bytes, ...]]:
        with self._lock:
            kept = self._kept.get(name)
            if kept is None:
                kept = self._kept[name] = Refreshing(
                    lambda: self._load(name), refresh_seconds=REFRESH_SECONDS, monotonic=self._monotonic
                )
            return kept

    def _load(self, name: str) -> tuple[bytes, ...]:
        """What is valid; empty where nothing is, which is kept too."""
        newest = self._access(name, LATEST)
        if newest is None:
            return ()
        value, number = newest
        before = self._access(name, str(number - 1)) if number > 1 else None
        return (value,) if before is None else (value, before[0])

    def _access(self, name: str, version: str) -> tuple[bytes, int] | None:
        """The value of a version and its number; None where it is not there or not enabled."""
        path = f"projects/{self._project}/secrets/{name}/versions/{version}"
        try:
            answer = self._connected().access_secret_version(
                request={"name": path}, retry=None, timeout=TIMEOUT_SECONDS
            )
        except _GONE:
            return None
        except (exceptions.GoogleAPICallError, exceptions.RetryError, TransportError) as error:
            raise TransientError(f"Secret Manager did not give {name}: {error!r}") from error
        return answer.payload.data, int(answer.name.rpartition("/")[2])

    def _connected(self) -> SecretManagerServiceClient:
        """The official client, made at first use, since gRPC does not survive a fork."""
        with self._lock:
            if self._client is None:
                self._client = _client(self._emulator)
            return self._client


def _client(emulator: str) -> SecretManagerServiceClient:
    # a process starts without it: the first look waits for the network anyway
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient  # noqa: PLC0415
    from google.cloud.secretmanager_v1.services.secret_manager_service.transports.grpc import (  # noqa: PLC0415
        SecretManagerServiceGrpcTransport,
    )

    if not emulator:
        return SecretManagerServiceClient()
    return SecretManagerServiceClient(
        transport=SecretManagerServiceGrpcTransport(channel=grpc.insecure_channel(emulator))
    )


def _valid(name: str, values: tuple[bytes, ...]) -> tuple[bytes, ...]:
    if not values:
        raise NotFoundError(f"there is no secret {name}, or its newest version is disabled")
    return values
