"""Contact policy: which of the ranked treatments may reach the person now (`domain.md` 6).

Suppression walks the ranking from the top. What a rule stops is recorded with the rule, what it counted and when it
would let through again, and the next in rank has its turn: a suppressed winner gives way to the runner-up and not to
silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from shared.domain.catalogue import Revision, facts
from shared.domain.contact_history import Contact, ContactHistory
from shared.domain.profile import Profile
from shared.domain.rules import (
    Budget,
    Cap,
    ConsentRule,
    Cooldown,
    ExclusionRule,
    Holdout,
    QuietHours,
    Rule,
    Volume,
    in_scope,
)
from shared.domain.signal import digest

NEVER = timedelta(days=36525)


class Withheld(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A treatment that a rule stopped.

    Attributes:
        rule: the rule's id.
        kind: of the rule, as its tag names it.
        count: contacts counted, for a cap.
        limit: the cap's limit.
        allowed_at: when this rule would let it through, None where time alone does not.
    """

    treatment: str
    rule: str
    kind: str
    count: int | None = None
    limit: int | None = None
    allowed_at: datetime | None = None


class Closed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A limit over all persons of which nothing is left in the current period.

    Attributes:
        opens_at: when the next period begins.
        count: contacts already taken, of a volume.
    """

    opens_at: datetime
    count: int | None = None


NOTHING_CLOSED: Mapping[str, Closed] = {}


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """The treatments that may go out, in rank order, and what was withheld above them."""

    chosen: tuple[str, ...]
    withheld: tuple[Withheld, ...]


def select(
    revision: Revision,
    ranked: Iterable[str],
    profile: Profile,
    history: ContactHistory,
    now: datetime,
    *,
    count: int = 1,
    closed: Mapping[str, Closed] = NOTHING_CLOSED,
) -> Selection:
    """The first `count` treatments of different actions that every rule lets through, each counted for the next.

    Args:
        revision: the catalogue, for its rules.
        ranked: ids of treatments, best first.
        profile: the person's consents and flags.
        history: the person's contacts.
        now: the time of the reservation, UTC.
        count: treatments wanted.
        closed: volumes and budgets, by the rule's id, of which nothing is left.
    """
    chosen: list[str] = []
    actions: set[str] = set()
    withheld: list[Withheld] = []
    for treatment_id in ranked:
        action, _ = revision.treatment(treatment_id)
        if action.id in actions:
            continue
        stop = first_stop(revision, treatment_id, profile, history, now, closed)
        if stop is None:
            chosen.append(treatment_id)
            actions.add(action.id)
            if len(chosen) == count:
                break
            history = counting(revision, history, treatment_id, now)
        else:
            withheld.append(stop)
    return Selection(chosen=tuple(chosen), withheld=tuple(withheld))


def counting(revision: Revision, history: ContactHistory, treatment_id: str, now: datetime) -> ContactHistory:
    """The history as it will be once this treatment is sent, or on an inbound channel seen, at `now`: what is chosen
    with it must leave room for it.
    """
    action, treatment = revision.treatment(treatment_id)
    outbound = revision.channels[treatment.channel].direction == "outbound"
    entry = Contact(
        delivery_id=f"chosen {treatment_id}",
        decision_id="",
        revision=revision.id,
        state="reserved" if outbound else "presented",
        at=now,
        outcomes={} if outbound else {"impression": now},
        **facts(action, treatment),
    )
    return msgspec.structs.replace(history, contacts={**history.contacts, entry.delivery_id: entry})


def first_stop(
    revision: Revision,
    treatment_id: str,
    profile: Profile,
    history: ContactHistory,
    now: datetime,
    closed: Mapping[str, Closed] = NOTHING_CLOSED,
) -> Withheld | None:
    """The first rule, in the catalogue's order, that stops a treatment; None where all let it through."""
    action, treatment = revision.treatment(treatment_id)
    known = facts(action, treatment)
    for rule in revision.catalogue.rules:
        stop = _stop(rule, known, profile, history, now, closed)
        if stop is not None:
            return stop
    return None


