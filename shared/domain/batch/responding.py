"""How persons of a simulation respond to what they are given, and what follows: words on consent, and flags."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from shared.domain.catalogue import Objection
from shared.domain.consent.objections import with_objections
from shared.domain.consent.words import apply_consents
from shared.domain.consequences import SIGNAL_TYPES, consequence
from shared.domain.contact import Contact
from shared.domain.outcome import Outcome
from shared.domain.profile import Profile

Share = Annotated[float, Meta(ge=0.0, le=1.0)]

_WHOLE = 2.0**64


DRAWN = ("click", "accept", "dismiss", "complaint", "objection", "unsubscribe")
"""Outcomes that are drawn of a contact."""


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What becomes of contacts. With the propensity that it was ranked by somebody clicks, of whom some accept; of the
    others a few say a word, and the rest does not respond.

    Attributes:
        accept: of those who click, the share who go on to accept.
        dismiss, complaint, unsubscribe, objection: of the others, the share who do; nobody unsubscribes from what was
            asked for.
        raises: by outcome, the flag that somebody has from the day after it on, such as that of a complaint while it
            is open.
    """

    accept: Share = 0.5
    dismiss: Share = 0.02
    complaint: Share = 0.0005
    unsubscribe: Share = 0.002
    objection: Share = 0.0001
    raises: dict[str, str] = {}

    def outcomes(self, draw: float, propensity: float, *, sends: bool) -> tuple[str, ...]:
        """What becomes of a contact, in its order; nothing where there is no response.

        Args:
            draw: from 0 to 1, which of all this happens.
            propensity: of a click, 0 to 1.
            sends: whether it was sent, and not asked for.
        """
        if draw < propensity:
            return ("click", "accept") if draw < propensity * self.accept else ("click",)
        left = (draw - propensity) / (1.0 - propensity)
        words = [("dismiss", self.dismiss), ("complaint", self.complaint), ("objection", self.objection)]
        for outcome, share in [*words, ("unsubscribe", self.unsubscribe if sends else 0.0)]:
            if left < share:
                return (outcome,)
            left -= share
        return ()


def draw_of(seed: int, signal: str, treatment: str) -> float:
    """From 0 to 1, the same for the same decision and treatment whoever is decided together."""
    text = f"{seed}|{signal}|{treatment}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big") / _WHOLE


def after(
    profile: Profile, contact: Contact, outcome: str, behaviour: Behaviour, objections: Sequence[Objection]
) -> Profile:
    """A person after an outcome of a contact: what was said on consent is heard as feedback hears it."""
    consents, flags = profile.consents, profile.flags
    if outcome in SIGNAL_TYPES:
        at = contact.outcomes[outcome]
        said = Outcome(id=f"{contact.delivery_id}/{outcome}", outcome=outcome, delivery_id=contact.delivery_id, at=at)
        signal = consequence(said, contact.delivery(profile.person_id), objections, at)
        consents = apply_consents(consents, signal.consent, signal)
        flags = with_objections(flags, consents, objections)
    raised = behaviour.raises.get(outcome)
    if raised is not None:
        flags = tuple(sorted({*flags, raised}))
    if consents == profile.consents and flags == profile.flags:
        return profile
    return msgspec.structs.replace(profile, consents=consents, flags=flags)
