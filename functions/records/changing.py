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
from shared.domain.releasing.worth import Case, Worth, choices, worth
from shared.domain.selected import is_single
from shared.domain.selection import probability
from shared.domain.signal import digest
from shared.ports import Catalogues, Days, Unopened
from shared.ports.measuring import Measures

MOST_DECISIONS = 50_000
"""That are decided on again: more would not be within the time that a workflow waits."""


class WorthOfChange(msgspec.Struct, frozen=True, kw_only=True):
    """An off-policy evaluation of a change.

    Attributes:
        revision: the one that is evaluated, against those that decided.
        prefix: with which the ids begin of the decisions that were read: where there are many, a sample by their hash.
        decisions: how many could be used.
        changing: of how many of them the choice would be another.
        worth: in acceptances and in pounds; nothing of no decisions.
        support: how far those that change carry it; None where none does.
        passed_over: decisions that could not be used: nothing in them was left to chance, several treatments were given
            at once, their persons were erased, their revision is gone, or the other has not what was asked for.
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
        prefix = self._prefix(after.revision.id, since, until)
        accepted = self._measures.accepted(since, until, prefix)
        cases, passed_over = [], 0
        for record in given(self._days, since, until, prefix):
            case = None if isinstance(record, Unopened) else self._case(record, after, accepted)
            if case is None:
                passed_over += 1
            else:
                cases.append(case)
        estimates, support = worth(cases)
        return WorthOfChange(
            revision=after.revision.id,
            since=since,
            until=until,
            prefix=prefix,
            decisions=len(cases),
            changing=sum(case.was.treatment != case.is_now.treatment for case in cases),
            worth=estimates,
            support=support,
            passed_over=passed_over,
        )

    def _prefix(self, revision: str, since: datetime, until: datetime) -> str:
        """What the ids of as many decisions begin with as are read at once; ids are hashes."""
        told, digits = sum(self._days.count(day) for day in days_of(since, until)), digest("sample", revision)
        length = 0
        while told > MOST_DECISIONS and length < len(digits):
            told, length = told // 16, length + 1
        return f"d-{digits[:length]}"

    def _case(self, record: DecisionRecord, after: Policy, accepted: frozenset[str]) -> Case | None:
        """A decision as a case, None of one that cannot be used."""
        try:
            before = self._catalogues.get(record.revision)
            if record.revision == after.revision.id or not is_single(before, record.slots):
                return None
            if not is_random(before, record):
                return None
            made, was, is_now = choices(before, after, record)
        except NotFoundError:
            return None
        behaviour = 1.0
        if was.treatment != is_now.treatment:
            logged = probability(before, record)
            if logged is None or logged.value <= 0.0:
                return None
            behaviour = logged.value
        return Case(record.decision_id in accepted, made, was, is_now, behaviour)
