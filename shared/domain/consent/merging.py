"""The consents of a person who was several: the most restrictive of what each had said last (`domain.md` 3).

Two persons may have spoken of different brands and channels: one withdrew everything, the other granted e-mail later.
So what counts is worked out for everything that any of them named, and noted as `settled`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from shared.domain.consent.words import ANY, Consent, deciding, key_of, weight


def merged_consents(a: Mapping[str, Consent], b: Mapping[str, Consent]) -> dict[str, Consent]:
    """What counts of two persons who are one: a use is consented only if whoever of them spoke of it consents.

    Commutative, associative and, of what is settled, idempotent.
    """
    settled_a, settled_b = _settled(a), _settled(b)
    merged = {}
    for key in _named([*settled_a, *settled_b]):
        words = [word for one in (settled_a, settled_b) if (word := deciding(one, key)) is not None]
        merged[key] = max(words, key=_strictness)
    return merged


def _settled(consents: Mapping[str, Consent]) -> dict[str, Consent]:
    """The same consents, the word that counts at each key that they name."""
    if all(word.settled for word in consents.values()):
        return dict(consents)
    return {
        key: msgspec.structs.replace(word, settled=True)
        for key in _named(consents)
        if (word := deciding(consents, key)) is not None
    }


def _named(keys: Iterable[str]) -> list[str]:
    """The keys, and where one is of a brand and another of a channel, that of the brand on the channel."""
    brands: dict[str, set[str]] = {}
    channels: dict[str, set[str]] = {}
    named = set(keys)
    for key in named:
        brand, purpose, channel = key.split(":")
        if channel == ANY and brand != ANY:
            brands.setdefault(purpose, set()).add(brand)
        if brand == ANY and channel != ANY:
            channels.setdefault(purpose, set()).add(channel)
    for purpose, of_purpose in brands.items():
        named |= {key_of(brand, purpose, each) for brand in of_purpose for each in channels.get(purpose, ())}
    return sorted(named)


def _strictness(word: Consent) -> tuple[bool, bool, tuple[datetime, bool, bool, str, str, str]]:
    """Sorts words of several persons: a refusal outweighs a grant on another basis, and that a consent, whenever."""
    return not word.granted, not word.consents, weight(word)
