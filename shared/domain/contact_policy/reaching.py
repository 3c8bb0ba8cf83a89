"""For whom what is left of a volume or a budget does not reach."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from shared.domain.allowance import Limit, cost
from shared.domain.catalogue import Revision, facts
from shared.domain.contact import Contact
from shared.domain.contact_policy.compiled import ContactRules
from shared.domain.contact_policy.ledger import Closed
from shared.domain.policy.rows import Rows
from shared.domain.rules import in_scope

CHOSEN = "chosen "
"""How the id begins of a contact that stands for what the same decision has chosen."""


def contact_of(revision: Revision, treatment_id: str, now: datetime) -> Contact:
    """What a treatment counts as once it is sent, or on an inbound channel seen, at `now`: what is chosen with it must
    leave room for it.
    """
    action, treatment = revision.treatment(treatment_id)
    outbound = revision.channels[treatment.channel].direction == "outbound"
    return Contact(
        delivery_id=CHOSEN + treatment_id,
        decision_id="",
        revision=revision.id,
        state="reserved" if outbound else "presented",
        at=now,
        outcomes={} if outbound else {"impression": now},
        **facts(action, treatment),
    )


def beyond(rules: ContactRules, number: int, closed: Closed, beside: Iterable[Contact]) -> Rows:
    """The rows of which one contact takes more than is left beside what the same decision has chosen already.

    Args:
        rules: compiled.
        number: of the volume or budget.
        closed: what is left of it.
        beside: what was chosen.
    """
    limit = rules.rules[number]
    assert isinstance(limit, Limit)
    revision = rules.revision
    chosen = (revision.treatment(contact.treatment) for contact in beside if in_scope(limit.scope, contact.facts()))
    left = closed.left - sum(cost(limit, revision.price(treatment)) for _, treatment in chosen)
    by_contact = [c.id for c in revision.catalogue.channels if 0 < cost(limit, c.price) > left]
    by_segment = [t.id for t in revision.by_segment if cost(limit, revision.price(t)) > left]
    return rules.judged[number] & (rules.scopes.any("channel", by_contact) | rules.scopes.any("treatment", by_segment))
