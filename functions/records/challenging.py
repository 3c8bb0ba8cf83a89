"""Challenging: an estimator from outside scores the treatments that were given, and is held against the models.

It is asked afterwards, of what is on record, so that no decision waits for it or changes by it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from functions.records.periods import days_of, given
from shared.domain.candidates import instead, known, means
from shared.domain.catalogue import facts
from shared.domain.decision import DecisionRecord
from shared.domain.errors import InvalidError, NotFoundError
from shared.domain.estimators import PLACES, FromOutside, Instance, digest_of, reads_of
from shared.domain.instances import seen, where
from shared.domain.outcome import NEGATIVE, POSITIVE
from shared.domain.policy.policy import Policy
from shared.domain.rules import Scope, in_scope
from shared.domain.shadow import Case, Compared, compare
from shared.ports import Catalogues, Days, ScorerOf, Unopened

AT_ONCE = 1000
"""Treatments that an estimator is asked for at once."""

LATER = timedelta(days=28)
"""How long after a period what came of its treatments is looked for."""

EVERYTHING = Scope()


class Challenged(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge.

    Attributes:
        challenger: its name.
        compared: how it did.
        passed_over: decisions that say nothing of it: made while it was trained, persons who were erased, or revisions
            that are gone.
        served: the treatments of which it said P itself: there the models' is on record beside it.
        fell_back: those of which it should have, and the models did, because it failed or was late.
        digest: of what it is, so that evidence is of no other that has its name.
        scope: the treatments that it was asked about.
    """

    challenger: str
    since: datetime
    until: datetime
    compared: Compared
    passed_over: int
    served: int = 0
    fell_back: int = 0
    digest: str = ""
    scope: Scope = EVERYTHING


class _Asked(msgspec.Struct, frozen=True):
    """A treatment of which it is known what came, and what an estimator is shown of it; nothing where it said P. Also
    whether it should have.
    """

    case: Case
    instance: Instance | None
    should_have: bool


class Challenge:
    """The use case over its ports."""

    def __init__(self, days: Days, catalogues: Catalogues, scorer_of: ScorerOf) -> None:
        """Read `days`, see by `catalogues`, and score by what `scorer_of` opens."""
        self._days = days
        self._catalogues = catalogues
        self._scorer_of = scorer_of

    def __call__(
        self,
        challenger: FromOutside,
        since: datetime,
        until: datetime,
        now: datetime,
        prefix: str = "",
        scope: Scope = EVERYTHING,
    ) -> Challenged:
        """Hold a challenger against the models on the decisions of a period whose ids begin with a prefix, and on the
        treatments in a scope. Of what it said itself the record has what the models said; of everything else it is
        asked now.

        Raises:
            InvalidError: it reads what is no predictor, or leads to a host that is not to be asked.
            TransientError: the history did not answer.
        """
        self._check(challenger)
        scorer = self._scorer_of(challenger)
        accepted = self._came(since, min(until + LATER, now + timedelta(days=1)))
        cases: list[Case] = []
        waiting: list[_Asked] = []
        passed_over = served = fell_back = 0

        def score() -> None:
            said = scorer([each.instance for each in waiting if each.instance is not None])
            scored = iter(said)
            cases.extend(
                each.case if each.instance is None else each.case._replace(challenger=next(scored)) for each in waiting
            )
            waiting.clear()

        for record in given(self._days, since, until, prefix):
            asked = None
            if not isinstance(record, Unopened) and record.decided_at.date() > challenger.trained_until:
                asked = self._asked(record, accepted, challenger.name, scope)
            if asked is None:
                passed_over += 1
                continue
            waiting += asked
            served += sum(each.instance is None for each in asked)
            fell_back += sum(each.instance is not None and each.should_have for each in asked)
            if len(waiting) >= AT_ONCE:
                score()
        score()
        return Challenged(
            challenger=challenger.name,
            since=since,
            until=until,
            compared=compare(cases),
            passed_over=passed_over,
            served=served,
            fell_back=fell_back,
            digest=digest_of(challenger),
            scope=scope,
        )

    def _check(self, challenger: FromOutside) -> None:
        policy = self._catalogues.current()
        shown = {*PLACES, *_predictors(policy)}
        if unknown := sorted(reads_of(challenger) - shown):
            raise InvalidError(
                f"reads {unknown[0]}, which is no predictor of the catalogue nor one of {', '.join(PLACES)}",
                field="features",
            )

    def _came(self, since: datetime, until: datetime) -> dict[str, bool]:
        """Of deliveries of which it is known, whether they were accepted."""
        found: dict[str, bool] = {}
        for day in days_of(since, until):
            for row in self._days.rows(day):
                if row.kind == "outcome" and row.delivery_id is not None:
                    if row.outcome in POSITIVE:
                        found[row.delivery_id] = True
                    elif row.outcome in NEGATIVE:
                        found.setdefault(row.delivery_id, False)
        return found

    def _asked(self, record: DecisionRecord, accepted: dict[str, bool], name: str, scope: Scope) -> list[_Asked] | None:
        """Those of its treatments of which it is known what came; None where its revision is gone."""
        try:
            policy = self._catalogues.get(record.revision)
        except NotFoundError:
            return None
        came = [chosen for chosen in record.chosen if chosen.delivery_id in accepted]
        if not came:
            return []
        said = known(policy, record) | means(policy, record)
        models = instead(policy, record) if name in record.said_by else {}
        serves = next((rows for each, rows in policy.serving if each.name == name), 0)
        person = seen(policy, policy.situation(record.profile, record.signal, record.decided_at))
        found = []
        for chosen in came:
            if chosen.treatment not in said:
                continue
            action, treatment = policy.revision.treatment(chosen.treatment)
            if not in_scope(scope, facts(action, treatment)):
                continue
            case = Case(record.person_id, said[treatment.id], None, accepted[chosen.delivery_id])
            should_have = bool(serves >> policy.row(treatment.id) & 1)
            if should_have and models:
                mine = case._replace(champion=models[treatment.id], challenger=said[treatment.id])
                found.append(_Asked(mine, None, should_have))
            else:
                found.append(_Asked(case, {**person, **where(action, treatment)}, should_have))
        return found


def _predictors(policy: Policy) -> Collection[str]:
    return [predictor.reads for predictor in policy.revision.catalogue.predictors]
