"""What expressions see of one person and moment, as CEL values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from shared.domain.cel import Timestamp
from shared.domain.profile import Profile
from shared.domain.signal import Signal

Variables = dict[str, Any]
"""`profile`, `signal`, `context` and `now`; of a candidate also `action` and `treatment`."""


class Situations:
    """Makes them, for one revision."""

    def __init__(self, types: Mapping[str, str], read: Iterable[str]) -> None:
        """Take the declared types of the profile's attributes, and those whose values must be of their very type.

        JSON writes the double 5.0 as 5, which CEL does not multiply by a double, and a time as text.
        """
        wanted = set(read)
        self._doubles = tuple(name for name, kind in types.items() if kind == "double" and name in wanted)
        self._times = tuple(name for name, kind in types.items() if kind == "timestamp" and name in wanted)

    def __call__(self, profile: Profile, signal: Signal, now: datetime) -> Variables:
        """What expressions see of this person, signal and moment. An attribute that is null counts as not there."""
        known = profile.attributes
        if None in known.values():
            known = {name: value for name, value in known.items() if value is not None}
        seen: dict[str, Any] = {
            **known,
            "brands": list(profile.brands),
            "products": list(profile.products),
            "flags": list(profile.flags),
            "reachable": list(profile.reachable),
        }
        for name in self._doubles:
            if seen.get(name).__class__ is int:
                seen[name] = _double(seen[name])
        for name in self._times:
            if seen.get(name).__class__ is str:
                seen[name] = _time(seen[name])
        return {"profile": seen, **of_signal(signal), "now": Timestamp.of(now)}


def of_signal(signal: Signal) -> Variables:
    """What expressions see of a signal alone."""
    return {
        "signal": {"type": signal.type, "source": signal.source, "properties": signal.properties},
        "context": signal.context,
    }


def _double(number: int) -> Any:
    """The same number as a double; one beyond any double stays what it is, so that what reads it is an error."""
    try:
        return float(number)
    except OverflowError:
        return number


def _time(text: str) -> Any:
    """The instant that a text names, in UTC where it names no zone; a text that is no time stays what it is, so that
    what reads it is an error.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return Timestamp.of(at if at.tzinfo else at.replace(tzinfo=UTC))
