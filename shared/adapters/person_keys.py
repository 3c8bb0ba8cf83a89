"""Keys of persons, out of a tree of secrets that is kept in documents.

The upper bits of the tree are one document, which is all there is until the first key is destroyed. Below each of its
nodes of which a key was destroyed there is a document more. Each is encrypted under a key of its own, and that key by
the wrapper, so a process asks the wrapper once for each document that it reads and never for a person.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, Protocol

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.adapters.refreshing import Monotonic, Refreshing
from shared.domain.errors import ErasedError, PermanentError, StaleError, TransientError
from shared.domain.key_tree import SEED_BYTES, KeyTree, way_to
from shared.domain.ready import ready
from shared.ports import KeyWrapper

ROOT = "root"
REFRESH_SECONDS = 60.0
"""How long after its destruction a process may still hold a person's key."""

UPPER_BITS = 12
"""Of a way: 4,096 documents at most, each with room for 250 destroyed keys."""

KEYS_HELD = 10_000
DOCUMENTS_HELD = 64
ATTEMPTS = 12

_NONCE_BYTES = 12
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(ready(KeyTree)).decode


class Branch(msgspec.Struct, frozen=True):
    """A document: a part of the tree, encrypted.

    Attributes:
        generation: of all documents together, raised by every destruction.
        wrapped: the document's own key, wrapped.
        nodes: the tree, encrypted under it.
    """

    generation: int
    wrapped: bytes
    nodes: bytes


class Write(NamedTuple):
    """A document to be written over the `version` of it that was read, None where there was none."""

    name: str
    content: Branch
    version: str | None


class Documents(Protocol):
    """Where the documents are."""

    def read(self, name: str) -> tuple[Branch, str] | None:
        """A document and its version, None where there is none."""

    def write(self, writes: Sequence[Write]) -> None:
        """Write all or none.

        Raises:
            StaleError: one of them changed since it was read.
        """


class TreeOfKeys:
    """The port `PersonKeys`."""

    def __init__(
        self,
        documents: Documents,
        wrapper: KeyWrapper,
        *,
        refresh_seconds: float = REFRESH_SECONDS,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        """Keep the tree in `documents`, looking every `refresh_seconds` whether keys were destroyed meanwhile."""
        self._documents = documents
        self._wrapper = wrapper
        self._last: _Ring | None = None
        self._rings = Refreshing(self._load, refresh_seconds=refresh_seconds, monotonic=monotonic)

    def key(self, person_id: str) -> bytes:
        """A person's key; those of the last ten thousand persons are at hand."""
        return self._rings.get().key(person_id)

    def create(self) -> None:
        """Make the tree, unless it is there."""
        if self._documents.read(ROOT) is None:
            tree = KeyTree.whole(secrets.token_bytes(SEED_BYTES))
            try:
                self._documents.write([Write(ROOT, self._seal(ROOT, tree, 1), None)])
            except StaleError:
                return  # somebody else's is there now, and is the one

    def destroy(self, person_ids: Sequence[str]) -> None:
        """Destroy keys, each call in one commit."""
        for _ in range(ATTEMPTS):
            writes = self._destruction({way_to(person_id) for person_id in person_ids})
            try:
                if writes:
                    self._documents.write(writes)
            except StaleError:
                continue
            self._rings.forget()
            return
        raise TransientError("the tree of keys is contended")

    def _destruction(self, ways: set[str]) -> list[Write]:
        """What is to be written so that the ways lead nowhere; nothing where they do already."""
        root, version = self._root()
        upper = self._open(ROOT, root)
        lower: dict[str, tuple[KeyTree, str | None]] = {}
        changed = False
        for way in sorted(ways):
            top, rest = way[:UPPER_BITS], way[UPPER_BITS:]
            if top not in lower:
                secret = upper.secret(top)
                lower[top] = (KeyTree.whole(secret), None) if secret is not None else self._below(top)
                upper = upper.without(top)
            tree, read = lower[top]
            lower[top] = tree.without(rest), read
            changed = changed or lower[top][0] != tree
        if not changed:
            return []
        generation = root.generation + 1
        return [
            Write(ROOT, self._seal(ROOT, upper, generation), version),
            *(Write(_name(top), self._seal(_name(top), tree, generation), read) for top, (tree, read) in lower.items()),
        ]

    def _root(self) -> tuple[Branch, str]:
        found = self._documents.read(ROOT)
        if found is None:
            raise TransientError("there is no tree of keys yet; `kairos up` makes one, and so does a deployment")
        return found

    def _load(self) -> _Ring:
        root, _ = self._root()
        if self._last is None or self._last.generation != root.generation:
            self._last = _Ring(root.generation, self._open(ROOT, root), lambda top: self._below(top)[0])
        return self._last

    def _below(self, top: str) -> tuple[KeyTree, str]:
        """The tree below a node that the upper bits no longer have, and its version."""
        found = self._documents.read(_name(top))
        if found is None:
            raise PermanentError(f"the document {_name(top)} of the tree of keys is missing")
        return self._open(_name(top), found[0]), found[1]

    def _seal(self, name: str, tree: KeyTree, generation: int) -> Branch:
        key, nonce = secrets.token_bytes(32), secrets.token_bytes(_NONCE_BYTES)
        nodes = nonce + AESGCM(key).encrypt(nonce, _encode(tree), name.encode())
        return Branch(generation, self._wrapper.wrap(key), nodes)

    def _open(self, name: str, sealed: Branch) -> KeyTree:
        key, nonce, rest = (
            self._wrapper.unwrap(sealed.wrapped),
            sealed.nodes[:_NONCE_BYTES],
            sealed.nodes[_NONCE_BYTES:],
        )
        try:
            return _decode(AESGCM(key).decrypt(nonce, rest, name.encode()))
        except (InvalidTag, ValueError) as error:
            raise PermanentError(f"the document {name} of the tree of keys is damaged") from error


class _Ring:
    """The keys of one generation, as far as a process has asked for them."""

    def __init__(self, generation: int, upper: KeyTree, load: Callable[[str], KeyTree]) -> None:
        self.generation = generation
        self._upper = upper
        self._lower = lru_cache(DOCUMENTS_HELD)(load)
        self._loading = threading.Lock()
        self.key = lru_cache(KEYS_HELD)(self._key)

    def _key(self, person_id: str) -> bytes:
        way = way_to(person_id)
        top, rest = way[:UPPER_BITS], way[UPPER_BITS:]
        secret = self._upper.secret(top)
        if secret is not None:
            found = KeyTree.whole(secret).secret(rest)
        else:
            with self._loading:
                tree = self._lower(top)
            found = tree.secret(rest)
        if found is None:
            raise ErasedError(f"person {person_id} was erased")
        return found


def _name(top: str) -> str:
    return f"below-{top}"
