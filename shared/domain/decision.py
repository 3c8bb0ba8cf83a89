"""The decision record: everything a decision read and did (`domain.md` 10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from shared.domain.contact_policy import Deferred, Withheld, WithheldRows
from shared.domain.contact_read import ContactRead
from shared.domain.engagement import Slots
from shared.domain.identity.links import Conflict
from shared.domain.profile import Profile
from shared.domain.ranking import Ranking
from shared.domain.signal import Signal, digest

Result = Literal["reserved", "offered", "deferred", "excluded", "nothing_qualified", "all_withheld"]
"""How a decision ends: a contact reserved, treatments offered to an inbound channel, a treatment that waits for the end
of quiet hours, or a stated reason for none.
"""

Filling = Literal["in_turn", "together"]
"""How the slots of a request are filled: `together`; one placement after another in records from before."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A treatment that was chosen, and the delivery that carries it."""

    treatment: str
    delivery_id: str
    rank: int
    placement: str | None = None


class DecisionRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was read, what qualified, what was withheld and what was chosen. Why the others dropped and how the ranking
    came about follows from this and the revision: `shared.domain.retrace` works it out again.

    Attributes:
        profile: the person as read; with the signal and the revision all that engagement policy depends on.
        slots: where treatments might appear.
        filling: how the slots of a request were filled.
        decided_at: `now` of engagement policy and arbitration.
        reserved_at: `now` of contact policy.
        candidate_rows: the treatments that qualified, as `Ranking` has them; `shared.domain.candidates` says which.
        propensity_parts: P of each, likewise, as it was ranked by.
        means: what each P was drawn around, as `Ranking` has it; empty where P is the models' mean itself.
        evidence: how many responses each of these was worth, likewise.
        said_by: the estimators from outside that said P of what is in their scope, as `Ranking` has it.
        instead: what the models would have said of each, likewise.
        candidates: the same by their ids, in records from before there were `candidate_rows`.
        propensities: P of each of these.
        models: the version of the models that said so.
        unlevered: the candidate that would have been first if every lever were 1.
        deferred: the treatment that waits for the end of quiet hours, and until when.
        read: what contact policy read, None where it was not asked.
        withheld: what contact policy stopped, best first.
        withheld_rows: the same where it is a lot, each group by the best of it; `shared.domain.non_sends` says which.
        excluded_by: the flag that excluded the person altogether.
        conflicts: what stood against the person's identity.
        fragment: where several persons turned out to be this one, as which of them the signal came; else empty.
        arms: of experiments and holdouts that the person was in, each as `experiment=arm`.
        held_back: of a person held out, the treatment that would have been chosen but for that; else None.
    """

    decision_id: str
    person_id: str
    revision: str
    signal: Signal
    profile: Profile
    decided_at: datetime
    reserved_at: datetime
    result: Result
    slots: Slots
    chosen: tuple[Chosen, ...] = ()
    candidate_rows: bytes = b""
    propensity_parts: bytes = b""
    means: bytes = b""
    evidence: bytes = b""
    said_by: tuple[str, ...] = ()
    instead: bytes = b""
    candidates: tuple[str, ...] = ()
    propensities: tuple[float, ...] = ()
    models: str = ""
    unlevered: str | None = None
    read: ContactRead | None = None
    withheld: tuple[Withheld, ...] = ()
    deferred: Deferred | None = None
    excluded_by: str | None = None
    conflicts: tuple[Conflict, ...] = ()
    filling: Filling = "in_turn"
    fragment: str = ""
    arms: tuple[str, ...] = ()
    held_back: str | None = None
    withheld_rows: tuple[WithheldRows, ...] = ()

    @property
    def stops(self) -> tuple[Withheld | WithheldRows, ...]:
        """What stopped anything, that of the best first."""
        return (*self.withheld, *self.withheld_rows)


def kept(ranking: Ranking) -> dict[str, Any]:
    """What a record keeps of a ranking: all that it cannot be made again without."""
    found = {
        "candidate_rows": ranking.candidate_rows,
        "propensity_parts": ranking.propensity_parts,
        "means": ranking.means,
        "evidence": ranking.evidence,
        "models": ranking.models,
        "unlevered": ranking.unlevered,
    }
    return {**found, "said_by": ranking.said_by, "instead": ranking.instead} if ranking.said_by else found


def delivery_id(decision_id: str, treatment: str, placement: str | None = None) -> str:
    """The id of the delivery of one treatment by one decision: the same however often it is decided."""
    return "v-" + digest("delivery", decision_id, treatment, placement or "")
