"""Contact policy: which of the ranked treatments may reach the person now (`domain.md` 6).

Suppression walks the ranking from the top. What a rule stops is recorded with the rule, what it counted and when it
would let through again, and the next in rank has its turn: a suppressed winner gives way to the runner-up and not to
silence. What only quiet hours stop may wait for their end.
"""

from shared.domain.contact_policy.ledger import NOTHING_CLOSED, Closed, Deferred, Selection, Withheld, WithheldRows
from shared.domain.contact_policy.limits import Limits, held_out
from shared.domain.contact_policy.selecting import (
    counting,
    first_stop,
    select,
    still_allowed,
)

__all__ = [
    "NOTHING_CLOSED",
    "Closed",
    "Deferred",
    "Limits",
    "Selection",
    "Withheld",
    "WithheldRows",
    "counting",
    "first_stop",
    "held_out",
    "select",
    "still_allowed",
]
