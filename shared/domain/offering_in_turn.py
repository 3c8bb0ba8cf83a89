"""How slots were filled before they were filled together: one placement after another, each with the first treatments
that pass, no action twice. Records that were made so are made again so, for ever.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from shared.domain.contact_history import ContactHistory
from shared.domain.contact_policy import NOTHING_CLOSED, Closed, Withheld, counting, select
from shared.domain.engagement import Slots
from shared.domain.governance.switches import NOTHING_OFF, SwitchedOff
from shared.domain.offered import Offer, Offered
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile


def offer_in_turn(
    policy: Policy,
    ranked: Sequence[str],
    slots: Slots,
    profile: Profile,
    history: ContactHistory,
    now: datetime,
    *,
    closed: Mapping[str, Closed] = NOTHING_CLOSED,
    off: Sequence[SwitchedOff] = NOTHING_OFF,
) -> Offer:
    """Fill the slots, and say what was withheld on the way.

    Within the request each treatment counts as if it had been seen, so that no rule is broken by what is shown side by
    side. Nothing waits for the end of quiet hours: who asks is answered now.

    Args:
        policy: the catalogue, for its rules and placements.
        ranked: ids of treatments, best first.
        slots: the placements asked for, with their counts.
        profile: the person's consents and flags.
        history: the person's contacts.
        now: when it is shown, UTC.
        closed: volumes and budgets, by the rule's id, of which nothing is left.
        off: what is switched off.
    """
    revision = policy.revision
    offered: list[Offered] = []
    withheld: list[Withheld] = []
    used: set[str] = set()
    for placement, count in slots.wanted():
        fitting = [
            treatment_id
            for treatment_id in ranked
            if revision.treatment(treatment_id)[0].id not in used
            and placement in (None, revision.treatment(treatment_id)[1].placement)
        ]
        selection = select(policy, fitting, profile, history, now, count=count, defers=False, closed=closed, off=off)
        withheld += selection.withheld
        for rank, treatment_id in enumerate(selection.chosen, start=1):
            history = counting(revision, history, treatment_id, now)
            used.add(revision.treatment(treatment_id)[0].id)
            offered.append(Offered(treatment_id, placement, rank))
    return Offer(offered=tuple(offered), withheld=tuple(withheld))
