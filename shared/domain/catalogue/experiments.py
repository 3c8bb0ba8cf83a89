"""What a catalogue says of experiments: arms, the share of persons in each, and what differs for them."""

from typing import Annotated, Literal

from msgspec import Meta

from shared.domain.part import Factor, Name, Part, Text
from shared.domain.rules import Scope

RanksBy = Literal["priority", "propensity", "no_levers", "chance"]
"""What orders the candidates: their priority, P alone, the priority with every lever at 1, or chance."""


class ArmLever(Part, frozen=True, kw_only=True):
    """A lever as it is for the persons of an arm.

    Attributes:
        scope: the treatments whose lever it is.
        lever: instead of the one that the catalogue says, 0 to 10.
    """

    scope: Scope
    lever: Factor


class Arm(Part, frozen=True, kw_only=True):
    """A share of persons for whom something differs.

    Attributes:
        id: with the experiment's, what histories and reports call it.
        share: of all persons, 0 to 1.
        ranks_by: what orders their candidates.
        levers: those that are others for them; of several that hold one treatment the last counts.
    """

    id: Name
    share: Annotated[float, Meta(ge=0, le=1)]
    ranks_by: RanksBy = "priority"
    levers: tuple[ArmLever, ...] = ()


class Experiment(Part, frozen=True, kw_only=True):
    """Persons parted by a hash of the experiment and the person, into arms and those who are in none.

    Attributes:
        id: of the experiment; another id parts persons anew.
        reason: what it is to find out.
        arms: in the order in which they are given their persons: a share that grows takes from those that come after.
    """

    id: Name
    reason: Text
    arms: Annotated[tuple[Arm, ...], Meta(min_length=1)]
