"""What caps and cooldowns count, each apart from the others, and when what they count stops a treatment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain.policy.rows import Rows
from shared.domain.rules import Cap, Cooldown

NEVER = timedelta(days=36525)
"""A period of this length has no end to name."""


class Stop(NamedTuple):
    """Why a rule stops what it stops: contacts counted, of how many, and when it ends."""

    counted: int | None = None
    limit: int | None = None
    allowed_at: datetime | None = None


class Tally:
    """The times of what one rule counts together: all in its scope, or what shares the level that it counts apart.

    Attributes:
        number: of the rule, in the catalogue's order.
        rule: which counts.
        rows: what the rule stops when the tally says so.
        against: what is counted to lift a cooldown again, where it names any such outcomes.
        plain: whether it is of a cooldown after a single contact that nothing lifts.
        several: whether it matters how many contacts there are, and not the latest alone.
    """

    __slots__ = ("against", "number", "plain", "rows", "rule", "several")

    def __init__(self, number: int, rule: Cap | Cooldown, rows: Rows, against: Tally | None = None) -> None:
        self.number = number
        self.rule = rule
        self.rows = rows
        self.against = against
        self.several = isinstance(rule, Cap) or rule.count > 1
        self.plain = isinstance(rule, Cooldown) and not (rule.count > 1 or rule.within_seconds)


Times = dict[Tally, list[datetime]]
"""When what a tally counts happened, in no particular order."""


def rests_until(rule: Cooldown, times: Sequence[datetime], against: Sequence[datetime]) -> datetime | None:
    """When the period of a cooldown ends that these times began, None where they began none.

    It begins with the last of `count` times within `within_seconds` of each other, and is lifted by whatever came
    `against` it since the first of them might have been.

    Args:
        rule: the cooldown.
        times: of contacts, when each last had one of the outcomes.
        against: when outcomes of `without` came.
    """
    period = timedelta(seconds=rule.period_seconds)
    if rule.count == 1 and not against:
        return max(times) + period if times else None
    within = timedelta(seconds=rule.within_seconds)
    free_until = max(against) + within if against else None
    ordered = sorted(times)
    for last in range(len(ordered) - 1, rule.count - 2, -1):
        end = ordered[last]
        if free_until is not None and end < free_until:
            return None
        if rule.count == 1 or ordered[last - rule.count + 1] > end - within:
            return end + period
    return None