def still_allowed(revision: Revision, treatment_id: str, profile: Profile) -> Withheld | None:
    """What delivery asks again just before sending: consent and exclusions only, since the contact itself is
    reserved.
    """
    action, treatment = revision.treatment(treatment_id)
    known = facts(action, treatment)
    for exclusion in revision.catalogue.exclusions:
        if exclusion.flag in profile.flags:
            return Withheld(treatment=treatment_id, rule=exclusion.flag, kind="exclusion")
    for rule in revision.catalogue.rules:
        if isinstance(rule, ConsentRule | ExclusionRule):
            stop = _stop(rule, known, profile, ContactHistory(), now=profile.created_at)
            if stop is not None:
                return stop
    return None


def _stop(  # noqa: PLR0911 - one answer per kind of rule
    rule: Rule,
    known: dict[str, Any],
    profile: Profile,
    history: ContactHistory,
    now: datetime,
    closed: Mapping[str, Closed] = NOTHING_CLOSED,
) -> Withheld | None:
    match rule:
        case ConsentRule():
            needed = known["purpose"] in rule.purposes and in_scope(rule.scope, known)
            allowed = not needed or profile.consents_to(
                brand=known["brand"], purpose=known["purpose"], channel=known["channel"]
            )
            return None if allowed else Withheld(treatment=known["treatment"], rule=rule.id, kind="consent")
        case ExclusionRule():
            allowed = rule.flag not in profile.flags or known["purpose"] not in rule.stops
            return None if allowed else Withheld(treatment=known["treatment"], rule=rule.id, kind="exclusion")
        case Cap():
            return _cap(rule, known, history, now)
        case Cooldown():
            return _cooldown(rule, known, history, now)
        case QuietHours():
            return None
        case Volume() | Budget():
            return _used_up(rule, known, closed)
        case Holdout():
            held = known["purpose"] in rule.stops and in_scope(rule.scope, known) and held_out(rule, profile.person_id)
            return Withheld(treatment=known["treatment"], rule=rule.id, kind="holdout") if held else None


def _used_up(rule: Volume | Budget, known: dict[str, Any], closed: Mapping[str, Closed]) -> Withheld | None:
    """A volume or a budget stops while nothing of it is left."""
    full = closed.get(rule.id) if in_scope(rule.scope, known) else None
    if full is None:
        return None
    return Withheld(
        treatment=known["treatment"],
        rule=rule.id,
        kind="volume" if isinstance(rule, Volume) else "budget",
        count=full.count,
        limit=rule.limit if isinstance(rule, Volume) else None,
        allowed_at=full.opens_at,
    )


def held_out(rule: Holdout, person_id: str) -> bool:
    """Whether a person is held out: the same person always is, and each rule draws apart from the others."""
    return int(digest("holdout", rule.id, person_id)[:13], 16) < rule.share * 16**13


def _cap(rule: Cap, known: dict[str, Any], history: ContactHistory, now: datetime) -> Withheld | None:
    """A cap stops once `limit` contacts in scope had one of its outcomes within the window."""
    if not in_scope(rule.scope, known):
        return None
    window = timedelta(seconds=rule.window_seconds)
    times = []
    for contact in history.counting(now):
        of = contact.facts()
        if not in_scope(rule.scope, of) or (rule.per and of[rule.per] != known[rule.per]):
            continue
        at = {o: t for o in rule.outcomes if (t := contact.when(o, now)) is not None and t > now - window}
        if at:
            times += [max(at.values())] * contact.number(at)
    if len(times) < rule.limit:
        return None
    times.sort()
    frees = times[len(times) - rule.limit] + window if rule.limit else None
    return Withheld(
        treatment=known["treatment"], rule=rule.id, kind="cap", count=len(times), limit=rule.limit, allowed_at=frees
    )


def _cooldown(rule: Cooldown, known: dict[str, Any], history: ContactHistory, now: datetime) -> Withheld | None:
    """A cooldown stops until its period after the latest matching outcome has passed."""
    if not in_scope(rule.blocks, known):
        return None
    latest: datetime | None = None
    for contact in history.counting(now):
        of = contact.facts()
        if not in_scope(rule.after, of) or (rule.same and of[rule.same] != known[rule.same]):
            continue
        for outcome in rule.outcomes:
            at = contact.when(outcome, now)
            if at is not None and (latest is None or at > latest):
                latest = at
    period = timedelta(seconds=rule.period_seconds)
    if latest is None or now >= latest + period:
        return None
    allowed_at = None if period >= NEVER else latest + period
    return Withheld(treatment=known["treatment"], rule=rule.id, kind="cooldown", allowed_at=allowed_at)
