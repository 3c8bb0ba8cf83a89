"""What a catalogue says of fairness: how protected attributes part persons, and how far what they get may differ."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.domain.part import Id, Name, Part, Share, Text

Stage = Literal["policy", "arbitration", "delivery"]
"""After which persons count as selected: who qualifies for something; who is given something, contact policy asked; to
whom something was delivered before.
"""


class FairnessLimit(Part, frozen=True, kw_only=True):
    """How far the selection rates of an issue may differ between the parts of a protected attribute.

    Attributes:
        id: what findings call it.
        issue: whose actions persons are selected for.
        attributes: protected attributes of the profile, judged one by one; all that have parts, where none is named.
        pairs: whether the parts that each two of the attributes make together are judged too.
        after: at which stages.
        least_ratio: least that the lowest rate may be of the highest.
        most_difference: most that the highest rate may be above the lowest.
        reason: why it is drawn there.
    """

    id: Id
    issue: Id
    attributes: tuple[Name, ...] = ()
    pairs: bool = False
    after: tuple[Stage, ...] = ("policy", "arbitration")
    least_ratio: Share | None = None
    most_difference: Share | None = None
    reason: Text


class Fairness(Part, frozen=True, kw_only=True):
    """How what is given to persons is compared between parts of them.

    Attributes:
        fewest: persons that a part must have to be concluded from.
        parts: where the parts of protected numbers meet, by attribute; each part begins with its number.
        limits: by id.
    """

    fewest: Annotated[int, Meta(ge=1)] = 100
    parts: dict[Name, tuple[float, ...]] = msgspec.field(default_factory=dict)
    limits: tuple[FairnessLimit, ...] = ()
