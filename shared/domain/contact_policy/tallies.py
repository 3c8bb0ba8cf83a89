"""What caps and cooldowns count, each apart from the others, and when what they count stops a treatment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain.contact import Contact
from shared.domain.contact_past import Folded
from shared.domain.outcome import OutcomeName
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


class Counted:
    """What is counted of contacts that are of the same.

    Attributes:
        by_outcome: of each outcome that anything counts, the number of the horizon beyond which nothing does, and where
            its times are counted.
        latest: of the tallies that count a contact once, by the latest of several outcomes.
        unlike: what they are of, as far as the revision would say it otherwise of their treatment.
    """

    __slots__ = ("by_outcome", "latest", "unlike")

    def __init__(self, unlike: dict[str, str]) -> None:
        self.by_outcome: dict[str, tuple[int, tuple[Tally, ...]]] = {}
        self.latest: list[tuple[tuple[OutcomeName, ...], Tally]] = []
        self.unlike = unlike

    def add(self, outcomes: tuple[OutcomeName, ...], tally: Tally, horizon: int, *, once: bool) -> None:
        """Count these outcomes in a tally, as far as a horizon, each for itself or `once` a contact."""
        for outcome in outcomes:
            known, tallies = self.by_outcome.get(outcome, (horizon, ()))
            own = () if once and len(outcomes) > 1 else (tally,)
            self.by_outcome[outcome] = max(known, horizon), tallies + own
        if once and len(outcomes) > 1:
            self.latest.append((outcomes, tally))

    def tallies(self, outcome: str) -> tuple[Tally, ...]:
        """Where the times of an outcome are counted, each for itself."""
        return self.by_outcome[outcome][1] if outcome in self.by_outcome else ()


Asked = Sequence[tuple[Contact | Folded, Mapping[str, datetime], Counted]]
"""Contacts that a rule could count, each with its outcomes, where one that is reserved is taken as sent, and with where
these are counted.
"""


def times_of(asked: Asked, since: Sequence[datetime]) -> Times:
    """What every rule counts.

    Args:
        asked: contacts that a rule could count.
        since: for each rule, the instant after which it counts.
    """
    times: Times = {}
    for contact, outcomes, counted in asked:
        if type(contact) is Folded and contact.had is not None:
            _several(contact, counted, since, times)
            continue
        by_outcome = counted.by_outcome
        for outcome, at in outcomes.items():
            for tally in by_outcome[outcome][1] if outcome in by_outcome else ():
                if at > since[tally.number]:
                    times.setdefault(tally, []).append(at)
        if counted.latest:
            _count_once(counted, outcomes, since, times)
    return times


def _several(contact: Folded, counted: Counted, since: Sequence[datetime], times: Times) -> None:
    """Count contacts of the past that were merged: all of them, each as late as the latest.

    What lifts a cooldown again is not counted: it may have come before what began it.
    """
    outcomes = contact.outcomes
    for outcome, at in outcomes.items():
        for tally in counted.tallies(outcome):
            if tally.rows and at > since[tally.number]:
                number = contact.number((outcome,)) if tally.several else 1
                times.setdefault(tally, []).extend([at] * number)
    for names, tally in counted.latest:
        found = [name for name in names if name in outcomes and outcomes[name] > since[tally.number]]
        if found:
            at = max(outcomes[name] for name in found)
            times.setdefault(tally, []).extend([at] * contact.number(found))


def _count_once(counted: Counted, outcomes: Mapping[str, datetime], since: Sequence[datetime], times: Times) -> None:
    """Count a contact where several of its outcomes count as one, which is as late as the latest."""
    for names, tally in counted.latest:
        found = [outcomes[name] for name in names if name in outcomes]
        if found and (at := max(found)) > since[tally.number]:
            times.setdefault(tally, []).append(at)


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
