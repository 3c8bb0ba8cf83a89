"""Evaluating: what another way of ranking would have come to, from decisions that were drawn or left to chance."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from functions.records.periods import days_of, given
from shared.domain.catalogue import RanksBy
from shared.domain.decision import DecisionRecord
from shared.domain.errors import NotFoundError
from shared.domain.measuring.off_policy import Evaluation, Logged, Refusal, Support, evaluate
from shared.domain.outcome import POSITIVE
from shared.domain.policy.policy import Policy
from shared.domain.selected import is_single
from shared.domain.selection import instead, probability
from shared.ports import Catalogues, Days, Unopened

CLIP = 50.0
"""The most that a decision's weight may be."""


class Estimated(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the other way would have come to, of one decision.

    Attributes:
        now: what came of the decisions as they were made, on average.
        ips, snips, dr: three estimates, each with its interval: estimate, low, high; None where they are refused.
        refused: why nothing can be concluded, empty where something is.
    """

    measure: Literal["acceptances", "pounds"]
    now: float
    ips: tuple[float, float, float] | None = None
    snips: tuple[float, float, float] | None = None
    dr: tuple[float, float, float] | None = None
    refused: str = ""


class OffPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """An off-policy evaluation.

    Attributes:
        ranks_by: the way of ranking that is evaluated.
        support: how far what was logged carries; None of no decisions.
        passed_over: decisions that could not be used: nothing in them was left to chance, several treatments were given
            at once, their persons were erased, or their revision is gone.
    """

    ranks_by: RanksBy
    since: datetime
    until: datetime
    estimates: tuple[Estimated, ...]
    support: Support | None
    passed_over: int


class _Case(NamedTuple):
    accepted: bool
    pounds: float
    behaviour: float
    same: bool
    expected: float
    expected_target: float


class Evaluate:
    """The use case over its ports."""

    def __init__(self, days: Days, catalogues: Catalogues) -> None:
        """Read `days`, and choose again by `catalogues`."""
        self._days = days
        self._catalogues = catalogues

    def __call__(self, ranks_by: RanksBy, since: datetime, until: datetime) -> OffPolicy:
        """Evaluate a way of ranking on the decisions of a period.

        Raises:
            TransientError: the history did not answer.
        """
        cases, passed_over = [], 0
        accepted = accepted_decisions(self._days, since, until)
        for record in given(self._days, since, until):
            case = None if isinstance(record, Unopened) else self._case(record, ranks_by, accepted)
            if case is None:
                passed_over += 1
            else:
                cases.append(case)
        estimates, support = _estimated(cases)
        return OffPolicy(
            ranks_by=ranks_by,
            since=since,
            until=until,
            estimates=estimates,
            support=support,
            passed_over=passed_over,
        )

    def _case(self, record: DecisionRecord, ranks_by: RanksBy, accepted: set[str | None]) -> _Case | None:
        try:
            policy = self._catalogues.get(record.revision)
        except NotFoundError:
            return None
        if not is_single(policy, record.slots) or not is_random(policy, record):
            return None
        logged, other = probability(policy, record), instead(policy, record, ranks_by)
        if logged is None or logged.value <= 0.0:
            return None
        was = record.decision_id in accepted
        return _Case(
            accepted=was,
            pounds=other.value_of_given if was else 0.0,
            behaviour=logged.value,
            same=other.treatment == record.chosen[0].treatment,
            expected=other.propensity_of_given,
            expected_target=other.propensity,
        )


def accepted_decisions(days: Days, since: datetime, until: datetime) -> set[str | None]:
    """The decisions of a period whose treatment was accepted.

    Raises:
        TransientError: the history did not answer.
    """
    return {
        row.decision_id
        for day in days_of(since, until)
        for row in days.rows(day)
        if row.kind == "outcome" and row.outcome in POSITIVE
    }


def is_random(policy: Policy, record: DecisionRecord) -> bool:
    """Whether anything in a decision was drawn or left to chance."""
    return bool(record.means) or policy.experiments.way(record.arms).ranks_by == "chance"


def _estimated(cases: list[_Case]) -> tuple[tuple[Estimated, ...], Support | None]:
    if not cases:
        return (), None
    behaviour = np.array([case.behaviour for case in cases])
    target = np.array([float(case.same) for case in cases])
    expected = np.array([case.expected for case in cases])
    expected_target = np.array([case.expected_target for case in cases])
    estimates, support = [], None
    accepted = np.array([float(case.accepted) for case in cases])
    pounds = np.array([case.pounds for case in cases])
    for measure, rewards, model in (
        ("acceptances", accepted, (expected, expected_target)),
        ("pounds", pounds, (None, None)),
    ):
        found = evaluate(Logged(rewards, behaviour, target, *model), CLIP)
        support = found.support
        estimates.append(_told(measure, float(rewards.mean()), found))  # type: ignore[arg-type]
    return tuple(estimates), support


def _told(measure: Literal["acceptances", "pounds"], now: float, found: Evaluation | Refusal) -> Estimated:
    if isinstance(found, Refusal):
        return Estimated(measure=measure, now=now, refused=found.said)
    return Estimated(measure=measure, now=now, ips=found.ips, snips=found.snips, dr=found.dr)
