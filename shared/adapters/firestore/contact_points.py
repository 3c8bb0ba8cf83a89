"""Contact points in a Firestore database of their own, each encrypted."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from itertools import islice

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.adapters.firestore.client import Database, fields_of
from shared.domain.errors import PermanentError
from shared.ports import Meter

CONTACT_POINTS = "contact_points"
_SCHEME = b"\x01"
_NONCE_BYTES = 12
_BATCH = 200


class ContactPoints:
    """The port `ContactPoints`.

    AES-GCM with a random nonce, bound to person and channel, so that an address moved to another person does not open.
    """

    def __init__(self, database: Database, meter: Meter, *, key: bytes) -> None:
        """Read and write `database` with a key of 32 bytes, counting on `meter`.

        Raises:
            ValueError: the key is not 32 bytes long.
        """
        if len(key) != 32:
            raise ValueError(f"the key of contact points has 32 bytes, not {len(key)}")
        self._database = database
        self._meter = meter
        self._cipher = AESGCM(key)

    def address(self, person_id: str, channel: str) -> str | None:
        """Where to reach a person on a channel, None where unknown.

        Raises:
            PermanentError: it does not open with this key, which only operators can put right.
        """
        self._meter.add(reads=1)
        snapshot = self._database.get(self._database.reference(CONTACT_POINTS, person_id))
        sealed = fields_of(snapshot).get(channel)
        if sealed is None:
            return None
        try:
            return self._open(sealed, _bound_to(person_id, channel))
        except (InvalidTag, ValueError) as error:
            raise PermanentError(f"the {channel} address of {person_id} does not open with this key") from error

    def put(self, addresses: Mapping[str, Mapping[str, str]]) -> None:
        """Store persons' addresses, leaving those on other channels as they are."""
        persons = ((person_id, channels) for person_id, channels in addresses.items() if channels)
        while some := list(islice(persons, _BATCH)):
            batch = self._database.client.batch()
            for person_id, channels in some:
                sealed = {
                    channel: self._seal(address, _bound_to(person_id, channel)) for channel, address in channels.items()
                }
                batch.set(self._database.reference(CONTACT_POINTS, person_id), sealed, merge=True)
            self._database.commit(batch, blind=True)
            self._meter.add(writes=len(some))

    def _seal(self, address: str, bound_to: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return _SCHEME + nonce + self._cipher.encrypt(nonce, address.encode(), bound_to)

    def _open(self, sealed: bytes, bound_to: bytes) -> str:
        if sealed[:1] != _SCHEME:
            raise ValueError("sealed in another way")
        nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        return self._cipher.decrypt(nonce, rest, bound_to).decode()


def _bound_to(person_id: str, channel: str) -> bytes:
    return f"{person_id}\x00{channel}".encode()
