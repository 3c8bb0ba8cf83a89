"""Whether a contact point delivers: a word like those on consent, since it comes from anywhere, late and in any order.

A hard bounce says that nothing arrives on a channel, as of when the message was sent; whoever puts a new address in its
place says that it does, from then on. The latest counts, and of persons who are one the most restrictive.
"""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.consent.words import ANY, Consent, key_of

CONTACT_POINT = "contact_point"
"""What such a word is about, in the place of a purpose; it is of every brand."""


def undeliverable(consents: Mapping[str, Consent], channel: str) -> bool:
    """Whether what is sent on a channel does not arrive."""
    word = consents.get(key_of(ANY, CONTACT_POINT, channel))
    return word is not None and not word.granted


def deliverable(reachable: tuple[str, ...], consents: Mapping[str, Consent]) -> tuple[str, ...]:
    """The channels with a contact point, without those on which nothing arrives."""
    gone = [channel for channel in reachable if undeliverable(consents, channel)]
    return tuple(channel for channel in reachable if channel not in gone) if gone else reachable
