"""Triggers: which signals start a decision, and how soon one may start another for the same person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from shared.domain.features.sampled import key_of
from shared.domain.part import seconds
from shared.domain.signal import LATE_AFTER, Signal

if TYPE_CHECKING:
    from shared.domain.catalogue.features import Trigger
    from shared.domain.cel import Program

MOST_ENTRIES = 16
"""Decisions remembered of one trigger."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LATE = LATE_AFTER // _MILLISECOND

NotStarted = Literal["no_trigger", "re_entry"]


class Entry(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """That a trigger started a decision for a person.

    Attributes:
        at: event time of the signal, in milliseconds since 1970.
        signal: a digest of the signal's source and id.
    """

    at: int
    signal: str


Entries = dict[str, tuple[Entry, ...]]
"""What a profile remembers of triggers that are not to start again soon, by trigger: in order of time."""


class Judgement(NamedTuple):
    """What triggers make of a signal: why it starts no decision, None where it does, and what to remember."""

    reason: NotStarted | None
    entries: Entries


class Triggers:
    """The triggers of a revision. Where it declares none, every signal starts a decision."""

    def __init__(self, triggers: tuple[Trigger, ...], program: Callable[[str], Program]) -> None:
        """Take them in the order in which they are asked."""
        self._triggers = [
            (t.name, frozenset(t.types), t.when, 1000 * seconds(t.not_again_within) if t.not_again_within else 0)
            for t in triggers
        ]
        self._program = program

    def judge(
        self, entries: dict[str, tuple[Entry, ...]], signal: Signal, situation: Callable[[], dict[str, Any]]
    ) -> Judgement:
        """Whether a signal starts a decision, by the first trigger that lets it. A signal that started one before is
        let again, so that it is the same decision.

        Args:
            entries: what the person's profile remembers.
            signal: what happened.
            situation: gives what conditions read; not asked for where no trigger takes the signal's type.
        """
        reason: NotStarted | None = "no_trigger" if self._triggers else None
        for name, types, when, apart in self._triggers:
            if types and signal.type not in types:
                continue
            if when is not None and self._program(when).evaluate(situation()) is not True:
                continue
            if not apart:
                return Judgement(None, entries)
            past = entries.get(name, ())
            after = entered(past, signal, apart)
            if after is not None:
                return Judgement(None, entries if after == past else {**entries, name: after})
            reason = "re_entry"
        return Judgement(reason, entries)


def entered(past: tuple[Entry, ...], signal: Signal, apart: int) -> tuple[Entry, ...] | None:
    """What is remembered once a signal has started a decision, None where it is too soon.

    Args:
        past: what is remembered.
        signal: what happened.
        apart: milliseconds that must lie between two.
    """
    entry = Entry((signal.at - _EPOCH) // _MILLISECOND, key_of(signal.source.encode(), signal.id.encode()).hex())
    if any(known.signal == entry.signal for known in past):
        return past
    if any(abs(entry.at - known.at) < apart for known in past):
        return None
    if len(past) == MOST_ENTRIES and entry < past[0]:
        return None  # what stood near it may be forgotten
    after = sorted((*past, entry))
    # a signal later than these is a late one, which starts nothing
    return tuple([known for known in after if known.at > after[-1].at - apart - _LATE][-MOST_ENTRIES:])


def merged_entries(one: Entries, other: Entries) -> Entries:
    """What two profiles remember, as one."""
    return {
        name: tuple(sorted({*one.get(name, ()), *other.get(name, ())})[-MOST_ENTRIES:])
        for name in sorted(one.keys() | other.keys())
    }
