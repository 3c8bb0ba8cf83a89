"""What a catalogue offers: actions and the treatments by which they appear."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from shared.domain.catalogue.connectors import Fragment
from shared.domain.part import Part, Span
from shared.domain.rules import Purpose

AttributeValue = bool | int | float | str | tuple[str, ...]


class Starting(Part, frozen=True, kw_only=True):
    """What a new model believes.

    Attributes:
        propensity: the probability of acceptance, between 0 and 1.
        evidence: how many responses that belief is worth.
    """

    propensity: Annotated[float, Meta(gt=0, lt=1)]
    evidence: Annotated[float, Meta(gt=0)]


class Treatment(Part, frozen=True, kw_only=True):
    """How one action appears on one channel and placement.

    Attributes:
        deadline: how long after its decision it may be sent, where it is another than its channel's.
        segments: how many text messages it becomes, on a channel priced by them, as far as that is known before it is
            written.
    """

    id: str
    channel: str
    purpose: Purpose
    starting: Starting
    content: dict[str, str]
    placement: str | None = None
    conditions: tuple[int, ...] = ()
    translations: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    fragment: Fragment | None = None
    deadline: Span | None = None
    segments: int = 1


class Active(Part, frozen=True, kw_only=True):
    """A window in which something is valid; a date is its midnight, UTC.

    Attributes:
        from_: its first instant, open where it is not given.
        until: the first instant after it, open where it is not given.
    """

    from_: datetime | None = msgspec.field(name="from", default=None)
    until: datetime | None = None

    def contains(self, now: datetime) -> bool:
        """Whether it is valid now."""
        return (self.from_ is None or self.from_ <= now) and (self.until is None or now < self.until)


class Action(Part, frozen=True, kw_only=True):
    """What we would like the customer to do.

    `conditions` point into the revision's, inherited ones included, in the order they are tried. `lever` is that of the
    most specific level that declares one. `value` is pounds of an acceptance, or CEL that yields it. `attributes` are
    what expressions read as `action.NAME` besides its id, brand, issue and group. `cancel_when` is CEL that says when
    what is queued of it is not to be sent any more. `anyway` is the share that accepts without being asked.
    """

    id: str
    name: str
    brand: str
    issue: str
    group: str
    purpose: Purpose
    value: float | str
    lever: float
    treatments: tuple[Treatment, ...]
    description: str = ""
    mandatory: bool = False
    active: Active = Active()
    conditions: tuple[int, ...] = ()
    attributes: dict[str, AttributeValue] = msgspec.field(default_factory=dict)
    cancel_when: str | None = None
    anyway: float = 0.0


def facts(action: Action, treatment: Treatment) -> dict[str, Any]:
    """What a rule's scope and a condition see of a candidate."""
    return {
        "brand": action.brand,
        "issue": action.issue,
        "group": action.group,
        "action": action.id,
        "treatment": treatment.id,
        "channel": treatment.channel,
        "purpose": treatment.purpose,
    }
