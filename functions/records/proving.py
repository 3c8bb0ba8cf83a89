"""Proving: an estimator from outside begins to serve by evidence that it says P better than the models do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from functions.records.challenging import Challenged
from shared.domain.catalogue import DeclaredEstimator
from shared.domain.estimators import digest_of, read
from shared.domain.policy.policy import Policy
from shared.domain.ready import ready
from shared.ports import Reports

NIGHTS = timedelta(days=7)
"""How old evidence may be."""


class Evidence:
    """What there is of estimators, in reports."""

    def __init__(self, reports: Reports) -> None:
        """Read the evidence that `reports` keep of each night."""
        self._reports = reports

    def missing(self, to_come: Policy, live: Policy, today: date) -> list[str]:
        """Why each estimator that would begin to serve, or be another one, or serve for others, may not; in a line.

        Raises:
            TransientError: a report is being replaced just now.
        """
        serving = {(each.name, bytes(each.estimator), each.scope) for each, _ in live.serving}
        new = (each for each, _ in to_come.serving if (each.name, bytes(each.estimator), each.scope) not in serving)
        return [f"{each.name} {why}" for each in new if (why := self._why_not(each, today))]

    def _why_not(self, estimator: DeclaredEstimator, today: date) -> str:
        latest = next(self._of(estimator.name, today), None)
        if latest is None:
            return f"was not held against the models within {NIGHTS.days} nights"
        if latest.digest != digest_of(read(bytes(estimator.estimator))):
            return "is another one than what was held against the models"
        if latest.scope != estimator.scope:
            return "would serve in another scope than it was held against the models in"
        if latest.compared.verdict == "better":
            return ""
        return f"does not say P better for certain: {latest.compared.says or 'it says it worse'}"

    def _of(self, name: str, today: date) -> Iterator[Challenged]:
        """The evidence of the last nights, the latest first."""
        for kept in self._reports.names("evidence"):
            day, _, of = kept.partition(" ")
            if of == name and date.fromisoformat(day) >= today - NIGHTS:
                data = self._reports.get("evidence", kept)
                if data is not None:
                    yield msgspec.json.decode(data, type=ready(Challenged))
