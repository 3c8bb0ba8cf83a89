"""What is healthy of models, and what is not: the limits of the field, as its vendors publish them, in our words.

Those of AUC, of responses and positives, of active predictors, and of how many models are mature or have no responses
are the metric limits of Pega's demo data (`MetricLimits.csv`); falls by a fifth, one-sided models and days without data
are of its list of alerts. The population stability index has the customary 0.1 and 0.25.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["alarm", "warning"]


class Limit(NamedTuple):
    """Within what a figure should be (best), and beyond what something is wrong; None where there is no such end.

    Attributes:
        says: what the figure is.
        low: below it something is wrong.
        best_low: the least that is good.
        best_high: the most that is good.
        high: above it something is wrong.
    """

    says: str
    low: float | None = None
    best_low: float | None = None
    best_high: float | None = None
    high: float | None = None

    def severity(self, value: float) -> Severity | None:
        """How bad a value is, None where it is good."""
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            return "alarm"
        too_low = self.best_low is not None and value < self.best_low
        return "warning" if too_low or (self.best_high is not None and value > self.best_high) else None

    def words(self) -> str:
        """Within what it should be."""
        low, high = self.best_low, self.best_high
        if low is None:
            return f"at most {high:g}"
        return f"at least {low:g}" if high is None else f"{low:g} to {high:g}"


LIMITS = {
    "auc": Limit("AUC", 0.52, 0.55, 0.80, 0.90),
    "calibration_error": Limit("calibration error", best_high=0.03, high=0.1),
    "active_predictors": Limit("active predictors", 2, 5, 100),
    "responses": Limit("responses", best_low=200),
    "positives": Limit("positives", 1, 200),
    "responses_a_day": Limit("responses a day, as a share of before", 0.8, 0.95),
    "auc_share": Limit("AUC, as a share of before", 0.8, 0.95),
    "psi": Limit("population stability index", best_high=0.1, high=0.25),
    "association": Limit("association with a protected attribute", best_high=0.2, high=0.4),
    "mature_share": Limit("share of models that are mature", 0.5, 0.75),
    "fell_back_share": Limit("share of treatments that it said no P of in time", best_high=0.01, high=0.05),
    "silent_share": Limit("share of models without responses", best_high=0.1, high=0.3),
}
"""By the name of the figure. AUC is limited at both ends: one too good has seen what it predicts."""

MATURE_FROM = 200
"""Positives from which on a model is mature."""

ONE_SIDED_FROM = 1000
"""Responses from which on a model that only ever saw one side is an alarm."""

ASSOCIATED_FROM = 100
"""Persons from which on an association is measured."""
