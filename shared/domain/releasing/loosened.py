"""Limits that a change makes looser: those that hold people back from harm, and that nobody loosens by mistake unseen.

A limit is looser unless it can be seen to let nothing through that it stopped before. Whether it is meant is for
whoever proposes the change to say, limit by limit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from shared.domain.catalogue import Catalogue, FairnessLimit, Gates, Guards, Prohibition
from shared.domain.differences import differences
from shared.domain.differences.change import paired
from shared.domain.rules import (
    Budget,
    Cap,
    ConsentRule,
    Cooldown,
    ExclusionRule,
    Holdout,
    Purpose,
    QuietHours,
    Rule,
    Scope,
    Volume,
)

_HELD: tuple[Purpose, ...] = ("regulatory", "service", "targeted_support", "marketing")
"""Purposes, those that fewer rules hold back first."""


class Loosened(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that lets more through than before.

    Attributes:
        about: the limit, as `kairos catalogue diff` names it and a proposal acknowledges it: `cap weekly_outbound`.
        said: what changed of it, likewise.
    """

    about: str
    said: str


def loosened(old: Catalogue, new: Catalogue) -> tuple[Loosened, ...]:
    """Every limit that a change loosens or takes away, in the order in which differences are told.

    Args:
        old: what is live.
        new: what is to come.
    """
    looser = {*_rules(old, new), *_exclusions(old, new), *_fairness(old, new), *_gates(old, new)}
    said: dict[str, list[str]] = {}
    for change in differences(old, new):
        if change.about in looser:
            said.setdefault(change.about, []).append(change.said)
    found = [Loosened(about=about, said="; ".join(texts)) for about, texts in said.items()]
    return (*found, *_purposes(old, new))


def _purposes(old: Catalogue, new: Catalogue) -> Iterator[Loosened]:
    """Actions that came under fewer rules by saying that they are for something else, or to rank above all others."""
    for name, was, is_now in paired(old.actions, new.actions, lambda action: action.id):
        if was is None or is_now is None:
            continue
        if is_now.mandatory and not was.mandatory:
            yield Loosened(about=f"mandatory {name}", said="ranks above all that is not")
        changes = [
            f"for {before.purpose} → for {after.purpose}".replace("_", " ")
            for _, before, after in paired(was.treatments, is_now.treatments, lambda each: each.id)
            if before is not None and after is not None and _HELD.index(after.purpose) < _HELD.index(before.purpose)
        ]
        if changes:
            yield Loosened(about=f"purpose of {name}", said=", ".join(dict.fromkeys(changes)))


def _rules(old: Catalogue, new: Catalogue) -> Iterator[str]:
    for (kind, name), was, is_now in paired(old.rules, new.rules, lambda rule: (_kind(rule), rule.id)):
        if was is not None and (is_now is None or not _holds_as_much(was, is_now)):
            yield f"{kind.replace('_', ' ')} {name}"


def _kind(rule: Rule) -> str:
    return str(rule.__struct_config__.tag)


def _holds_as_much(was: Rule, is_now: Rule) -> bool:  # noqa: PLR0911 - one answer per kind of rule
    """Whether a rule stops all that it stopped before, as far as its fields say."""
    match was, is_now:
        case Cap(), Cap():
            return (
                is_now.limit <= was.limit
                and is_now.window_seconds >= was.window_seconds
                and is_now.calendar == was.calendar
                and _has_all(is_now.outcomes, was.outcomes)
                and is_now.per in (None, was.per)
                and (is_now.preference == was.preference or was.preference is None)
                and _covers(is_now.scope, was.scope)
            )
        case Cooldown(), Cooldown():
            return (
                _has_all(is_now.outcomes, was.outcomes)
                and is_now.period_seconds >= was.period_seconds
                and is_now.count <= was.count
                and (
                    is_now.within_seconds == was.within_seconds
                    or (not was.without and is_now.within_seconds > was.within_seconds)
                )
                and _has_all(was.without, is_now.without)
                and is_now.same in (None, was.same)
                and _covers(is_now.after, was.after)
                and _covers(is_now.blocks, was.blocks)
            )
        case ConsentRule(), ConsentRule():
            return _has_all(is_now.purposes, was.purposes) and _covers(is_now.scope, was.scope)
        case ExclusionRule(), ExclusionRule():
            return is_now.flag == was.flag and _has_all(is_now.stops, was.stops)
        case QuietHours(), QuietHours():
            return (
                _has_all(is_now.times, was.times)
                and _has_all(is_now.holidays, was.holidays)
                and _covers(is_now.scope, was.scope)
            )
        case Volume(), Volume():
            return is_now.limit <= was.limit and is_now.period == was.period and _covers(is_now.scope, was.scope)
        case Budget(), Budget():
            return is_now.pounds <= was.pounds and is_now.period == was.period and _covers(is_now.scope, was.scope)
        case Holdout(), Holdout():
            return is_now.share >= was.share and _has_all(is_now.stops, was.stops) and _covers(is_now.scope, was.scope)
        case _:
            return was == is_now


