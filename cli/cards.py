"""Model cards: what a model is for, what it has seen, how well it tells, and what it looks at, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.limits import LIMITS, MATURE_FROM
from shared.domain.monitoring import ModelReport, PredictorReport


def card(of: ModelReport, revision: str) -> str:
    """The card of one model."""
    return "\n".join([*_head(of, revision), *_figures(of), *_predictors(of), *_concerns(of), ""])


def _head(of: ModelReport, revision: str) -> Iterator[str]:
    yield f"# Model {of.model}"
    yield ""
    yield (
        f"Says how likely a person is to accept action `{of.action}` of group `{of.group}` on channel `{of.channel}`, "
        f"for ranking it against others, and is for no other use. Revision `{revision}`. A Bayesian classifier on "
        "binned predictors, whose state is the counts below; it borrows from its action and group until it has "
        "evidence of its own. It reads no protected attribute."
    )
    yield ""


def _figures(of: ModelReport) -> Iterator[str]:
    yield "| | |"
    yield "| --- | --- |"
    yield f"| accepted, refused or unanswered | {of.positives:,.0f}, {of.negatives:,.0f} |"
    yield f"| starts from | {of.starting.propensity:g}, worth {of.starting.evidence:g} responses |"
    yield f"| P of nobody in particular | {of.base_rate:.4f}, worth {of.evidence:,.0f} responses |"
    yield f"| maturity | {of.maturity:.0%} of {MATURE_FROM} positives |"
    if of.auc is None:
        yield "| AUC | not known: no scores were counted with outcomes |"
    else:
        interval = f"95 % within {of.auc_low:.3f} to {of.auc_high:.3f}"
        yield f"| AUC | {of.auc:.3f}, {interval}; {LIMITS['auc'].words()} is good |"
        yield f"| calibration error | {of.calibration_error:.3f}; {LIMITS['calibration_error'].words()} is good |"
    yield ""


def _predictors(of: ModelReport) -> Iterator[str]:
    active = [each for each in of.predictors if each.is_active]
    yield f"## What it looks at: {len(active)} of {len(of.predictors)} predictors"
    yield ""
    for each in active:
        yield from _bins(each)
    if not active:
        yield "None tells those who accept from others by itself yet."
        yield ""


def _bins(of: PredictorReport) -> Iterator[str]:
    psi = "" if of.psi is None else f", PSI {of.psi:.3f}"
    yield f"### {of.reads}: AUC {of.auc:.3f}{psi}"
    yield ""
    yield "| bin | accepted | others | odds by itself |"
    yield "| --- | --- | --- | --- |"
    for each in of.bins:
        if each.positives + each.negatives:
            yield f"| {each.says} | {each.positives:,.0f} | {each.negatives:,.0f} | × {each.odds:.2f} |"
    yield ""


def _concerns(of: ModelReport) -> Iterator[str]:
    yield "## What is wrong with it"
    yield ""
    for alert in of.alerts:
        yield f"- {alert.severity}: {alert.says}"
    if not of.alerts:
        yield "Nothing that is looked for."
