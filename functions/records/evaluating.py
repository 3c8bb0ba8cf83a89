"""Evaluating: what another way of ranking would have come to, from decisions that were drawn or left to chance."""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec
import numpy as np

from functions.records.periods import days_of, given
from shared.domain.catalogue import RanksBy
from shared.domain.decision import DecisionRecord
from shared.domain.errors import NotFoundError
from shared.domain.instead import in_places, instead
from shared.domain.measuring.off_policy import Evaluation, Logged, Refusal, Support, evaluate
from shared.domain.outcome import POSITIVE
from shared.domain.policy.policy import Policy
from shared.domain.selected import is_single
from shared.domain.selection import probability
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
        passed_over: decisions that could not be used: nothing in them was left to chance, their persons were erased, or
            their revision is gone.
    """

    ranks_by: RanksBy
    since: datetime
    until: datetime
    estimates: tuple[Estimated, ...]
    support: Support | None
    passed_over: int


class _Place(NamedTuple):
    """A place of a decision's slots, the only one where it was for one treatment."""

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
        cases: list[Sequence[_Place]] = []
        passed_over = 0
        accepted = accepted_in(self._days, since, until)
        for record in given(self._days, since, until):
            places = None if isinstance(record, Unopened) else self._places(record, ranks_by, accepted)
            if places is None:
                passed_over += 1
            else:
                cases.append(places)
        estimates, support = _estimated(cases)
        return OffPolicy(
            ranks_by=ranks_by,
            since=since,
            until=until,
            estimates=estimates,
            support=support,
            passed_over=passed_over,
        )

    def _places(self, record: DecisionRecord, ranks_by: RanksBy, accepted: Container[str]) -> list[_Place] | None:
        """The places of a decision, None of one that cannot be used."""
        try:
            policy = self._catalogues.get(record.revision)
        except NotFoundError:
            return None
        if not record.chosen or not is_random(policy, record):
            return None
        if not is_single(policy, record.slots):
            return [
                _Place(
                    accepted=was,
                    pounds=each.value if was else 0.0,
                    behaviour=each.probability,
                    same=each.same,
                    expected=each.expected,
                    expected_target=each.expected_instead,
                )
                for each in in_places(policy, record, ranks_by)
                for was in [each.given is not None and each.given in accepted]
            ]
        logged, other = probability(policy, record), instead(policy, record, ranks_by)
        if logged is None or logged.value <= 0.0:
            return None
        was = record.decision_id in accepted
        return [
            _Place(
                accepted=was,
                pounds=other.value_of_given if was else 0.0,
                behaviour=logged.value,
                same=other.treatment == record.chosen[0].treatment,
                expected=other.propensity_of_given,
                expected_target=other.propensity,
            )
        ]


def accepted_in(days: Days, since: datetime, until: datetime) -> frozenset[str]:
    """The deliveries of a period that were accepted, and their decisions, by their ids.

    Raises:
        TransientError: the history did not answer.
    """
    return frozenset(
        named
        for day in days_of(since, until)
        for row in days.rows(day)
        if row.kind == "outcome" and row.outcome in POSITIVE
        for named in (row.decision_id, row.delivery_id)
        if named is not None
    )


def is_random(policy: Policy, record: DecisionRecord) -> bool:
    """Whether anything in a decision was drawn or left to chance."""
    return bool(record.means) or policy.experiments.way(record.arms).ranks_by == "chance"


def _estimated(cases: Sequence[Sequence[_Place]]) -> tuple[tuple[Estimated, ...], Support | None]:
    if not cases:
        return (), None
    places = [place for case in cases for place in case]
    whose = np.repeat(np.arange(len(cases)), [len(case) for case in cases])
    behaviour = np.array([place.behaviour for place in places])
    target = np.array([float(place.same) for place in places])
    expected = np.array([place.expected for place in places])
    expected_target = np.array([place.expected_target for place in places])
    estimates, support = [], None
    accepted = np.array([float(place.accepted) for place in places])
    pounds = np.array([place.pounds for place in places])
    for measure, rewards, model in (
        ("acceptances", accepted, (expected, expected_target)),
        ("pounds", pounds, (None, None)),
    ):
        found = evaluate(Logged(rewards, behaviour, target, model[0], model[1], whose), CLIP)
        support = found.support
        estimates.append(_told(measure, float(rewards.sum()) / len(cases), found))  # type: ignore[arg-type]
    return tuple(estimates), support


def _told(measure: Literal["acceptances", "pounds"], now: float, found: Evaluation | Refusal) -> Estimated:
    if isinstance(found, Refusal):
        return Estimated(measure=measure, now=now, refused=found.said)
    return Estimated(measure=measure, now=now, ips=found.ips, snips=found.snips, dr=found.dr)
