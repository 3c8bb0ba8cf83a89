"""Secrets: two values are valid at once, and change while the process runs, in memory and in Secret Manager."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import grpc
import pytest
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports.grpc import (
    SecretManagerServiceGrpcTransport,
)

from emulators import secret_manager
from emulators.ports import Ports
from shared.adapters import memory
from shared.adapters.secretmanager import MISSING_SECONDS, REFRESH_SECONDS, RENEW_SECONDS, Secrets
from shared.domain.errors import NotFoundError, TransientError

NAME = "kairos-source-test"


class Vault(Protocol):
    """Somewhere to keep secrets, as an operator sees it."""

    def add(self, name: str, value: bytes) -> int: ...
    def disable(self, name: str, version: int) -> None: ...


@dataclass
class Kept:
    """A vault, and a process that reads it by its own clock."""

    secrets: Any
    vault: Vault
    seconds: float = 0.0


class Official:
    """A vault by the official client."""

    def __init__(self, address: str, project: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self._client = SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=self._channel))
        self._parent = f"projects/{project}"
        self._made: set[str] = set()

    def add(self, name: str, value: bytes) -> int:
        if name not in self._made:
            self._client.create_secret(
                parent=self._parent, secret_id=name, secret={"replication": {"automatic": {}}}, timeout=5
            )
            self._made.add(name)
        secret = f"{self._parent}/secrets/{name}"
        made = self._client.add_secret_version(parent=secret, payload={"data": value}, timeout=5)
        return int(made.name.rpartition("/")[2])

    def disable(self, name: str, version: int) -> None:
        self._client.disable_secret_version(name=f"{self._parent}/secrets/{name}/versions/{version}", timeout=5)

    def close(self) -> None:
        self._channel.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    ports = Ports()
    port = ports.take()
    server = secret_manager.serve(port)
    yield f"127.0.0.1:{port}"
    server.stop(grace=None).wait()
    ports.release()


@pytest.fixture(params=["memory", "secretmanager"])
def kept(request: pytest.FixtureRequest, project: str) -> Iterator[Kept]:
    if request.param == "memory":
        secrets = memory.Secrets()
        yield Kept(secrets, secrets)
        return
    address = request.getfixturevalue("address")
    vault = Official(address, project)
    kept = Kept(None, vault)
    kept.secrets = Secrets(project, emulator=address, monotonic=lambda: kept.seconds)
    yield kept
    kept.secrets.close()
    vault.close()


def test_the_newest_and_the_one_before_it_are_valid(kept):
    kept.vault.add(NAME, b"one")
    assert kept.secrets.values(NAME) == (b"one",)

    kept.vault.add(NAME, b"two")
    kept.seconds += RENEW_SECONDS
    assert kept.secrets.renewed(NAME) == (b"two", b"one")

    kept.vault.add(NAME, b"three")
    kept.seconds += RENEW_SECONDS
    assert kept.secrets.renewed(NAME) == (b"three", b"two")
    assert kept.secrets.values(NAME) == (b"three", b"two")


def test_one_that_was_disabled_is_valid_no_more(kept):
    kept.vault.add(NAME, b"one")
    kept.vault.add(NAME, b"two")
    kept.vault.disable(NAME, 1)

    assert kept.secrets.values(NAME) == (b"two",)


def test_without_its_newest_version_a_secret_is_none(kept):
    kept.vault.add(NAME, b"one")
    kept.vault.disable(NAME, kept.vault.add(NAME, b"two"))

    with pytest.raises(NotFoundError, match=NAME):
        kept.secrets.values(NAME)


def test_a_secret_that_is_not_there_is_found_once_it_is(kept):
    with pytest.raises(NotFoundError, match=NAME):
        kept.secrets.values(NAME)
    kept.vault.add(NAME, b"one")
    kept.seconds += MISSING_SECONDS

    assert kept.secrets.renewed(NAME) == (b"one",)


def test_secrets_stay_apart_and_hold_any_bytes(kept):
    kept.vault.add("kairos-source-a", bytes(range(256)))
    kept.vault.add("kairos-source-b", "clé ☕".encode())

    assert kept.secrets.values("kairos-source-a") == (bytes(range(256)),)
    assert kept.secrets.values("kairos-source-b") == ("clé ☕".encode(),)


# What Secret Manager's adapter keeps


@pytest.mark.parametrize("kept", ["secretmanager"], indirect=True)
def test_what_does_not_fit_makes_it_look_again_only_now_and_then(kept):
    kept.vault.add(NAME, b"one")
    assert kept.secrets.values(NAME) == (b"one",)
    kept.vault.add(NAME, b"two")

    kept.seconds += RENEW_SECONDS - 1
    assert kept.secrets.renewed(NAME) == (b"one",)
    kept.seconds += 1
    assert kept.secrets.renewed(NAME) == (b"two", b"one")


@pytest.mark.parametrize("kept", ["secretmanager"], indirect=True)
def test_an_instance_that_slept_looks_before_it_answers(kept):
    kept.vault.add(NAME, b"one")
    assert kept.secrets.values(NAME) == (b"one",)
    kept.vault.disable(NAME, 1)
    kept.seconds += 10 * REFRESH_SECONDS

    with pytest.raises(NotFoundError):
        kept.secrets.values(NAME)


def test_values_serve_on_while_nobody_is_there(project):
    ports, at = Ports(), [0.0]
    port = ports.take()
    server = secret_manager.serve(port)
    vault = Official(f"127.0.0.1:{port}", project)
    vault.add(NAME, b"one")
    secrets = Secrets(project, emulator=f"127.0.0.1:{port}", monotonic=lambda: at[0])
    assert secrets.values(NAME) == (b"one",)
    server.stop(grace=None).wait()

    at[0] += RENEW_SECONDS
    assert secrets.renewed(NAME) == (b"one",)
    at[0] += 10 * REFRESH_SECONDS
    assert secrets.values(NAME) == (b"one",)

    secrets.close()
    vault.close()
    ports.release()


def test_nobody_there_is_told_apart_from_no_secret(project):
    ports = Ports()
    secrets = Secrets(project, emulator=f"127.0.0.1:{ports.take()}")

    with pytest.raises(TransientError, match="Secret Manager did not give kairos-source-test"):
        secrets.values(NAME)

    secrets.close()
    ports.release()
