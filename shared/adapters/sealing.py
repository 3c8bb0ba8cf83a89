"""What is personal, sealed under its person's key: AES-GCM of compressed bytes, bound to the person and to a purpose.

The nonce is a keyed hash of what is sealed, so the same thing sealed again is the same bytes: a row of the history that
is told twice stays one row. It repeats for nothing else, and so tells no more than that two things are equal.
"""

from __future__ import annotations

import hashlib
import zlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.domain.errors import PermanentError
from shared.ports import PersonKeys

_SCHEME = b"\x02"
_NONCE_BYTES = 12


class Sealer:
    """Seals and opens with the keys of persons."""

    def __init__(self, keys: PersonKeys) -> None:
        """Take persons' keys from `keys`."""
        self.keys = keys

    def seal(self, person_id: str, purpose: str, plain: bytes) -> bytes:
        """Bytes that only this person's key opens, for this purpose.

        Raises:
            ErasedError: the key was destroyed.
            TransientError: the store of the keys did not answer.
        """
        key = self.keys.key(person_id)
        bound_to = _bound_to(person_id, purpose)
        nonce = hashlib.blake2b(bound_to + b"\x00" + plain, key=_derived(key, b"nonce"), digest_size=_NONCE_BYTES)
        packed = zlib.compress(plain, level=1)
        return (
            _SCHEME
            + nonce.digest()
            + AESGCM(_derived(key, b"seal")).encrypt(nonce.digest(), packed, _SCHEME + bound_to)
        )

    def open(self, person_id: str, purpose: str, sealed: bytes) -> bytes:
        """What was sealed.

        Raises:
            ErasedError: the key was destroyed.
            PermanentError: it was sealed for another person, purpose or tree of keys, or is damaged.
            TransientError: the store of the keys did not answer.
        """
        key, bound_to = self.keys.key(person_id), _bound_to(person_id, purpose)
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            packed = AESGCM(_derived(key, b"seal")).decrypt(nonce, rest, sealed[:1] + bound_to)
            return zlib.decompress(packed)
        except (InvalidTag, ValueError, zlib.error) as error:
            raise PermanentError(f"the {purpose} of {person_id} does not open with this person's key") from error


def _bound_to(person_id: str, purpose: str) -> bytes:
    return f"{person_id}\x00{purpose}".encode(errors="surrogatepass")


def _derived(key: bytes, use: bytes) -> bytes:
    return hashlib.blake2b(use, key=key, digest_size=32).digest()
