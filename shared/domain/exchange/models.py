"""Model and predictor snapshots: a row a model, and a row for each bin of each of its predictors.

A model's performance is the AUC of the bins of its scores where scores are counted, else 0.5, which is what these
formats say of a model of which nothing is known. A predictor is active if its own AUC is that from which on models
listen to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.domain.classifier import ACTIVE_FROM
from shared.domain.exchange import stamp
from shared.domain.exchange.figures import Bins, auc, lifts, z_ratios
from shared.domain.policy.policy import Policy
from shared.domain.predictors import SCORES
from shared.domain.propensity import NO_EVIDENCE, Counts, model_id

CONFIGURATION = "kairos"
CLASSIFIER = "Classifier"


def models(policy: Policy, counts: Mapping[str, Counts], at: datetime) -> Iterator[dict[str, Any]]:
    """A row for the model of each treatment."""
    predictors = policy.revision.catalogue.predictors
    for action, treatment in policy.rows:
        known = counts.get(name := model_id(treatment.id, treatment.channel), NO_EVIDENCE)
        positives, negatives = float(known.positives), float(known.negatives)
        active = sum(auc(bins) >= ACTIVE_FROM for _, _, bins in _binned(policy, known))
        yield {
            "pxObjClass": "Data-Decision-ADM-ModelSnapshot",
            "pyModelID": name,
            "pyConfigurationName": CONFIGURATION,
            "pySnapshotTime": stamp(at),
            "pyIssue": action.issue,
            "pyGroup": action.group,
            "pyName": action.id,
            "pyTreatment": treatment.id,
            "pyChannel": treatment.channel,
            "pyDirection": _direction(policy, treatment.channel),
            "pyPositives": positives,
            "pyNegatives": negatives,
            "pyResponseCount": positives + negatives,
            "pySuccessRate": positives / (positives + negatives) if positives + negatives else 0.0,
            "pyPerformance": auc(_scores(known)),
            "pyActivePredictors": active,
            "pyTotalPredictors": len(predictors),
            "pyModelTechnique": "NaiveBayes",
        }


def predictors(policy: Policy, counts: Mapping[str, Counts], at: datetime) -> Iterator[dict[str, Any]]:
    """A row for each bin of each predictor of each model that has learnt anything, and of its scores."""
    for _, treatment in policy.rows:
        name = model_id(treatment.id, treatment.channel)
        known = counts.get(name, NO_EVIDENCE)
        if not known.positives and not known.negatives:
            continue
        of = {
            "pxObjClass": "Data-Decision-ADM-PredictorBinningSnapshot",
            "pyModelID": name,
            "pySnapshotTime": stamp(at),
        }
        for number, (reads, kind, bins) in enumerate(_binned(policy, known)):
            entry = "Active" if auc(bins) >= ACTIVE_FROM else "Inactive"
            about = {**of, "pyPredictorName": reads, "pyType": kind, "pyEntryType": entry}
            yield from ({**about, **bin_} for bin_ in _bins(bins, policy.factors.predictors.says[number]))
        scores = _scores(known)
        about = {**of, "pyPredictorName": CLASSIFIER, "pyType": "numeric", "pyEntryType": CLASSIFIER}
        yield from ({**about, **bin_} for bin_ in _bins(scores, [str(number) for number in range(len(scores))]))


def _bins(bins: Bins, says: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The fields of each bin."""
    positives, negatives = sum(yes for yes, _ in bins), sum(no for _, no in bins)
    performance = auc(bins)
    for index, ((yes, no), said, lift, z) in enumerate(zip(bins, says, lifts(bins), z_ratios(bins), strict=True), 1):
        yield {
            "pyPerformance": performance,
            "pyPositives": positives,
            "pyNegatives": negatives,
            "pyResponseCount": positives + negatives,
            "pyTotalBins": len(bins),
            "pyBinIndex": index,
            "pyBinSymbol": said,
            "pyBinType": "EQUIBEHAVIOR",
            "pyBinPositives": yes,
            "pyBinNegatives": no,
            "pyBinResponseCount": yes + no,
            "pyLift": lift,
            "pyZRatio": z,
        }


def _binned(policy: Policy, known: Counts) -> Iterator[tuple[str, str, Bins]]:
    """Each predictor: what it reads, its kind, and its bins."""
    declared = policy.revision.catalogue.predictors
    for predictor, cells in zip(declared, policy.factors.predictors.cells, strict=True):
        kind = str(predictor.__struct_config__.tag)
        yield predictor.reads, kind, [_counted(known, cell) for cell in cells]


def _scores(known: Counts) -> Bins:
    """The bins of scores from the lowest to the highest that any is in; none where none are counted."""
    bins = [_counted(known, cell) for cell in SCORES]
    seen = [number for number, bin_ in enumerate(bins) if sum(bin_)]
    return bins[seen[0] : seen[-1] + 1] if seen else []


def _counted(known: Counts, cell: str) -> tuple[float, float]:
    return float(known.positives_by_cell.get(cell, 0)), float(known.negatives_by_cell.get(cell, 0))


def _direction(policy: Policy, channel: str) -> str:
    return policy.revision.channels[channel].direction.capitalize()
