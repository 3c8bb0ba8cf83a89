"""Consent: what a person said of a purpose, on a channel, to a brand; which word counts; and what counts of several
persons who turn out to be one.

What external proofs say, TC strings and Consent Mode, is read by modules of this package that only ingest imports.
"""

from shared.domain.consent.contact_points import CONTACT_POINT, deliverable, undeliverable
from shared.domain.consent.merging import merged_consents
from shared.domain.consent.words import ANY, Consent, apply_consents, consents_to, latest, weighed

__all__ = [
    "ANY",
    "CONTACT_POINT",
    "Consent",
    "apply_consents",
    "consents_to",
    "deliverable",
    "latest",
    "merged_consents",
    "undeliverable",
    "weighed",
]
