"""What a decision's contact policy came to: what may go out, what waits, and for each withheld treatment its reason."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec


class Withheld(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A treatment that a rule stopped.

    Attributes:
        rule: the rule's id.
        kind: of the rule, as its tag names it.
        count: contacts counted, for a cap or a volume.
        limit: the limit that they have come to: the rule's, or the person's own where that is lower.
        allowed_at: when this rule would let it through, None where time alone does not.
    """

    treatment: str
    rule: str
    kind: str
    count: int | None = None
    limit: int | None = None
    allowed_at: datetime | None = None


class WithheldRows(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Treatments that a rule stopped alike, as a record keeps them where they are many: see `Withheld`.

    Attributes:
        rows: theirs in the revision, as a set: bit n of the bytes, the least first, is row n.
    """

    rows: bytes
    rule: str
    kind: str
    count: int | None = None
    limit: int | None = None
    allowed_at: datetime | None = None


class Deferred(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment that nothing but quiet hours stops and that waits for their end. It is decided again then.

    Attributes:
        rule: the id of the rule of quiet hours.
        until: the next instant at which no quiet hours hold for it.
    """

    treatment: str
    rule: str
    until: datetime


class Closed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A limit over all persons of which too little is left in the current period.

    Attributes:
        opens_at: when the next period begins.
        count: contacts already taken, of a volume.
        left: what this decision may still take: contacts of a volume, millionths of a pound of a budget.
    """

    opens_at: datetime
    count: int | None = None
    left: int = 0


NOTHING_CLOSED: Mapping[str, Closed] = {}


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What may go out, and what was withheld on the way there.

    Attributes:
        chosen: treatments that may go out, in rank order.
        withheld: those that a rule stopped, in rank order.
        deferred: what waits instead, where nothing was chosen.
    """

    chosen: tuple[str, ...]
    withheld: tuple[Withheld, ...]
    deferred: Deferred | None = None
