"""Secret Manager on this machine: a small server of its gRPC interface, with the messages of the official client.

    python -m emulators.secret_manager --port 9060

Google has no emulator of it. This one does what Kairos asks, as Secret Manager does it: secrets and their versions are
created, accessed, disabled, enabled and destroyed; `latest` is the newest version whatever its state; one that is not
enabled cannot be accessed. It asks for no credentials, keeps nothing beyond the end of the process, and listens on
127.0.0.1 alone.
"""

from __future__ import annotations

import argparse
import re
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import grpc
from google.cloud.secretmanager_v1.types import (
    AccessSecretVersionRequest,
    AccessSecretVersionResponse,
    AddSecretVersionRequest,
    CreateSecretRequest,
    DestroySecretVersionRequest,
    DisableSecretVersionRequest,
    EnableSecretVersionRequest,
    GetSecretVersionRequest,
    Secret,
    SecretPayload,
    SecretVersion,
)

SERVICE = "google.cloud.secretmanager.v1.SecretManagerService"
MOST_BYTES = 65_536
"""Of one version."""

_PARENT = re.compile(r"projects/[^/]+")
_ID = re.compile(r"[A-Za-z0-9_-]{1,255}")
_VERSION = re.compile(r"(?P<secret>projects/[^/]+/secrets/[^/]+)/versions/(?P<version>latest|[1-9][0-9]*)")
State = SecretVersion.State


class SecretManager:
    """Secrets and their versions, and the calls that Kairos makes."""

    def __init__(self) -> None:
        """Hold none yet."""
        self._lock = threading.Lock()
        self._secrets: dict[str, list[tuple[SecretVersion, bytes]]] = {}

    def create_secret(self, request: CreateSecretRequest, context: grpc.ServicerContext) -> Secret:
        """Make a secret without versions."""
        if not _PARENT.fullmatch(request.parent) or not _ID.fullmatch(request.secret_id):
            _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "the name of the project or of the secret is none")
        name = f"{request.parent}/secrets/{request.secret_id}"
        with self._lock:
            if name in self._secrets:
                _refuse(context, grpc.StatusCode.ALREADY_EXISTS, f"Secret [{name}] already exists.")
            self._secrets[name] = []
        return Secret(name=name)

    def add_secret_version(self, request: AddSecretVersionRequest, context: grpc.ServicerContext) -> SecretVersion:
        """Add a value, which is the newest from now on."""
        data = request.payload.data
        if not 0 < len(data) <= MOST_BYTES:
            _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, f"a payload has 1 to {MOST_BYTES} bytes")
        with self._lock:
            versions = self._versions(request.parent, context)
            version = SecretVersion(name=f"{request.parent}/versions/{len(versions) + 1}", state=State.ENABLED)
            versions.append((version, data))
        return version

    def access_secret_version(
        self, request: AccessSecretVersionRequest, context: grpc.ServicerContext
    ) -> AccessSecretVersionResponse:
        """The value of a version that is enabled."""
        with self._lock:
            version, data = self._version(request.name, context)
            if version.state is not State.ENABLED:
                text = f"Secret Version [{version.name}] is in {version.state.name} state."
                _refuse(context, grpc.StatusCode.FAILED_PRECONDITION, text)
        return AccessSecretVersionResponse(name=version.name, payload=SecretPayload(data=data))

    def get_secret_version(self, request: GetSecretVersionRequest, context: grpc.ServicerContext) -> SecretVersion:
        """What is known of a version besides its value."""
        with self._lock:
            return self._version(request.name, context)[0]

    def disable_secret_version(
        self, request: DisableSecretVersionRequest, context: grpc.ServicerContext
    ) -> SecretVersion:
        """Let a version be accessed no more, until it is enabled again."""
        return self._put(request.name, State.DISABLED, context)

    def enable_secret_version(
        self, request: EnableSecretVersionRequest, context: grpc.ServicerContext
    ) -> SecretVersion:
        """Let a version be accessed again."""
        return self._put(request.name, State.ENABLED, context)

    def destroy_secret_version(
        self, request: DestroySecretVersionRequest, context: grpc.ServicerContext
    ) -> SecretVersion:
        """Forget a version's value, for ever."""
        return self._put(request.name, State.DESTROYED, context)

    def _put(self, name: str, state: int, context: grpc.ServicerContext) -> SecretVersion:
        with self._lock:
            version, data = self._version(name, context)
            if version.state is State.DESTROYED:
                _refuse(context, grpc.StatusCode.FAILED_PRECONDITION, f"Secret Version [{version.name}] is DESTROYED.")
            versions = self._secrets[name.partition("/versions/")[0]]
            number = int(version.name.rpartition("/")[2])
            changed = SecretVersion(name=version.name, state=State(state))
            versions[number - 1] = (changed, b"" if state is State.DESTROYED else data)
            return changed

    def _versions(self, secret: str, context: grpc.ServicerContext) -> list[tuple[SecretVersion, bytes]]:
        found = self._secrets.get(secret)
        if found is None:
            _refuse(context, grpc.StatusCode.NOT_FOUND, f"Secret [{secret}] not found.")
        return found

    def _version(self, name: str, context: grpc.ServicerContext) -> tuple[SecretVersion, bytes]:
        named = _VERSION.fullmatch(name)
        if named is None:
            _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, "the name of the version is none")
        versions = self._versions(named["secret"], context)
        number = len(versions) if named["version"] == "latest" else int(named["version"])
        if not 0 < number <= len(versions):
            _refuse(context, grpc.StatusCode.NOT_FOUND, f"Secret Version [{name}] not found.")
        return versions[number - 1]


def _refuse(context: grpc.ServicerContext, code: grpc.StatusCode, text: str) -> NoReturn:
    context.abort(code, text)
    raise AssertionError("unreachable: abort raises")


def serve(port: int) -> grpc.Server:
    """A server that has started, on 127.0.0.1 at `port`."""
    manager = SecretManager()
    calls: dict[str, tuple[Callable[..., Any], Any, Any]] = {
        "CreateSecret": (manager.create_secret, CreateSecretRequest, Secret),
        "AddSecretVersion": (manager.add_secret_version, AddSecretVersionRequest, SecretVersion),
        "AccessSecretVersion": (manager.access_secret_version, AccessSecretVersionRequest, AccessSecretVersionResponse),
        "GetSecretVersion": (manager.get_secret_version, GetSecretVersionRequest, SecretVersion),
        "DisableSecretVersion": (manager.disable_secret_version, DisableSecretVersionRequest, SecretVersion),
        "EnableSecretVersion": (manager.enable_secret_version, EnableSecretVersionRequest, SecretVersion),
        "DestroySecretVersion": (manager.destroy_secret_version, DestroySecretVersionRequest, SecretVersion),
    }
    server = grpc.server(ThreadPoolExecutor(max_workers=8, thread_name_prefix="secret-manager"))
    handlers = {
        name: grpc.unary_unary_rpc_method_handler(
            call, request_deserializer=taken.deserialize, response_serializer=given.serialize
        )
        for name, (call, taken, given) in calls.items()
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=9060)
    server = serve(parser.parse_args().port)
    signal.signal(signal.SIGTERM, lambda *_: server.stop(grace=None))
    signal.signal(signal.SIGINT, lambda *_: server.stop(grace=None))
    server.wait_for_termination()


if __name__ == "__main__":
    main()
