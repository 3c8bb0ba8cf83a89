"""Keys of persons that all follow from one secret, of which single ones can be forgotten.

A secret stands for the root of a binary tree; the secret of a node's child is a keyed hash under the node's own, so
whoever knows a node's secret knows those of all nodes below, and nothing of any other (the puncturable function of
Goldreich, Goldwasser and Micali). A person's key is the secret of the leaf that the person's id leads to. To destroy
it, the nodes on the way to the leaf are replaced by their siblings: every other leaf still follows from what is kept,
and this one from nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

BITS = 56
"""Depth of the tree. Two of ten million persons share a leaf with a probability below one in a thousand; destroying a
key hits somebody else's with one of 10⁻¹⁰."""

SEED_BYTES = 32


class KeyTree(msgspec.Struct, frozen=True):
    """What is left of a tree.

    Attributes:
        nodes: way from the root, in bits, to secret; no node is below another.
    """

    nodes: Mapping[str, bytes]

    @classmethod
    def whole(cls, secret: bytes) -> KeyTree:
        """A tree of which nothing is forgotten."""
        return cls({"": secret})

    def secret(self, way: str) -> bytes | None:
        """The secret of the node at the end of a way; None where it is forgotten."""
        for length in range(len(way) + 1):
            found = self.nodes.get(way[:length])
            if found is not None:
                for bit in way[length:]:
                    found = _child(found, bit)
                return found
        return None

    def without(self, way: str) -> KeyTree:
        """The tree that has forgotten the node at the end of a way, and all below it."""
        nodes = {known: secret for known, secret in self.nodes.items() if not known.startswith(way)}
        for length in range(len(way)):
            secret = nodes.pop(way[:length], None)
            if secret is not None:
                for depth in range(length, len(way)):
                    other = "1" if way[depth] == "0" else "0"
                    nodes[way[:depth] + other] = _child(secret, other)
                    secret = _child(secret, way[depth])
                break
        return KeyTree(nodes)


def way_to(person_id: str) -> str:
    """The way to a person's leaf, in bits."""
    leaf = hashlib.blake2b(person_id.encode(errors="surrogatepass"), digest_size=BITS // 8, person=b"kairos leaf")
    return f"{int.from_bytes(leaf.digest(), 'big'):0{BITS}b}"


def _child(secret: bytes, bit: str) -> bytes:
    return hashlib.blake2b(bit.encode(), key=secret, digest_size=SEED_BYTES).digest()
