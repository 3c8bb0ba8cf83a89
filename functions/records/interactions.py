"""Interaction history: a row for each thing that became of a treatment, and of a decision that chose one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.domain.exchange import stamp
from shared.domain.outcome import ANSWERS
from shared.messages import HistoryRow

OUTCOMES = {
    "reserved": "Pending",
    "offered": "Pending",
    "impression": "Impression",
    "click": "Clicked",
    "accept": "Accepted",
    "convert": "Conversion",
    "dismiss": "Dismissed",
    "reject": "Rejected",
    "no_response": "NoResponse",
    "sent": "Sent",
    "delivered": "Delivered",
    "bounce": "Bounced",
    "complaint": "Complained",
    "unsubscribe": "Unsubscribed",
    "objection": "Objected",
}
"""Our words for what became of it, and theirs."""


def interactions(rows: Iterable[HistoryRow], directions: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """A row for each row of the history that tells of a treatment, except `no_response` where an answer came after all.

    Args:
        rows: those of a time, each as it happened; an outcome whose decision is not among them has no propensity.
        directions: of each channel.
    """
    every = list(rows)
    answered = {row.delivery_id for row in every if row.kind == "outcome" and row.outcome in ANSWERS}
    decided = {row.decision_id: row for row in every if row.kind == "decision"}
    for row in every:
        if row.action is None or row.outcome not in OUTCOMES or row.kind not in ("decision", "outcome"):
            continue
        if row.outcome == "no_response" and row.delivery_id in answered:
            continue
        decision = decided.get(row.decision_id)
        same = decision is not None and decision.treatment == row.treatment
        yield {
            "pxObjClass": "Data-pxStrategyResult",
            "pxInteractionID": row.decision_id,
            "pxFactID": row.row_id,
            "pySubjectID": row.person_id,
            "pyOutcome": OUTCOMES[row.outcome],
            "pxOutcomeTime": stamp(row.occurred_at),
            "pxDecisionTime": stamp(decision.occurred_at) if decision else None,
            "pyIssue": row.issue,
            "pyGroup": row.group_id,
            "pyName": row.action,
            "pyTreatment": row.treatment,
            "pyChannel": row.channel,
            "pyDirection": directions.get(row.channel or "", "").capitalize(),
            "pyPropensity": decision.propensity if decision is not None and same else None,
            "pxRank": row.rank,
            "PlacementType": row.placement,
            "ModelControlGroup": "Control" if decision is not None and "=random" in (decision.arms or "") else "Test",
            "pyStrategy": decision.arms if decision else None,
        }