def _has_all(mine: Iterable[Any], wanted: Iterable[Any]) -> bool:
    known = list(mine)
    return all(each in known for each in wanted)


def _covers(mine: Scope, wanted: Scope) -> bool:
    """Whether a scope holds all that another does."""
    pairs = ((getattr(mine, field), getattr(wanted, field)) for field in Scope.__struct_fields__)
    return all(not own or (other and _has_all(own, other)) for own, other in pairs)


def _exclusions(old: Catalogue, new: Catalogue) -> Iterator[str]:
    kept = {exclusion.flag for exclusion in new.exclusions}
    yield from (f"exclusion {exclusion.flag}" for exclusion in old.exclusions if exclusion.flag not in kept)


def _fairness(old: Catalogue, new: Catalogue) -> Iterator[str]:
    for name, was, is_now in paired(old.fairness.limits, new.fairness.limits, lambda limit: limit.id):
        if was is not None and (is_now is None or not _as_fair(was, is_now)):
            yield f"limit of fairness {name}"
    if new.fairness.fewest > old.fairness.fewest or new.fairness.parts != old.fairness.parts:
        yield "fairness"


def _as_fair(was: FairnessLimit, is_now: FairnessLimit) -> bool:
    return (
        is_now.issue == was.issue
        and (not is_now.attributes or (bool(was.attributes) and _has_all(is_now.attributes, was.attributes)))
        and (is_now.pairs or not was.pairs)
        and _has_all(is_now.after, was.after)
        and (was.least_ratio is None or (is_now.least_ratio or 0.0) >= was.least_ratio)
        and _no_more(is_now.most_difference, was.most_difference)
    )


def _no_more(mine: float | None, wanted: float | None) -> bool:
    """Whether a limit is no higher; one that is not there limits nothing."""
    return wanted is None or (mine is not None and mine <= wanted)


def _gates(old: Catalogue, new: Catalogue) -> Iterator[str]:
    was, is_now = old.gates, new.gates
    for name, before, after in paired(was.prohibitions, is_now.prohibitions, lambda each: each.id):
        if before is not None and (after is None or not _prohibits_as_much(before, after)):
            yield f"prohibition {name}"
    if not _limits_as_much(was, is_now):
        yield "gates"
    if not _guards_as_much(was.guards, is_now.guards):
        yield "guards"
    for share, step, other in paired(was.canary, is_now.canary, lambda each: each.share):
        if step is not None and step != other:
            yield f"canary of {share} %"


def _prohibits_as_much(was: Prohibition, is_now: Prohibition) -> bool:
    return (
        is_now.must == was.must
        and (is_now.after in (was.after, "policy"))
        and (is_now.on_missing in (was.on_missing, "break"))
        and _covers(is_now.scope, was.scope)
    )


def _limits_as_much(was: Gates, is_now: Gates) -> bool:
    volumes = {*was.volume_change, *is_now.volume_change}
    return (
        is_now.fewest == was.fewest
        and _no_more(is_now.most_cost_per_thousand, was.most_cost_per_thousand)
        and _no_more(is_now.most_no_action_rise, was.most_no_action_rise)
        and _no_more(is_now.most_value_fall, was.most_value_fall)
        and _no_more(is_now.most_volume_change, was.most_volume_change)
        and all(
            _no_more(
                is_now.volume_change.get(channel, is_now.most_volume_change),
                was.volume_change.get(channel, was.most_volume_change),
            )
            for channel in volumes
        )
    )


def _guards_as_much(was: Guards, is_now: Guards) -> bool:
    fields = (field for field in Guards.__struct_fields__ if field != "slow_ms")
    return is_now.slow_ms <= was.slow_ms and all(_no_more(getattr(is_now, f), getattr(was, f)) for f in fields)
