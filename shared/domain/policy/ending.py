"""Whether the reason of a message has ended since it was decided: asked just before it is sent, of the person as they
are then (`domain.md` 7).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from shared.domain.catalogue import Condition, Expression
from shared.domain.cel import Timestamp
from shared.domain.delivery import Delivery
from shared.domain.policy.atoms import Path
from shared.domain.policy.conditions import candidate
from shared.domain.profile import Person
from shared.domain.signal import Signal

if TYPE_CHECKING:
    from shared.domain.policy.policy import Policy

_PAST = frozenset({"signal", "context"})
"""Variables that are known when a message is decided, and no more when it is sent."""


def reason_ended(policy: Policy, delivery: Delivery, person: Person, now: datetime) -> str | None:
    """Why a message is not to be sent any more; None where it may be.

    What its action declares as `cancel_when` holds, or one of the eligibility conditions that it was decided by no
    longer does, as when the person owns it meanwhile. Conditions that read the signal or its context are not asked
    again, and neither are applicability and suitability: they are about the moment in which it was decided.
    """
    action, treatment = policy.revision.treatment(delivery.treatment)
    conditions = [
        condition
        for index in (*action.conditions, *treatment.conditions)
        if _is_asked_again(policy, condition := policy.revision.catalogue.conditions[index])
    ]
    if action.cancel_when is None and not conditions:
        return None
    signal = Signal(id="", type="", at=now, received_at=now, source="", identifiers={})
    situation = {**policy.situation(policy.features.seen(person, now), signal, now), **candidate(action, treatment)}
    if action.cancel_when is not None:
        decided_at = delivery.decided_at(policy.revision.deadline(treatment.id))
        cancels = policy.program(action.cancel_when).evaluate({**situation, "decided_at": Timestamp.of(decided_at)})
        if cancels is True:
            return f"its reason has ended: {action.cancel_when}"
    for condition in conditions:
        if policy.verdict(condition, situation) == "fails":
            return f"no longer eligible: {condition.name} of {condition.level}"
    return None


def _is_asked_again(policy: Policy, condition: Condition) -> bool:
    if condition.kind != "eligibility":
        return False
    return not any(path[0] in _PAST for path in _paths(policy.revision.catalogue.expressions[condition.when]))


def _paths(expression: Expression) -> Iterator[Path]:
    yield from expression.reads
    yield from (term.atom.path for clause in expression.clauses or () for term in clause)
