"""The tree of persons' keys in memory."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from shared.adapters.key_wrappers import LocalKey
from shared.adapters.memory.store import Store
from shared.adapters.person_keys import Branch, TreeOfKeys, Write
from shared.adapters.sealing import Sealer
from shared.domain.errors import StaleError


class Documents:
    """The documents of the tree."""

    def __init__(self, store: Store) -> None:
        """Keep them in `store`."""
        self._store = store

    def read(self, name: str) -> tuple[Branch, str] | None:
        """A document and its version, None where there is none."""
        with self._store.lock:
            return self._store.person_keys.get(name)

    def write(self, writes: Sequence[Write]) -> None:
        """Write all or none."""
        with self._store.lock:
            for name, _, version in writes:
                found = self._store.person_keys.get(name)
                if (found[1] if found else None) != version:
                    raise StaleError(f"the document {name} of the tree of keys changed since it was read")
            for name, content, _ in writes:
                self._store.person_keys[name] = content, self._store.next_version()


def new_sealer(store: Store) -> Sealer:
    """What seals with a new tree of keys in `store`, wrapped by a key of this process alone."""
    key = secrets.token_bytes(32)
    keys = TreeOfKeys(Documents(store), LocalKey(lambda: key))
    keys.create()
    return Sealer(keys)
