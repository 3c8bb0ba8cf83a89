"""The candidates of a record with their propensities, as the record packs them or, in older ones, names them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.domain import ranking
from shared.domain.decision import DecisionRecord
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import Rows
from shared.domain.ranking import propensities, unpacked


def known(policy: Policy, record: DecisionRecord) -> dict[str, float]:
    """P of each candidate by its id.

    Args:
        policy: the revision that the record names.
        record: the decision.
    """
    if is_packed(record):
        treatments = policy.treatments(policy.checked(unpacked(record.candidate_rows)))
        return dict(zip(treatments, propensities(record.propensity_parts), strict=True))
    return dict(zip(record.candidates, record.propensities, strict=True))


def means(policy: Policy, record: DecisionRecord) -> dict[str, float]:
    """What P of each candidate was drawn around, by its id; empty where none was drawn."""
    if not record.means:
        return {}
    treatments = policy.treatments(policy.checked(unpacked(record.candidate_rows)))
    return dict(zip(treatments, ranking.halves_of(record.means), strict=True))


def instead(policy: Policy, record: DecisionRecord) -> dict[str, float]:
    """What the models said P of each candidate was, by its id, where others said some of it; empty where nobody did."""
    if not record.instead:
        return {}
    treatments = policy.treatments(policy.checked(unpacked(record.candidate_rows)))
    return dict(zip(treatments, propensities(record.instead), strict=True))


def said_by(policy: Policy, record: DecisionRecord) -> dict[str, str]:
    """The estimator from outside that said P of a candidate, by the candidate's id, of those of which one did."""
    if not record.said_by:
        return {}
    candidates = policy.checked(unpacked(record.candidate_rows))
    serving = [(each.name, rows) for each, rows in policy.serving if each.name in record.said_by]
    return {treatment: name for name, rows in serving for treatment in policy.treatments(rows & candidates)}


def count(record: DecisionRecord) -> int:
    """How many candidates there were."""
    return unpacked(record.candidate_rows).bit_count() if is_packed(record) else len(record.candidates)


def is_packed(record: DecisionRecord) -> bool:
    """Whether a record packs its candidates."""
    return bool(record.candidate_rows)


def named(record: DecisionRecord, propensities_: Mapping[str, float]) -> DecisionRecord:
    """The record with these candidates, by their ids."""
    candidates = tuple(sorted(propensities_))
    return msgspec.structs.replace(
        record,
        candidates=candidates,
        propensities=tuple([propensities_[treatment] for treatment in candidates]),
        candidate_rows=b"",
        propensity_parts=b"",
    )


def of_rows(policy: Policy, rows: Rows, known_: Mapping[str, float]) -> list[float]:
    """P of each of some rows, ascending; one that nothing is known of stands as a new model does."""
    treatments = policy.treatments(rows)
    if not known_.keys() >= {*treatments}:
        starting = zip(policy.rows, policy.factors.starting({}), strict=True)
        known_ = {treatment.id: p for (_, treatment), p in starting} | {**known_}
    return [known_[treatment] for treatment in treatments]
