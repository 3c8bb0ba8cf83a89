"""The walk down the ranking: what a rule stops gives way to the next, until one passes or waits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from shared.domain.catalogue import Revision, facts
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_policy.ledger import NOTHING_CLOSED, Closed, Selection, Withheld
from shared.domain.contact_policy.limits import Limits, switched
from shared.domain.contact_policy.reaching import contact_of
from shared.domain.governance.switches import NOTHING_OFF, SwitchedOff
from shared.domain.profile import Profile
from shared.domain.rules import ConsentRule, ExclusionRule, in_scope

if TYPE_CHECKING:
    from shared.domain.policy.policy import Policy


def select(
    policy: Policy,
    ranked: Iterable[str],
    profile: Profile,
    history: ContactHistory,
    now: datetime,
    *,
    count: int = 1,
    defers: bool = True,
    since: datetime | None = None,
    closed: Mapping[str, Closed] = NOTHING_CLOSED,
    off: Sequence[SwitchedOff] = NOTHING_OFF,
    holds_out: bool = True,
) -> Selection:
    """The first `count` treatments of different actions that every rule lets through, each counted for the next.

    Args:
        policy: the catalogue, for its rules.
        ranked: ids of treatments, best first.
        profile: the person's consents, flags, time zone and preferences.
        history: the person's contacts.
        now: the time of the reservation, UTC.
        count: treatments wanted.
        defers: whether one that nothing but quiet hours stops may wait for their end, where nothing above it was
            chosen; it ends the walk then. An inbound channel is answered now or not at all.
        since: when the first decision was made, of one that waited and is made again: all waiting ends in time from
            then.
        closed: volumes and budgets, by the rule's id, of which too little is left.
        off: what is switched off.
        holds_out: whether holdouts count.

    Raises:
        NotFoundError: the revision has no such treatment.
    """
    limits = Limits(policy.contact_rules, profile, history, now, closed, off=off, holds_out=holds_out)
    chosen: list[str] = []
    actions: set[str] = set()
    withheld: list[Withheld] = []
    for treatment_id in ranked:
        row = policy.row(treatment_id)
        action = policy.rows[row][0].id
        if action in actions:
            continue
        if limits.stopped >> row & 1:
            deferred = limits.deferred(row, since or now) if defers and not chosen else None
            if deferred is not None:
                return Selection(chosen=(), withheld=tuple(withheld), deferred=deferred)
            stop = limits.stop(row)
            assert stop is not None
            withheld.append(stop)
            continue
        chosen.append(treatment_id)
        actions.add(action)
        if len(chosen) == count:
            break
        limits.add(row)
    return Selection(chosen=tuple(chosen), withheld=tuple(withheld))


def counting(revision: Revision, history: ContactHistory, treatment_id: str, now: datetime) -> ContactHistory:
    """The history as it will be once this treatment is sent, or on an inbound channel seen, at `now`."""
    entry = contact_of(revision, treatment_id, now)
    return msgspec.structs.replace(history, contacts={**history.contacts, entry.delivery_id: entry})


def first_stop(
    policy: Policy,
    treatment_id: str,
    profile: Profile,
    history: ContactHistory,
    now: datetime,
    closed: Mapping[str, Closed] = NOTHING_CLOSED,
    *,
    off: Sequence[SwitchedOff] = NOTHING_OFF,
) -> Withheld | None:
    """The first that stops a treatment: what is switched off, then the rules in the catalogue's order; None where all
    let it through.
    """
    return Limits(policy.contact_rules, profile, history, now, closed, off=off).stop(policy.row(treatment_id))


def still_allowed(
    revision: Revision, treatment_id: str, profile: Profile, off: Sequence[SwitchedOff] = NOTHING_OFF
) -> Withheld | None:
    """What delivery asks again just before sending: what is switched off, consent and exclusions only, since the
    contact itself is reserved.
    """
    action, treatment = revision.treatment(treatment_id)
    if off and (stopped := switched(off, action, treatment)) is not None:
        return stopped
    known = facts(action, treatment)
    for exclusion in revision.catalogue.exclusions:
        if exclusion.flag in profile.flags:
            return Withheld(treatment=treatment_id, rule=exclusion.flag, kind="exclusion")
    for rule in revision.catalogue.rules:
        match rule:
            case ConsentRule():
                stops = treatment.purpose in rule.purposes and in_scope(rule.scope, known)
                stops = stops and not profile.consents_to(
                    brand=action.brand, purpose=treatment.purpose, channel=treatment.channel
                )
            case ExclusionRule():
                stops = rule.flag in profile.flags and treatment.purpose in rule.stops
            case _:
                continue
        if stops:
            return Withheld(treatment=treatment_id, rule=rule.id, kind=str(rule.__struct_config__.tag))
    return None
