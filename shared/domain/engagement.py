"""Engagement policy: which actions this person may have, here and now (`domain.md` 4).

For each action in this order: validity, eligibility, applicability, suitability. The first failing condition drops it,
and the drop is recorded. Missing data is not false: it is `unknown`, which drops too unless the condition allows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from shared.domain.catalogue import Action, Treatment, facts
from shared.domain.expression import Expression, Situation, Verdict
from shared.domain.policy import Policy
from shared.domain.profile import Profile
from shared.domain.signal import Signal

DropKind = Literal["validity", "eligibility", "applicability", "suitability"]


class Drop(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An action, or one treatment of it, that may not be: where, by which kind of condition, and what the condition
    said.

    Attributes:
        action: the action's id.
        treatment: the treatment's id where only that was dropped.
        level: where the condition stands: `catalogue`, `issue:grow`, `action:…`; `rule` for validity.
        kind: validity, eligibility, applicability or suitability.
        condition: its name.
        verdict: `fails`, `unknown` or `error`.
    """

    action: str
    treatment: str | None = None
    level: str
    kind: DropKind
    condition: str
    verdict: Verdict = Verdict.FAILS


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment that engagement policy lets through."""

    action: str
    treatment: str


class Qualified(msgspec.Struct, frozen=True, kw_only=True):
    """What engagement policy decided: the candidates, the drops, and the flag that excluded the person altogether."""

    candidates: tuple[Candidate, ...]
    drops: tuple[Drop, ...]
    excluded_by: str | None = None


class Slots(msgspec.Struct, frozen=True, kw_only=True):
    """Where a treatment may appear: on these channels, or in these placements where any are named."""

    channels: tuple[str, ...]
    placements: tuple[str, ...] = ()

    def admit(self, treatment: Treatment) -> bool:
        """Whether the treatment appears here at all; one that does not is no candidate and no drop."""
        if treatment.channel not in self.channels:
            return False
        return not self.placements or treatment.placement in self.placements


def qualify(policy: Policy, profile: Profile, signal: Signal, slots: Slots, now: datetime) -> Qualified:
    """Decide which treatments this person may have.

    Args:
        policy: the compiled revision.
        profile: the person.
        signal: what happened; its context is the expressions' `context`.
        slots: where treatments may appear.
        now: the decision's time, UTC.
    """
    catalogue = policy.revision.catalogue
    excluded_by = next((e.flag for e in catalogue.exclusions if e.flag in profile.flags), None)
    if excluded_by is not None:
        return Qualified(candidates=(), drops=(), excluded_by=excluded_by)
    evaluation = _Evaluation(policy, policy.language.situation(profile, signal, signal.context, now))
    brands: Sequence[str] = (signal.brand,) if signal.brand else profile.brands or tuple(policy.revision.brands)
    candidates: list[Candidate] = []
    drops: list[Drop] = []
    for action in catalogue.actions:
        treatments = [t for t in action.treatments if slots.admit(t)]
        if not treatments:
            continue
        drop = _validity(action, brands, now) or evaluation.first_drop(action, None, action.conditions)
        if drop is not None:
            drops.append(drop)
            continue
        for treatment in treatments:
            drop = _reachable(policy, profile, action, treatment) or evaluation.first_drop(
                action, treatment, treatment.conditions
            )
            if drop is None:
                candidates.append(Candidate(action=action.id, treatment=treatment.id))
            else:
                drops.append(drop)
    return Qualified(candidates=tuple(candidates), drops=tuple(drops))


def _validity(action: Action, brands: Sequence[str], now: datetime) -> Drop | None:
    """Whether the action is in its active window and of a brand that may speak to this person."""
    if not action.active.contains(now):
        return Drop(action=action.id, level="rule", kind="validity", condition="active_window")
    if action.brand not in brands:
        return Drop(action=action.id, level="rule", kind="validity", condition="brand")
    return None


def _reachable(policy: Policy, profile: Profile, action: Action, treatment: Treatment) -> Drop | None:
    """Whether the person has a contact point on a channel that needs one."""
    if policy.revision.channels[treatment.channel].needs_contact_point and treatment.channel not in profile.reachable:
        return Drop(action=action.id, treatment=treatment.id, level="rule", kind="validity", condition="contact_point")
    return None


class _Evaluation:
    """Evaluates each condition at most once for a person, or once for each value that it reads of the candidates."""

    def __init__(self, policy: Policy, situation: Situation) -> None:
        self._policy = policy
        self._situation = situation
        self._verdicts: dict[int, Verdict] = {}
        self._of_candidates: dict[tuple[int, tuple[Any, ...]], Verdict] = {}

    def first_drop(self, action: Action, treatment: Treatment | None, conditions: Iterable[int]) -> Drop | None:
        """The drop by the first condition that does not let through, None where all do."""
        for index in conditions:
            verdict = self._verdict(index, action, treatment)
            if verdict is Verdict.HOLDS:
                continue
            condition = self._policy.revision.catalogue.conditions[index]
            if verdict is Verdict.UNKNOWN and condition.on_missing == "allow":
                continue
            return Drop(
                action=action.id,
                treatment=treatment.id if treatment else None,
                level=condition.level,
                kind=condition.kind,
                condition=condition.name,
                verdict=verdict,
            )
        return None

    def _verdict(self, index: int, action: Action, treatment: Treatment | None) -> Verdict:
        expression: Expression = self._policy.conditions[index]
        if not expression.reads_of_candidate:
            verdict = self._verdicts.get(index)
            if verdict is None:
                verdict = self._verdicts[index] = expression.verdict(self._situation.bound)
            return verdict
        candidate = {"action": _action_facts(action), "treatment": _treatment_facts(action, treatment)}
        reads = tuple(candidate[variable].get(field) for variable, field in expression.reads_of_candidate)
        verdict = self._of_candidates.get((index, reads))
        if verdict is None:
            activation = self._situation.with_candidate(candidate["action"], candidate["treatment"])
            verdict = self._of_candidates[index, reads] = expression.verdict(activation)
        return verdict


def _action_facts(action: Action) -> dict[str, Any]:
    return {"id": action.id, "brand": action.brand, "issue": action.issue, "group": action.group}


def _treatment_facts(action: Action, treatment: Treatment | None) -> dict[str, Any]:
    if treatment is None:
        return {}
    known = facts(action, treatment)
    return {"id": treatment.id, "channel": known["channel"], "purpose": known["purpose"]}
