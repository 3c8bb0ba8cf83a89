"""Deferral: a decision that waits for the end of quiet hours, and is made again then (`domain.md` 6)."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.domain.contact_policy import Deferred
from shared.domain.signal import Again, Signal, digest


class Deferral(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A decision that waits, and all that is needed to make it again.

    Attributes:
        decision_id: of the decision that waits; it is the deferral's id too.
        at: when it was deferred, UTC.
        deferred: what waits, by which rule, and until when.
        signal: what it was made for.
    """

    decision_id: str
    person_id: str
    at: datetime
    deferred: Deferred
    signal: Signal

    @property
    def next_decision_id(self) -> str:
        """The id of the decision that is made when it fires: the same however often it does."""
        return "d-" + digest("deferral", self.decision_id)

    def next_signal(self) -> Signal:
        """The same signal, which names the decision that it was deferred by. What it said of consent was noted then."""
        again = Again(decision_id=self.decision_id, first_at=self.signal.waiting_since or self.at)
        return msgspec.structs.replace(self.signal, consent=(), again=again)
