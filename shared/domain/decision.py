"""The decision record: everything a decision read and did (`domain.md` 10)."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from shared.domain.arbitration import Ranked
from shared.domain.contact_policy import Withheld
from shared.domain.engagement import Drop
from shared.domain.identity import Conflict
from shared.domain.profile import Profile
from shared.domain.signal import Signal, digest

Result = Literal["reserved", "offered", "excluded", "nothing_qualified", "all_withheld"]
"""How a decision ends: a contact reserved, treatments offered to an inbound channel, or a stated reason for none."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A treatment that was chosen, and the delivery that carries it."""

    treatment: str
    delivery_id: str
    rank: int
    placement: str | None = None


class DecisionRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was read, what was dropped, how the rest ranked, what was withheld and what was chosen.

    Attributes:
        profile: the person as read; with the signal and the revision all that policy and arbitration depend on.
        decided_at: `now` of engagement policy and arbitration.
        reserved_at: `now` of contact policy.
        excluded_by: the flag that excluded the person altogether.
        conflicts: what stood against the person's identity.
    """

    decision_id: str
    person_id: str
    revision: str
    signal: Signal
    profile: Profile
    decided_at: datetime
    reserved_at: datetime
    result: Result
    chosen: tuple[Chosen, ...] = ()
    ranked: tuple[Ranked, ...] = ()
    drops: tuple[Drop, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    excluded_by: str | None = None
    conflicts: tuple[Conflict, ...] = ()


def delivery_id(decision_id: str, treatment: str, placement: str | None = None) -> str:
    """The id of the delivery of one treatment by one decision: the same however often it is decided."""
    return "v-" + digest("delivery", decision_id, treatment, placement or "")
