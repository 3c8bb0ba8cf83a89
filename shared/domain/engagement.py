"""Engagement policy: which treatments this person may have, here and now (`domain.md` 4).

For each action in this order: validity, eligibility, applicability, suitability. The first failing condition drops it.
Missing data is not false: it is `unknown`, which drops too unless the condition allows it.

Which treatments pass is worked out for all of them at once. Why the others do not follows from the same revision,
person and signal, and is worked out, action by action, when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from shared.domain.catalogue import Action, Treatment
from shared.domain.policy.conditions import candidate
from shared.domain.policy.policy import Policy, Verdict
from shared.domain.policy.rows import Rows
from shared.domain.policy.situation import Variables
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


class Slots(msgspec.Struct, frozen=True, kw_only=True):
    """Where a treatment may appear: on these channels, or in these placements where any are named.

    Attributes:
        counts: how many treatments each placement wants, in the order of `placements`; one each where none is given.
    """

    channels: tuple[str, ...]
    placements: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()

    def wanted(self) -> tuple[tuple[str | None, int], ...]:
        """Each placement with its count; where none is named, one treatment anywhere on the channels."""
        if not self.placements:
            return ((None, 1),)
        return tuple(zip(self.placements, self.counts or (1,) * len(self.placements), strict=True))

    def admit(self, treatment: Treatment) -> bool:
        """Whether the treatment appears here at all; one that does not is no candidate and no drop."""
        if treatment.channel not in self.channels:
            return False
        return not self.placements or treatment.placement in self.placements


class Qualified(msgspec.Struct, frozen=True, kw_only=True):
    """What engagement policy decided: the rows of the treatments that qualify, or the flag that excluded the person
    altogether.
    """

    rows: Rows = 0
    excluded_by: str | None = None


def _exclusion(policy: Policy, profile: Profile) -> str | None:
    """The first flag that excludes the person before any condition, None where there is none."""
    return next((e.flag for e in policy.revision.catalogue.exclusions if e.flag in profile.flags), None)


def qualify(policy: Policy, profile: Profile, signal: Signal, slots: Slots, now: datetime) -> Qualified:
    """Decide which treatments this person may have.

    Args:
        policy: the compiled revision.
        profile: the person.
        signal: what happened; its context is the expressions' `context`.
        slots: where treatments may appear.
        now: the decision's time, UTC.
    """
    excluded_by = _exclusion(policy, profile)
    if excluded_by is not None:
        return Qualified(excluded_by=excluded_by)
    masks = policy.masks
    rows = masks.slots(slots.channels, slots.placements) & masks.brands(_brands(policy, profile, signal))
    rows &= masks.reachable(profile) & masks.active(now)
    if rows:
        rows = policy.passing(policy.situation(profile, signal, now), rows)
    return Qualified(rows=rows)


def _brands(policy: Policy, profile: Profile, signal: Signal) -> Sequence[str]:
    """The brands that may speak: the signal's, else those the person is a customer of, else all."""
    return (signal.brand,) if signal.brand else profile.brands or tuple(policy.revision.brands)


def drops(policy: Policy, profile: Profile, signal: Signal, slots: Slots, now: datetime) -> tuple[Drop, ...]:
    """Why each treatment that appears in the slots and does not qualify was dropped; nothing of a person whom a flag
    excludes altogether. The arguments are those of `qualify`.
    """
    if _exclusion(policy, profile) is not None:
        return ()
    situation = policy.situation(profile, signal, now)
    brands = _brands(policy, profile, signal)
    found: list[Drop] = []
    for action in policy.revision.catalogue.actions:
        treatments = [t for t in action.treatments if slots.admit(t)]
        if not treatments:
            continue
        drop = _validity(action, brands, now) or _first_drop(policy, situation, action, None, action.conditions)
        if drop is not None:
            found.append(drop)
            continue
        for treatment in treatments:
            drop = _unreachable(policy, profile, action, treatment) or _first_drop(
                policy, situation, action, treatment, treatment.conditions
            )
            if drop is not None:
                found.append(drop)
    return tuple(found)


def _validity(action: Action, brands: Sequence[str], now: datetime) -> Drop | None:
    """Whether the action is in its active window and of a brand that may speak to this person."""
    if not action.active.contains(now):
        return Drop(action=action.id, level="rule", kind="validity", condition="active_window")
    if action.brand not in brands:
        return Drop(action=action.id, level="rule", kind="validity", condition="brand")
    return None


def _unreachable(policy: Policy, profile: Profile, action: Action, treatment: Treatment) -> Drop | None:
    """Whether the person lacks a contact point on a channel that needs one."""
    if policy.revision.channels[treatment.channel].needs_contact_point and treatment.channel not in profile.reachable:
        return Drop(action=action.id, treatment=treatment.id, level="rule", kind="validity", condition="contact_point")
    return None


def _first_drop(
    policy: Policy, situation: Variables, action: Action, treatment: Treatment | None, conditions: Iterable[int]
) -> Drop | None:
    """The drop by the first condition that does not let through, None where all do."""
    seen = {**situation, **candidate(action, treatment)}
    for index in conditions:
        condition = policy.revision.catalogue.conditions[index]
        verdict = policy.verdict(condition, seen)
        if verdict is Verdict.HOLDS or (verdict is Verdict.UNKNOWN and condition.on_missing == "allow"):
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
