"""What a channel is answered: its placements, and what to show in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from shared.domain.catalogue import Action, Revision, Treatment
from shared.domain.delivery import Delivery
from shared.domain.explanation import Explanation
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile


class OfferedTreatment(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment to show. Its `delivery_id` comes back with its outcomes."""

    action: str
    treatment: str
    content: dict[str, str]
    delivery_id: str
    rank: int


class FilledPlacement(msgspec.Struct, frozen=True, kw_only=True):
    """A placement and its treatments, best first."""

    id: str | None
    treatments: list[OfferedTreatment]


Write = Callable[[Revision, Action, Treatment, Profile], dict[str, str]]
"""Renders the content of a treatment."""


class DecisionAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What to show. `fallback` says that no decision could be made now: show what you show by default."""

    decision_id: str
    revision: str | None
    placements: list[FilledPlacement]
    elapsed_ms: float
    fallback: bool
    explanation: Explanation | None = None


def filled(
    policy: Policy, profile: Profile, deliveries: Sequence[Delivery], placement: str | None, write: Write
) -> FilledPlacement:
    """A placement with those of the deliveries that are made for it; with all where none was named."""
    return FilledPlacement(
        id=placement,
        treatments=[
            OfferedTreatment(
                action=d.action,
                treatment=d.treatment,
                content=write(policy.revision, *policy.revision.treatment(d.treatment), profile),
                delivery_id=d.delivery_id,
                rank=d.rank,
            )
            for d in deliveries
            if placement is None or d.placement == placement
        ],
    )
