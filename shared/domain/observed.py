"""What was observed of one delivery, and what that teaches (`domain.md` 8).

A delivery teaches its model once, by all that is known of it: accepted, if anything says so; else not accepted, if the
person refused it or did not respond. So what is learnt is a function of the *set* of its outcomes. Whoever takes one
more in learns the difference: a click after `no_response` takes the negative back and adds a positive, a second click
adds nothing. In whatever order outcomes come, and however often, the differences add up to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from shared.domain.instant import Instant
from shared.domain.outcome import ANSWERS, NEGATIVE, POSITIVE, Outcome, lasting

MOST_KEPT = 200
"""Outcomes of one delivery that are remembered by id: of a name that has as many, a further one changes nothing."""


Closing = Callable[[datetime], datetime]
"""When the response window of a contact of some time ends."""


class Lesson(NamedTuple):
    """What a delivery teaches.

    Attributes:
        accepted: whether it was accepted.
        at: when the first of the outcomes that say so happened.
    """

    accepted: bool
    at: datetime


class Increment(NamedTuple):
    """A lesson that is learnt, or one that is taken back."""

    lesson: Lesson
    weight: Literal[1, -1]


class Seen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An outcome as it is remembered beside others of its delivery."""

    outcome: str
    at: datetime
    value: float | None = None


class Observed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that was observed of one delivery.

    Attributes:
        delivery_id: its id.
        outcomes: each once, by its id.
        respond_by: of what was shown, when its response window ends, until there is a response or none; a whole second.
    """

    delivery_id: str
    outcomes: dict[str, Seen] = {}
    respond_by: Instant | None = None

    def first(self) -> dict[str, datetime]:
        """Outcome to when it was first observed; no `no_response` where there was an answer after all."""
        first: dict[str, datetime] = {}
        for seen in self.outcomes.values():
            first[seen.outcome] = min(seen.at, first.get(seen.outcome, seen.at))
        return lasting(first)

    def each(self) -> list[Outcome]:
        """The outcomes, by time."""
        told = [
            Outcome(id=key, outcome=seen.outcome, delivery_id=self.delivery_id, at=seen.at, value=seen.value)
            for key, seen in self.outcomes.items()
        ]
        return sorted(told, key=lambda outcome: (outcome.at, outcome.id))


class Took(NamedTuple):
    """What comes of taking outcomes in.

    Attributes:
        after: what is observed from now on.
        new: the outcomes that were not taken before.
        noted: those of the contact, by name, with when each was first observed.
        undone: names that the contact has no more.
        increments: what the model learns.
    """

    after: Observed
    new: tuple[Outcome, ...]
    noted: dict[str, datetime]
    undone: tuple[str, ...]
    increments: tuple[Increment, ...]


def took(before: Observed, outcomes: Iterable[Outcome], closing: Closing | None = None) -> Took:
    """Take outcomes of a delivery in; those that were taken before change nothing, and neither does `no_response`
    beside an answer.

    Args:
        before: what was observed so far.
        outcomes: of the same delivery.
        closing: of what is shown, when the response window that opens with an impression of this time ends.
    """
    given = list(outcomes)
    names = {seen.outcome for seen in before.outcomes.values()} | {outcome.outcome for outcome in given}
    answered = not ANSWERS.isdisjoint(names)
    new = {
        outcome.id: outcome
        for outcome in given
        if outcome.id not in before.outcomes and not (answered and outcome.outcome == "no_response")
    }
    known = dict(before.outcomes)
    for key, outcome in new.items():
        if len(known) < MOST_KEPT or _says_more(outcome, known.values()):
            known[key] = Seen(outcome=outcome.outcome, at=outcome.at, value=outcome.value)
    after = msgspec.structs.replace(before, outcomes=known)
    was, now = before.first(), after.first()
    if "no_response" in now or not ANSWERS.isdisjoint(now):
        after = msgspec.structs.replace(after, respond_by=None)
    elif closing is not None and "impression" in now:
        after = msgspec.structs.replace(after, respond_by=closing(now["impression"]))
    return Took(
        after=after,
        new=tuple(new.values()),
        noted={name: at for name, at in now.items() if was.get(name) != at},
        undone=tuple(sorted(was.keys() - now.keys())),
        increments=learns(was, now),
    )


def lesson(outcomes: Mapping[str, datetime]) -> Lesson | None:
    """What a delivery with these outcomes teaches, None where they say nothing of acceptance."""
    for accepted, names in ((True, POSITIVE), (False, NEGATIVE)):
        times = [at for name, at in outcomes.items() if name in names]
        if times:
            return Lesson(accepted, min(times))
    return None


def learns(before: Mapping[str, datetime], after: Mapping[str, datetime]) -> tuple[Increment, ...]:
    """What is learnt by there being other outcomes than before: the lesson of before is taken back, that of now is
    learnt; nothing where they are the same.
    """
    was, now = lesson(before), lesson(after)
    if was == now:
        return ()
    taken_back = (Increment(was, -1),) if was is not None else ()
    return (*taken_back, Increment(now, 1)) if now is not None else taken_back


def _says_more(outcome: Outcome, known: Iterable[Seen]) -> bool:
    return all(seen.outcome != outcome.outcome or seen.at > outcome.at for seen in known)
