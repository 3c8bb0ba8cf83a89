"""Why identifiers are one person's: the shortest chain of links from one to the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

import msgspec

from shared.domain.identity.links import Link


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One link of a chain, in the direction in which it is gone.

    Attributes:
        start, end: keys of the two identifiers.
        link: the evidence that they belong together.
    """

    start: str
    end: str
    link: Link


def chain(links: Iterable[Link], starts: Collection[str], goals: Collection[str]) -> tuple[Step, ...] | None:
    """The shortest chain from one of some identifiers to one of others, None where no links lead there; of several that
    are as short, always the same one. Empty where they share one.

    Args:
        links: those that hold: without what a rule or an operator refused.
        starts: keys to begin with.
        goals: keys to end with.
    """
    beside: dict[str, list[Link]] = defaultdict(list)
    for link in sorted(links, key=lambda each: (each.evidence, each.id)):
        beside[link.stronger].append(link)
        beside[link.weaker].append(link)
    came: dict[str, Step | None] = dict.fromkeys(sorted(starts))
    reached = list(came)
    while reached:
        ends = [key for key in reached if key in goals]
        if ends:
            return _back(came, ends[0])
        following = []
        for key in reached:
            for link in beside[key]:
                other = link.weaker if link.stronger == key else link.stronger
                if other not in came:
                    came[other] = Step(start=key, end=other, link=link)
                    following.append(other)
        reached = following
    return None


def _back(came: dict[str, Step | None], end: str) -> tuple[Step, ...]:
    steps = []
    while (step := came[end]) is not None:
        steps.append(step)
        end = step.start
    return tuple(reversed(steps))
