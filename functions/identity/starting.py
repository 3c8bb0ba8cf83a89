"""Whether a signal starts a decision, once the person that it is of has taken it in."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from shared.domain.identity.teaching import remembering
from shared.domain.policy.policy import Policy
from shared.domain.profile import Person, Profile
from shared.domain.signal import Signal


class Started(NamedTuple):
    """What came of it.

    Attributes:
        person: as it is to be stored: where a trigger is not to start again soon, it remembers.
        seen: the person as the decision reads it.
        fragment: as which of the persons that turned out to be this one the signal came.
        ended: why there is no decision, None where there is one.
    """

    person: Person
    seen: Profile
    fragment: str
    ended: str | None


def started(policy: Policy, signal: Signal, person: Person, fragment: str, now: datetime, *, asked: bool) -> Started:
    """Ask the triggers, unless the signal is late, which starts nothing, or somebody waits for an answer. What they
    remember is kept in the `fragment` of a merged person whose signal it is.
    """
    if signal.is_late:
        return Started(person, person, fragment, "late_signal")
    seen = policy.features.seen(person, now)
    if asked or signal.again is not None:
        return Started(person, seen, fragment, None)
    ended, triggered = policy.triggers.judge(person.triggered, signal, lambda: policy.situation(seen, signal, now))
    if triggered is not person.triggered:
        person = remembering(person, fragment, triggered)
    return Started(person, seen, fragment, ended)


def raised(started: Started, version: int) -> Started:
    """The same as that version of the person."""
    person = msgspec.structs.replace(started.person, version=version)
    return Started(person, msgspec.structs.replace(started.seen, version=version), started.fragment, started.ended)
