"""Whether what is left of volumes and budgets reaches for one treatment more."""

from __future__ import annotations

from collections.abc import Mapping

from shared.domain.allowance import cost
from shared.domain.catalogue import Revision
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_policy.ledger import Closed
from shared.domain.rules import Budget, Volume, in_scope

CHOSEN = "chosen "
"""How the id begins of an entry of the history that stands for what the same decision has chosen."""


def too_little(
    revision: Revision, treatment_id: str, history: ContactHistory, closed: Mapping[str, Closed]
) -> Mapping[str, Closed]:
    """Those limits of which too little is left for a treatment beside what the same decision has chosen already.

    Args:
        revision: the catalogue, for the rules and the prices of its channels.
        treatment_id: the treatment. What costs nothing needs nothing of a budget.
        history: the person's contacts, with those chosen already.
        closed: volumes and budgets, by the rule's id, of which only so much is left.
    """
    _, treatment = revision.treatment(treatment_id)
    beside = [contact for key, contact in history.contacts.items() if key.startswith(CHOSEN)]
    found = {}
    for rule in revision.catalogue.rules:
        if not isinstance(rule, Volume | Budget) or rule.id not in closed:
            continue
        wanted = cost(rule, revision.channels[treatment.channel].price)
        used = sum(
            cost(rule, revision.channels[contact.channel].price)
            for contact in beside
            if in_scope(rule.scope, contact.facts())
        )
        if wanted and used + wanted > closed[rule.id].left:
            found[rule.id] = closed[rule.id]
    return found
