"""The words that a person gave: each for a brand, a purpose and a channel; the latest that matches counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from shared.domain.instant import Instant
from shared.domain.signal import Basis, ConsentChange, Signal

ANY = "*"
"""In a consent's key: every brand, or every channel."""


class Consent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The latest word on one purpose, and what proves it.

    Attributes:
        granted: whether it was granted; otherwise it was withdrawn, or objected to.
        at: when, UTC.
        source: which told us.
        basis: what a grant rests on; only `consent` is one that the person gave.
        signal_id: of the signal that told us, by its source; empty in words kept before it was noted.
        proof: what stands behind it: `tcf:` or `consent_mode:` with what was read and its digest, or the sender's own
            reference to a form or a policy's version; empty where there is only the signal.
        settled: whether wider words were weighed in already, as they are of a person who was several: of such words the
            narrowest that matches counts.
    """

    granted: bool
    at: Instant
    source: str
    basis: Basis = "consent"
    signal_id: str = ""
    proof: str = ""
    settled: bool = False

    @property
    def consents(self) -> bool:
        """Whether the person has agreed: a use that rests on another basis needs no consent, and is none."""
        return self.granted and self.basis == "consent"


def weight(word: Consent) -> tuple[datetime, bool, bool, str, str, str]:
    """Sorts words of one key: the later outweighs the earlier, and of one instant the withdrawal; the rest only makes
    it the same whatever the order.
    """
    return word.at, not word.granted, word.basis != "consent", word.basis, word.source + word.signal_id, word.proof


def key_of(brand: str, purpose: str, channel: str) -> str:
    """The key of a word."""
    return f"{brand}:{purpose}:{channel}"


def covering(key: str) -> tuple[str, str, str, str]:
    """The keys whose words are about what a key is about, the narrowest first."""
    brand, purpose, channel = key.split(":")
    return key, key_of(brand, purpose, ANY), key_of(ANY, purpose, channel), key_of(ANY, purpose, ANY)


def deciding(consents: Mapping[str, Consent], key: str) -> Consent | None:
    """The word that counts for a key, None where there is no word."""
    words = [word for each in covering(key) if (word := consents.get(each)) is not None]
    if not words:
        return None
    return words[0] if words[0].settled else max(words, key=weight)


def consents_to(consents: Mapping[str, Consent], *, brand: str, purpose: str, channel: str) -> bool:
    """Whether a person consents to a purpose on a channel for a brand. No word at all is no consent."""
    word = deciding(consents, key_of(brand, purpose, channel))
    return word is not None and word.consents


def weighed(consents: Mapping[str, Consent]) -> list[tuple[str, Consent]]:
    """All words by their keys, in an order in which each outweighs those before it wherever both match."""
    if any(word.settled for word in consents.values()):
        return sorted(consents.items(), key=lambda each: -each[0].count(ANY))
    return sorted(consents.items(), key=lambda each: weight(each[1]))


def latest(consents: Mapping[str, Consent], others: Mapping[str, Consent]) -> dict[str, Consent]:
    """Of each key the weightiest word of either."""
    after = dict(consents)
    for key, word in others.items():
        old = after.get(key)
        if old is None or weight(word) > weight(old):
            after[key] = word
    return after


def apply_consents(
    consents: dict[str, Consent], changes: Iterable[ConsentChange], signal: Signal
) -> dict[str, Consent]:
    """The consents after a signal's changes: of each key the weightiest word, in whatever order they come."""
    after = dict(consents)
    for change in changes:
        key = key_of(change.brand or signal.brand or ANY, change.purpose, change.channel or ANY)
        word = Consent(
            granted=change.granted,
            at=change.at or signal.at,
            source=signal.source,
            basis=change.basis or "consent",
            signal_id=signal.id,
            proof=change.proof or "",
        )
        after = latest(after, {key: word})
    return after
