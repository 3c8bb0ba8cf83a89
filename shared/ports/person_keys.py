"""Keys of persons, and what keeps them safe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class PersonKeys(Protocol):
    """A key for each person, there without being made, until it is destroyed."""

    def key(self, person_id: str) -> bytes:
        """A person's key, 32 bytes.

        Raises:
            ErasedError: it was destroyed.
            TransientError: the store of the keys, or what wraps them, did not answer.
        """

    def destroy(self, person_ids: Sequence[str]) -> None:
        """Destroy the keys of persons, for good; those that are destroyed already stay so.

        Raises:
            TransientError: the store did not answer, or others write to it again and again; trying again is safe.
        """


class KeyWrapper(Protocol):
    """Encrypts keys under one that never leaves it."""

    def wrap(self, key: bytes) -> bytes:
        """A key, encrypted.

        Raises:
            TransientError: the wrapper did not answer.
        """

    def unwrap(self, wrapped: bytes) -> bytes:
        """The key that was wrapped.

        Raises:
            PermanentError: it was wrapped by another, or is damaged.
            TransientError: the wrapper did not answer.
        """
