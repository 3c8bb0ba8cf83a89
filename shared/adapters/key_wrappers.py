"""What wraps the keys that the tree of persons' keys is encrypted under: Cloud KMS, or a key in a file elsewhere."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.domain.errors import PermanentError, TransientError
from shared.ports import KeyWrapper

if TYPE_CHECKING:  # imported when a key is wrapped or unwrapped
    from google.cloud import kms

KMS_SECONDS = 5.0
"""Of a call, which is not tried again here: by itself the client would go on for a minute."""

_NONCE_BYTES = 12
_BOUND_TO = b"kairos person keys"


def wrapper(wrapped_by: str, project: str) -> KeyWrapper:
    """The wrapper that a setting names: `kms://LOCATION/KEY_RING/KEY` of a project, or `file:///PATH`.

    Raises:
        ValueError: it names neither.
    """
    address = urlsplit(wrapped_by)
    if address.scheme == "file" and address.path.startswith("/"):
        return LocalKey(Path(unquote(address.path)).read_bytes)
    parts = [address.netloc, *filter(None, address.path.split("/"))]
    if address.scheme == "kms" and len(parts) == 3:
        location, ring, key = parts
        return CloudKms(f"projects/{project}/locations/{location}/keyRings/{ring}/cryptoKeys/{key}")
    raise ValueError(f"PERSON_KEYS is {wrapped_by!r}, neither kms://LOCATION/KEY_RING/KEY nor file:///PATH")


class LocalKey:
    """The port `KeyWrapper`: AES-GCM under a key of this machine."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        """Use the 32 bytes that `read` gives, each time."""
        self._read = read

    def wrap(self, key: bytes) -> bytes:
        """A key, encrypted."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, key, _BOUND_TO)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The key that was wrapped."""
        try:
            return self._cipher().decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], _BOUND_TO)
        except (InvalidTag, ValueError) as error:
            raise PermanentError("the keys of persons were not wrapped with this machine's key") from error

    def _cipher(self) -> AESGCM:
        try:
            return AESGCM(self._read())
        except (OSError, ValueError) as error:
            raise PermanentError(f"this machine has no key of 32 bytes to wrap the keys of persons: {error}") from error


def make_key_file(file: Path) -> str:
    """Write a new key into a file that only its owner reads, and give the setting that names it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_bytes(secrets.token_bytes(32))
    return file.resolve().as_uri()


class CloudKms:
    """The port `KeyWrapper`: a symmetric key of Cloud KMS."""

    def __init__(self, name: str) -> None:
        """Use the key with this full name; the client is made at first use."""
        self._name = name
        self._lock = threading.Lock()
        self._client: kms.KeyManagementServiceClient | None = None

    def wrap(self, key: bytes) -> bytes:
        """A key, encrypted under the key's primary version."""
        from google.api_core.exceptions import GoogleAPICallError, RetryError  # noqa: PLC0415 - see above

        try:
            answer = self._connected().encrypt(
                request={"name": self._name, "plaintext": key, "additional_authenticated_data": _BOUND_TO},
                retry=None,
                timeout=KMS_SECONDS,
            )
        except (GoogleAPICallError, RetryError) as error:
            raise TransientError(f"Cloud KMS: {error}") from error
        return bytes(answer.ciphertext)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The key that was wrapped, whichever version of the key did."""
        from google.api_core.exceptions import GoogleAPICallError, InvalidArgument, RetryError  # noqa: PLC0415

        try:
            answer = self._connected().decrypt(
                request={"name": self._name, "ciphertext": wrapped, "additional_authenticated_data": _BOUND_TO},
                retry=None,
                timeout=KMS_SECONDS,
            )
        except InvalidArgument as error:
            raise PermanentError(f"the keys of persons were not wrapped with {self._name}") from error
        except (GoogleAPICallError, RetryError) as error:
            raise TransientError(f"Cloud KMS: {error}") from error
        return bytes(answer.plaintext)

    def _connected(self) -> kms.KeyManagementServiceClient:
        with self._lock:
            if self._client is None:
                from google.cloud import kms  # noqa: PLC0415 - see above

                self._client = kms.KeyManagementServiceClient()
            return self._client
