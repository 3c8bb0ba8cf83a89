"""Monitoring: what models know, how well they tell, and what is wrong with them; from counts alone.

AUC and calibration error of a model are those of the bins of its score, which were counted with outcomes that the score
had not seen. They are there once the catalogue has scores calibrated.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np

from shared.domain.calibration import SAID, Calibration
from shared.domain.catalogue import Revision, Starting
from shared.domain.challenge import Held, held, row_of, tells
from shared.domain.classifier import model_of
from shared.domain.counted import Counted, Vector, aucs, contributions, counted, heard
from shared.domain.grouping import heeding
from shared.domain.limits import LIMITS, MATURE_FROM, ONE_SIDED_FROM, Severity
from shared.domain.predictors import SCORES, SHADOWS, Predictors
from shared.domain.propensity import NO_EVIDENCE, Counts, evidence, propensity

_DAY = 86_400.0


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is not as it should be: `says` is a sentence, `value` the figure that `metric` names."""

    severity: Severity
    about: str
    metric: str
    value: float
    says: str


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The models' counts at a time, in seconds since 1970."""

    taken_at: float
    counts: dict[str, Counts]


class BinReport(msgspec.Struct, frozen=True, kw_only=True):
    """A bin of a predictor: what it is, what came of those in it, and by what it multiplies the odds by itself."""

    says: str
    positives: float
    negatives: float
    odds: float


class PredictorReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A predictor of a model: how well it tells by itself, whether the model listens to it, and how far who came lately
    differs from who came before (PSI), where that is known.
    """

    reads: str
    auc: float
    is_active: bool
    bins: tuple[BinReport, ...]
    psi: float | None = None


class ModelReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A model.

    Attributes:
        base_rate: P of nobody in particular.
        evidence: responses that this is worth, the declared ones included.
        maturity: 0 to 1: of the positives that a mature model has seen.
        auc: how well its score tells, with the 95 % interval of Hanley and McNeil; None without scores.
        calibration_error: how far what it says is from what came of it.
        psi: how far scores lately differ from those before.
        challenger_auc: how well the challenger's score of the same decisions tells, likewise.
    """

    model: str
    action: str
    group: str
    channel: str
    starting: Starting
    positives: float
    negatives: float
    base_rate: float
    evidence: float
    maturity: float
    predictors: tuple[PredictorReport, ...]
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    calibration_error: float | None = None
    psi: float | None = None
    challenger_auc: float | None = None
    challenger_auc_low: float | None = None
    challenger_auc_high: float | None = None
    alerts: tuple[Alert, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All models of a revision, and what is wrong with them taken together."""

    revision: str
    models: tuple[ModelReport, ...]
    alerts: tuple[Alert, ...]
    challenger: Held | None = None


def report(revision: Revision, now: Snapshot, before: Snapshot | None = None, older: Snapshot | None = None) -> Report:
    """What there is to say of all models, best known first.

    Args:
        revision: whose models.
        now: what they know.
        before: what they knew, with which now is compared.
        older: what they knew before that, so that responses a day are compared too.
    """
    predictors = heeding(Predictors(revision.catalogue.predictors, revision.catalogue.learning), now.counts)
    rows = [(action, treatment) for action in revision.catalogue.actions for treatment in action.treatments]
    models = [model_of(action, treatment) for action, treatment in rows]
    known = [now.counts.get(model.id, NO_EVIDENCE) for model in models]
    numbers: dict[str, int] = {}
    of_group = np.array([numbers.setdefault(model.group, len(numbers)) for model in models], np.intp)
    calibration = Calibration(known, of_group)
    starting = [model.starting for model in models]
    predicting = _Predicting(revision, predictors, counted(starting, known, predictors))
    found = []
    for row, (model, counts, (action, treatment)) in enumerate(zip(models, known, rows, strict=True)):
        told, _ = calibration(SAID, np.full(len(SAID), row, np.intp))
        then = before.counts.get(model.id, NO_EVIDENCE) if before else None
        lately = counts if then is None else since(counts, then)
        made = ModelReport(
            model=model.id,
            action=action.id,
            group=action.group,
            channel=treatment.channel,
            starting=model.starting,
            positives=counts.positives,
            negatives=counts.negatives,
            base_rate=propensity(model.starting, counts),
            evidence=evidence(model.starting, counts),
            maturity=min(1.0, counts.positives / MATURE_FROM),
            predictors=predicting.of(row, then, lately),
            psi=None if then is None else stability(_both(then, SCORES), _both(lately, SCORES)),
            **_scores(counts, told),
            **{f"challenger_{name}": value for name, value in tells(counts, SHADOWS).items()},
        )
        alerts = [*_alerts(made), *(_falls(made, now, before, lately) if before else ())]
        if before and older:
            alerts += _slower(model.id, (older, before, now))
        found.append(msgspec.structs.replace(made, alerts=tuple(alerts)))
    found.sort(key=lambda each: (-each.positives - each.negatives, each.model))
    alerts_ = tuple(_of_all(found))
    return Report(revision=revision.id, models=tuple(found), alerts=alerts_, challenger=held(known))


def since(now: Counts, then: Counts) -> Counts:
    """What was learnt since; all of now where something was forgotten or taken back meanwhile."""
    cells = {*now.positives_by_cell, *now.negatives_by_cell}
    yes = {cell: now.positives_by_cell.get(cell, 0) - then.positives_by_cell.get(cell, 0) for cell in cells}
    no = {cell: now.negatives_by_cell.get(cell, 0) - then.negatives_by_cell.get(cell, 0) for cell in cells}
    positives, negatives = now.positives - then.positives, now.negatives - then.negatives
    if min(positives, negatives, *yes.values(), *no.values()) < 0:
        return now
    return Counts(positives=positives, negatives=negatives, positives_by_cell=yes, negatives_by_cell=no)


def stability(expected: Vector, actual: Vector) -> float | None:
    """The population stability index, sum of (a - e) · ln(a / e) over the bins' shares, half a case being added to
    each; None where there are no cases on a side.
    """
    if not expected.sum() or not actual.sum():
        return None
    some = (expected + actual) > 0.0
    e, a = expected[some] + 0.5, actual[some] + 0.5
    e, a = e / e.sum(), a / a.sum()
    return float(((a - e) * np.log(a / e)).sum())


class _Predicting:
    """What the predictors of all models say by themselves."""

    def __init__(self, revision: Revision, predictors: Predictors, rows: Counted) -> None:
        self._declared = revision.catalogue.predictors
        self._predictors = predictors
        self._rows = rows
        self._parts: list[slice] = []
        self._alone = aucs(rows, [len(cells) for cells in predictors.cells])
        self._heard = heard(self._alone, self._alone, predictors.alike)
        self._odds: list[Vector] = []
        start = 0
        for cells in predictors.cells:
            part = slice(start, start + len(cells))
            start += len(cells)
            yes, no, means = rows.yes[:, part], rows.no[:, part], rows.means[:, None]
            share = rows.declared[:, None] / len(cells)
            self._parts.append(part)
            self._odds.append(np.exp(contributions(yes, no, means, share, None)))

    def of(self, row: int, then: Counts | None, lately: Counts) -> tuple[PredictorReport, ...]:
        """Those of a model, best first."""
        found = []
        for number, declared in enumerate(self._declared):
            alone, part = float(self._alone[number][row]), self._parts[number]
            cells, says = self._predictors.cells[number], self._predictors.says[number]
            yes, no = self._rows.yes[row, part].tolist(), self._rows.no[row, part].tolist()
            bins = zip(says, yes, no, self._odds[number][row].tolist(), strict=True)
            found.append(
                PredictorReport(
                    reads=declared.reads,
                    auc=alone,
                    is_active=bool(self._heard[number, row]),
                    bins=tuple(BinReport(says=name, positives=y, negatives=n, odds=o) for name, y, n, o in bins),
                    psi=None if then is None else stability(_both(then, cells), _both(lately, cells)),
                )
            )
        return tuple(sorted(found, key=lambda each: (-each.auc, each.reads)))


def _scores(counts: Counts, told: Vector) -> dict[str, Any]:
    """AUC with its interval, and calibration error, where scores were counted on both sides."""
    found = tells(counts, SCORES)
    if found:
        yes, cases = row_of(counts.positives_by_cell, SCORES), _both(counts, SCORES)
        found["calibration_error"] = float(np.abs(yes - told * cases).sum() / cases.sum())
    return found


def _alerts(of: ModelReport) -> list[Alert]:
    responses = of.positives + of.negatives
    if not responses:
        return []  # what is told of all models together
    found = [*outside(of.model, "responses", responses), *outside(of.model, "positives", of.positives)]
    if responses >= ONE_SIDED_FROM and not (of.positives and of.negatives):
        side = "accepted" if of.positives else "refused"
        says = f"{responses:,.0f} responses, and all {side}"
        found.append(Alert(severity="alarm", about=of.model, metric="one_sided", value=responses, says=says))
    if of.maturity >= 1.0:
        found += outside(of.model, "active_predictors", sum(each.is_active for each in of.predictors))
        found += [] if of.auc is None else outside(of.model, "auc", of.auc)
        found += [] if of.calibration_error is None else outside(of.model, "calibration_error", of.calibration_error)
    return found


def _falls(of: ModelReport, now: Snapshot, before: Snapshot, lately: Counts) -> list[Alert]:
    """What became worse since, and who came lately that did not come before."""
    then = before.counts.get(of.model, NO_EVIDENCE)
    found: list[Alert] = []
    if of.psi is not None:
        found += outside(f"{of.model}: its scores", "psi", of.psi)
    for each in of.predictors:
        if each.psi is not None and each.is_active:
            found += outside(f"{of.model}: {each.reads}", "psi", each.psi)
    was = _scores(then, SAID).get("auc")
    is_now = _scores(lately, SAID).get("auc")
    if was and is_now and then.positives >= MATURE_FROM:
        found += outside(of.model, "auc_share", is_now / was)
    days = (now.taken_at - before.taken_at) / _DAY
    if then.positives + then.negatives >= MATURE_FROM and days >= 2.0 and not lately.positives + lately.negatives:
        says = f"nothing was learnt for {days:.0f} days"
        found.append(Alert(severity="alarm", about=of.model, metric="no_data", value=days, says=says))
    return found


def _slower(model: str, times: tuple[Snapshot, Snapshot, Snapshot]) -> list[Alert]:
    """Responses that come more slowly than between the two times before."""
    rates = []
    for then, now in pairwise(times):
        lately = since(now.counts.get(model, NO_EVIDENCE), then.counts.get(model, NO_EVIDENCE))
        rates.append((lately.positives + lately.negatives) / max((now.taken_at - then.taken_at) / _DAY, 1e-9))
    before, lately_ = rates
    return outside(model, "responses_a_day", lately_ / before) if before else []


def _of_all(models: Sequence[ModelReport]) -> list[Alert]:
    if not models:
        return []
    silent = sum(1 for each in models if not each.positives + each.negatives) / len(models)
    mature = sum(1 for each in models if each.maturity >= 1.0) / len(models)
    return [*outside("all models", "silent_share", silent), *outside("all models", "mature_share", mature)]


def outside(about: str, metric: str, value: float) -> list[Alert]:
    """The alert of a figure beyond its limit; none where it is within."""
    limit = LIMITS[metric]
    severity = limit.severity(value)
    if severity is None:
        return []
    says = f"{limit.says} is {value:.3g}, where {limit.words()} is good"
    return [Alert(severity=severity, about=about, metric=metric, value=value, says=says)]


def _both(counts: Counts, cells: Sequence[str]) -> Vector:
    return row_of(counts.positives_by_cell, cells) + row_of(counts.negatives_by_cell, cells)
