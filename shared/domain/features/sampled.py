"""Samples of weighted things, each known by its key: all of them while they are few, the same few when they are many.

They are priority samples (Duffield, Lund, Thorup: "Priority sampling for estimation of arbitrary subset sums"). A thing
of weight w whose key hashes to u, between 0 and 1, has the priority w / u; those of the greatest priority stay, and the
first that does not is the threshold. Since u is the key's own, a thing that comes again changes nothing, and the sample
of a union is that of the samples together. Of k things kept, the sum has a relative standard error of 1 / √(k - 1).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from hashlib import blake2b

KEY = 6
"""Bytes of a key: of 500 things two share one once in two thousand million cases."""

_HIGHEST = float(1 << 8 * KEY)
_KEY = struct.Struct(f"{KEY}s")
_ITEM = struct.Struct(f">{KEY}sd")


def key_of(*parts: bytes) -> bytes:
    """The key of a thing, by what it is made of."""
    return blake2b(b"\0".join(parts), digest_size=KEY).digest()


def uniform(key: bytes) -> float:
    """The number between 0 and 1 that a key stands for."""
    return (int.from_bytes(key, "big") + 0.5) / _HIGHEST


def keys(sample: bytes) -> list[bytes]:
    """The keys in a sample of things that all weigh the same, in their order."""
    return [key for (key,) in _KEY.iter_unpack(sample)]


def keys_together(one: bytes, other: bytes, most: int) -> bytes:
    """The sample of what either is a sample of: `most` keys and the threshold."""
    return b"".join(sorted({*keys(one), *keys(other)})[: most + 1])


def number_of(samples: Iterable[bytes], most: int) -> int:
    """How many different things there are of which these are samples; exact where none has a threshold."""
    given = list(samples)
    whole = set(keys(b"".join([sample for sample in given if len(sample) <= most * KEY])))
    crowded = [keys(sample) for sample in given if len(sample) > most * KEY]
    if not crowded:
        return len(whole)
    weights: dict[bytes, float] = {}
    for found in sorted(crowded, key=lambda each: each[-1]):
        weights.update(dict.fromkeys(found[:-1], 1 / uniform(found[-1])))
    # what is in several stands for no more than in the one that keeps the most of its kind
    weights.update(dict.fromkeys(whole, 1.0))
    return round(math.fsum(weights.values()))


def amount_item(key: bytes, amount: float) -> bytes:
    """The sample of one amount."""
    return _ITEM.pack(key, amount)


def amounts_together(one: bytes, other: bytes, most: int) -> bytes:
    """The sample of what either is a sample of: `most` amounts and the threshold. Of two amounts under one key the
    larger stays.
    """
    found: dict[bytes, float] = dict(_ITEM.iter_unpack(one))
    for key, amount in _ITEM.iter_unpack(other):
        found[key] = max(amount, found.get(key, 0.0), key=lambda each: (abs(each), each))
    kept = sorted(found, key=lambda key: (-_priority(key, found[key]), key))[: most + 1]
    return b"".join([_ITEM.pack(key, found[key]) for key in sorted(kept)])


def sum_of(samples: Iterable[bytes], most: int) -> float:
    """The sum of the amounts of which these are samples; of those under one key the first counts."""
    found: dict[bytes, float] = {}
    for sample in samples:
        amounts: dict[bytes, float] = dict(_ITEM.iter_unpack(sample))
        threshold = 0.0
        if len(amounts) > most:
            least = min(amounts, key=lambda key: (_priority(key, amounts[key]), key))
            threshold = _priority(least, amounts.pop(least))
        for key, amount in amounts.items():
            found.setdefault(key, math.copysign(max(abs(amount), threshold), amount))
    return math.fsum(found.values())


def _priority(key: bytes, amount: float) -> float:
    return abs(amount) / uniform(key)
