"""Stand-ins: predictors that say what a protected attribute is, without reading it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shared.domain.catalogue import Revision
from shared.domain.limits import ASSOCIATED_FROM
from shared.domain.monitoring import Alert, outside
from shared.domain.pairs import cramers_v, crossed
from shared.domain.predictors import MISSING, Predictors

_PARTS = 5
"""Into how many parts with as many persons each a protected number is parted."""

PROFILE = "profile."
"""What reads an attribute of a person begins with this."""


def stand_ins(revision: Revision, people: Sequence[Mapping[str, Any]]) -> list[Alert]:
    """Predictors of the profile that are associated with a protected attribute, the strongest first.

    Args:
        revision: whose predictors, and what its schema protects.
        people: the attributes of a sample of persons; of fewer than `ASSOCIATED_FROM` nothing is said.
    """
    if len(people) < ASSOCIATED_FROM:
        return []
    catalogue = revision.catalogue
    protected = {
        name: parted([person.get(name) for person in people])
        for name, attribute in catalogue.profile_schema.items()
        if attribute.protected
    }
    found: list[Alert] = []
    for predictor in catalogue.predictors:
        if not predictor.reads.startswith(PROFILE):
            continue
        [bin_of] = Predictors([predictor]).finders
        bins = [bin_of(person.get(predictor.reads.removeprefix(PROFILE))) for person in people]
        for name, parts in protected.items():
            about = f"{predictor.reads} for profile.{name}"
            found += outside(about, "association", association(bins, parts))
    return sorted(found, key=lambda alert: (-alert.value, alert.about))


def association(one: Sequence[int], other: Sequence[int]) -> float:
    """How far one thing says another, 0 to 1: Cramér's V, corrected for its bias."""
    return cramers_v(crossed(one, other))


def parted(values: Sequence[Any]) -> list[int]:
    """Values by the part that they are in: numbers by fifths, others each by itself, what is missing apart."""
    numbers = [value for value in values if _is_number(value)]
    if numbers:
        edges = np.unique(np.quantile(numbers, np.arange(1, _PARTS) / _PARTS))
        return [
            1 + int(np.searchsorted(edges, value, side="right")) if _is_number(value) else MISSING for value in values
        ]
    known: dict[Any, int] = {}
    return [MISSING if value is None else 1 + known.setdefault(value, len(known)) for value in values]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
