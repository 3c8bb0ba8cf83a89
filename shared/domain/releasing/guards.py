"""Guards of a canary: whether more of its persons met with something bad than its share makes expect.

Who is in a canary is a hash of the person, so of the persons who met with something, each is in the canary with the
probability of its share, if the change makes no difference. That each is more probably in it, by so many times as a
guard allows, is what is tested. The evidence is a likelihood ratio, averaged over how many times more it may be: it is
a martingale where the guard is kept, and by Ville's inequality it ever passes 1 / alpha with a probability of at most
alpha, however often one looks (Turner, Ly and Grünwald, 2024, test two shares so). It is exact of few persons as of
many, which a complaint rate needs; and a person counts once, however often they complain.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

import msgspec

from shared.domain.catalogue import CanaryStep, Gates, Guards
from shared.domain.outcome import OutcomeName
from shared.domain.part import seconds

Guard = Literal["failures", "slow", "no_action", "complaints"]
GUARDS: tuple[Guard, ...] = get_args(Guard)

FAILURES = frozenset({"failed"})
"""How a delivery ends that could not be made."""

COMPLAINTS: frozenset[OutcomeName] = frozenset({"complaint", "unsubscribe", "objection"})

ALPHA = 0.05 / (3 * (len(GUARDS) + 1))
"""Of one guard in one step: in one release in twenty, at the most, is one tripped that is kept."""

SETTLING_SECONDS = 60
"""After a canary's share was raised until all instances know it."""

_LEAST, _MOST, _STEPS = 1.05, 50.0, 48
_LONGEST_WAIT = 300
_LONGEST_LATER = 1_800  # after a day: a workflow may take 100,000 steps, nineteen of them for a look
_WORDS = 1_500
_SHORTEST_WAIT = 30


class Met(NamedTuple):
    """What persons of one revision met with.

    Attributes:
        persons: who were decided for.
        met: how many of them met with what each guard watches.
    """

    persons: int
    met: Mapping[Guard, int]


NOBODY = Met(0, {})


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """A guard, and what it sees.

    Attributes:
        guard: which.
        tripped: whether it stops the canary.
        said: the finding in a line.
        canary, live: how many persons met with it.
        evidence: how many times as probable what is seen is if the guard is broken; None where it is not tested so.
    """

    guard: str
    tripped: bool
    said: str
    canary: int
    live: int
    evidence: float | None = None


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at a canary comes to.

    Attributes:
        verdict: `stop`, `wait`, or `go_on` to the next step.
        said: why.
        wait_seconds: after which to look again, where it waits.
        persons: who were decided for, in the canary and as before.
        guards: those that watch.
    """

    verdict: Literal["stop", "wait", "go_on"]
    said: str
    wait_seconds: int = 0
    persons: tuple[int, int]
    guards: tuple[Watched, ...]


def steps(live: Gates, canary: Gates) -> dict[int, CanaryStep]:
    """How long a canary of each share is looked at: as what is live says, else as the change does, else as long as a
    step that says nothing.
    """
    return {share: CanaryStep(share=share) for share in (1, 5, 25)} | {
        step.share: step for step in live.canary or canary.canary
    }


def strictest(live: Guards, canary: Guards) -> Guards:
    """The guards of both: a change cannot loosen those by which it is watched."""

    def least(name: str) -> float | None:
        known = [value for value in (getattr(live, name), getattr(canary, name)) if value is not None]
        return min(known, default=None)

    return Guards(**{name: least(name) for name in Guards.__struct_fields__})  # type: ignore[arg-type]


def look(guards: Guards, step: CanaryStep, canary: Met, live: Met, *, since: datetime, now: datetime) -> Look:
    """Look at a canary.

    Args:
        guards: that watch it.
        step: how long it is looked at.
        canary: what was seen of its persons.
        live: what was seen of all others.
        since: when it was given its share, UTC.
        now: when it is looked at, UTC.
    """
    watched = tuple(_watched(guards, step.share / 100, canary, live))
    persons = canary.persons, live.persons

    def came(verdict: Literal["stop", "wait", "go_on"], said: str, wait: int = 0) -> Look:
        return Look(verdict=verdict, said=said[:_WORDS], wait_seconds=wait, persons=persons, guards=watched)

    tripped = [each for each in watched if each.tripped]
    if tripped:
        return came("stop", "; ".join(each.said for each in tripped))
    seen = f"{canary.persons:,} of {step.fewest:,} persons were decided for"
    end = since + timedelta(seconds=seconds(step.at_least))
    if now >= end and canary.persons >= step.fewest:
        return came("go_on", f"{seen} in {step.at_least} and longer, and no guard is tripped")
    if now >= since + timedelta(seconds=seconds(step.at_most)):
        return came("stop", f"{seen} in {step.at_most}: too few to go on by")
    left = math.ceil((end - now).total_seconds())
    longest = _LONGEST_WAIT if now < since + timedelta(days=1) else _LONGEST_LATER
    wait = min(max(left, _SHORTEST_WAIT), longest) if left > 0 else longest
    return came("wait", f"{seen}, and {step.at_least} are waited at least", wait)


def _watched(guards: Guards, share: float, canary: Met, live: Met) -> Iterator[Watched]:
    for name in GUARDS:
        times = getattr(guards, name)
        if times is None:
            continue
        mine, others = canary.met.get(name, 0), live.met.get(name, 0)
        found = evidence(mine, others, share, times)
        yield Watched(
            guard=name,
            tripped=found >= 1.0 / ALPHA,
            said=f"{name}: {mine:,} of {canary.persons:,} persons of the canary, {others:,} of {live.persons:,} others,"
            f" where {times:g} times as many may be",
            canary=mine,
            live=others,
            evidence=found,
        )
    if guards.lost is not None:
        found = evidence(live.persons, canary.persons, 1.0 - share, guards.lost)
        yield Watched(
            guard="lost",
            tripped=found >= 1.0 / ALPHA,
            said=f"lost: {canary.persons:,} persons were decided for in the canary and {live.persons:,} others,"
            f" where it is {share:.0%} of all",
            canary=canary.persons,
            live=live.persons,
            evidence=found,
        )


def evidence(mine: int, others: int, share: float, times: float) -> float:
    """How many times as probable it is that `mine` persons of a part met with something, and `others` did not of the
    rest, if the part meets with it more often than `times` as often, than if it does just so often.

    Args:
        mine: persons of the part who met with it.
        others: persons of the rest who did.
        share: of all persons who are in the part, above 0 and below 1.
        times: how many times as often the part may meet with it.
    """
    allowed = times * share / (times * share + 1.0 - share)
    ratio = (_MOST / _LEAST) ** (1.0 / (_STEPS - 1))
    each = []
    for number in range(_STEPS):
        odds = _LEAST * ratio**number * allowed / (1.0 - allowed)
        supposed = odds / (1.0 + odds)
        each.append(mine * math.log(supposed / allowed) + others * math.log((1.0 - supposed) / (1.0 - allowed)))
    most = max(each)
    exponent = most + math.log(sum(math.exp(one - most) for one in each) / _STEPS)
    return math.exp(min(exponent, 700.0))
