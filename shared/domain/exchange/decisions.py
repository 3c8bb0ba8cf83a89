"""Decision extracts: of every decision each treatment that might have appeared, and the stage at which it ended.

Stages are engagement policy by its kinds, contact policy, arbitration, where what is let through and not given ends,
and output. Conditions and rules are the components.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from shared.domain.decision import DecisionRecord
from shared.domain.exchange import stamp
from shared.domain.non_sends import withheld_in
from shared.domain.policy.policy import Policy
from shared.domain.retrace import Retraced, retrace
from shared.domain.scoring import Ranked


class Stage(NamedTuple):
    """A stage, the group that it is of, and its place."""

    name: str
    group: str
    order: int


_POLICY = "EngagementPolicies"
STAGES = {
    "validity": Stage("ActionAvailability", "AvailableActions", 1000),
    "eligibility": Stage("IssueGroupEligibility", _POLICY, 2000),
    "applicability": Stage("IssueGroupApplicability", _POLICY, 2010),
    "suitability": Stage("IssueGroupSuitability", _POLICY, 2020),
    "arbitration": Stage("ArbitrationPriorityThresholds", "Arbitration", 3800),
    "contact": Stage("ContactPoliciesActionLimits", "FinalActionsProcessing", 5000),
    "output": Stage("Output", "Output", 10_000),
}


def decisions(policy: Policy, record: DecisionRecord) -> Iterator[dict[str, Any]]:
    """A row for each treatment that might have appeared, best first where it ranked.

    Args:
        policy: the revision that the record names.
        record: the decision.
    """
    traced = retrace(policy, record)
    yield from _ranked(policy, record, traced)
    for drop in traced.drops:
        action = policy.revision.action(drop.action)
        for treatment in action.treatments:
            if record.slots.admit(treatment) and drop.treatment in (None, treatment.id):
                yield _row(policy, record, treatment.id, STAGES[drop.kind], drop.condition, None)


def _ranked(policy: Policy, record: DecisionRecord, traced: Retraced) -> Iterator[dict[str, Any]]:
    chosen = {each.treatment: each for each in record.chosen}
    withheld = {each.treatment: each.rule for each in withheld_in(policy, record)}
    for rank, each in enumerate(traced.scoring or (), 1):
        if each.treatment in chosen:
            stage, component = STAGES["output"], "given"
        elif each.treatment in withheld:
            stage, component = STAGES["contact"], withheld[each.treatment]
        else:
            stage, component = STAGES["arbitration"], "outranked"
        yield {**_row(policy, record, each.treatment, stage, component, each), "pxRank": rank}


def _row(
    policy: Policy, record: DecisionRecord, treatment_id: str, stage: Stage, component: str, ranked: Ranked | None
) -> dict[str, Any]:
    action, treatment = policy.revision.treatment(treatment_id)
    return {
        "pxRecordType": "OUTPUT" if stage.name == "Output" else "FILTERED_OUT",
        "pxInteractionID": record.decision_id,
        "pxStrategyName": policy.revision.id,
        "Primary_pySubjectID": record.person_id,
        "pxDecisionTime": stamp(record.decided_at),
        "pyIssue": action.issue,
        "pyGroup": action.group,
        "pyName": action.id,
        "pyTreatment": treatment_id,
        "Primary_ContainerPayload_Channel": treatment.channel,
        "Primary_ContainerPayload_Direction": policy.revision.channels[treatment.channel].direction.capitalize(),
        "Stage_pyName": stage.name,
        "Stage_pyStageGroup": stage.group,
        "Stage_pyOrder": stage.order,
        "pxComponentName": component,
        "pxComponentType": "Filter",
        "Value": ranked.value if ranked else None,
        "ContextWeight": ranked.context if ranked else None,
        "Weight": ranked.lever if ranked else None,
        "FinalPropensity": ranked.propensity if ranked else None,
        "Priority": ranked.priority if ranked else None,
    }
