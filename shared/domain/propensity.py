"""Propensity: the probability that this person accepts this treatment, from counts (`domain.md` 8)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import msgspec

from shared.domain.catalogue import Starting
from shared.domain.outcome import OutcomeName

POSITIVE: frozenset[OutcomeName] = frozenset({"click", "accept", "convert"})
"""Outcomes that a model learns as accepted."""

NEGATIVE: frozenset[OutcomeName] = frozenset({"dismiss", "reject", "complaint", "unsubscribe", "no_response"})
"""Outcomes that a model learns as not accepted; the others say nothing of acceptance."""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """The state of one model: counts, so that updates commute."""

    positives: int = 0
    negatives: int = 0


NO_EVIDENCE = Counts()


def model_id(treatment: str, channel: str) -> str:
    """The id of the model of an (action, treatment, channel); a treatment's id begins with its action's."""
    return f"{treatment}@{channel}"


def propensity(starting: Starting, counts: Counts) -> float:
    """The posterior mean of a Beta whose prior is the declared propensity with the declared weight of evidence:
    (p·e + positives) / (e + positives + negatives), strictly between 0 and 1.
    """
    seen = counts.positives + counts.negatives
    return (starting.propensity * starting.evidence + counts.positives) / (starting.evidence + seen)


def version(counts: Mapping[str, Counts]) -> str:
    """A name of the models' state: the same counts have the same one, on any machine."""
    state = [(model, known.positives, known.negatives) for model, known in counts.items() if known != NO_EVIDENCE]
    return "m-" + hashlib.sha256(msgspec.json.encode(sorted(state))).hexdigest()[:32]


def learns(outcome: str) -> Counts:
    """What one outcome adds to the counts of its model."""
    return Counts(positives=int(outcome in POSITIVE), negatives=int(outcome in NEGATIVE))
