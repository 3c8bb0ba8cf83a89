"""Changing: what another revision would have come to, from decisions that were drawn or left to chance."""

from __future__ import annotations

from datetime import datetime

import msgspec

from functions.records.evaluating import is_random
from functions.records.periods import days_of, given
from shared.domain.decision import DecisionRecord
from shared.domain.errors import NotFoundError
from shared.domain.measuring.off_policy import Support
from shared.domain.policy.policy import Policy
from shared.domain.releasing.worth import Compared, Worth, compared, worth
from shared.domain.signal import digest
from shared.ports import Catalogues, Days, Unopened
from shared.ports.measuring import Measures

MOST_DECISIONS = 50_000
"""That are decided on again: more would not be within the time that a workflow waits."""

MOST_WEIGHED = 5_000
"""Decisions for several treatments whose choice is made again 256 times: as many as take some minutes. Of
more, a sample of all decisions is taken, by their hash.
"""


class WorthOfChange(msgspec.Struct, frozen=True, kw_only=True):
    """An off-policy evaluation of a change.

    Attributes:
        revision: the one that is evaluated, against those that decided.
        prefix: with which the ids begin of the decisions that were read: where there are many, a sample by their hash.
        decisions: how many could be used.
        changing: of how many of them the choice would be another.
        worth: in acceptances and in pounds; nothing of no decisions.
        support: how far those that change carry it; None where none does.
        passed_over: decisions that could not be used: nothing in them was left to chance, their persons were erased,
            their revision is gone, or the other has not what was asked for.
    """

    revision: str
    since: datetime
    until: datetime
    prefix: str
    decisions: int
    changing: int
    worth: tuple[Worth, ...]
    support: Support | None
    passed_over: int


class EvaluateChange:
    """The use case over its ports."""

    def __init__(self, days: Days, measures: Measures, catalogues: Catalogues) -> None:
        """Read `days`, and of `measures` what was accepted, and choose again by `catalogues`."""
        self._days = days
        self._measures = measures
        self._catalogues = catalogues

    def __call__(self, revision: str, since: datetime, until: datetime) -> WorthOfChange:
        """Evaluate a revision on the decisions of a period that others made.

        Raises:
            NotFoundError: there is no such revision.
            TransientError: the history did not answer.
        """
        after = self._catalogues.get(revision)
        digits = digest("sample", after.revision.id)
        prefix = self._prefix(digits, since, until)
        accepted = self._measures.accepted(since, until, prefix)
        cases: dict[str, tuple[Compared, ...] | None] = {}
        weighed = 0
        for record in given(self._days, since, until, prefix):
            key = record.decision_id
            if not key.startswith(prefix):
                continue
            cases[key] = None if isinstance(record, Unopened) else self._case(record, after, accepted)
            weighed += _is_weighed(cases[key])
            if weighed > MOST_WEIGHED:
                prefix = _longer(prefix, digits)
                cases = {each: case for each, case in cases.items() if each.startswith(prefix)}
                weighed = sum(map(_is_weighed, cases.values()))
        used = [case for case in cases.values() if case is not None]
        estimates, support = worth(used)
        return WorthOfChange(
            revision=after.revision.id,
            since=since,
            until=until,
            prefix=prefix,
            decisions=len(used),
            changing=sum(any(place.changes for place in case) for case in used),
            worth=estimates,
            support=support,
            passed_over=len(cases) - len(used),
        )

    def _prefix(self, digits: str, since: datetime, until: datetime) -> str:
        """What the ids of as many decisions begin with as are read at once; ids are hashes."""
        told, prefix = sum(self._days.count(day) for day in days_of(since, until)), "d-"
        while told > MOST_DECISIONS and (longer := _longer(prefix, digits)) != prefix:
            told, prefix = told // 16, longer
        return prefix

    def _case(self, record: DecisionRecord, after: Policy, accepted: frozenset[str]) -> tuple[Compared, ...] | None:
        """A decision, place by place, None of one that cannot be used."""
        try:
            before = self._catalogues.get(record.revision)
            if record.revision == after.revision.id or not is_random(before, record):
                return None
            return compared(before, after, record, accepted)
        except NotFoundError:
            return None


def _longer(prefix: str, digits: str) -> str:
    """The prefix of a sixteenth of the same decisions; the same where it can be no longer."""
    return f"d-{digits[: len(prefix) - 1]}"


def _is_weighed(case: tuple[Compared, ...] | None) -> bool:
    """Whether a decision's choice was made again."""
    return case is not None and len(case) > 1 and any(place.changes for place in case)
