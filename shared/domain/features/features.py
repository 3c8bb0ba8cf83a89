"""The features of a revision: what a signal adds to a profile, and what the profile says at a moment."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from shared.domain.canonical import canonical
from shared.domain.catalogue.features import (
    BUCKET_SECONDS,
    MOST_FEATURES,
    AnyFeature,
    Count,
    Decayed,
    Distinct,
    FirstSeen,
    LastSeen,
    Sequence,
    Sum,
)
from shared.domain.cel import Program
from shared.domain.features.sampled import amount_item, key_of
from shared.domain.features.states import (
    LARGEST,
    MOST_KEPT,
    AnyState,
    Buckets,
    Decaying,
    Seen,
    Steps,
    packed,
    together,
    unpacked,
)
from shared.domain.part import seconds
from shared.domain.policy.situation import Variables, of_signal
from shared.domain.profile import Person, Profile
from shared.domain.signal import Signal

_LEAST_KEPT = 3
"""Things kept of a bucket at the least."""

_DECIMALS = 6
"""Decimals of sums: beyond these they depend on how they were added up."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_VALUES = (str, int, float, bool)

States = Mapping[str, bytes]
"""What a profile keeps: by the name of a feature and a digest of its definition, so that what one of another definition
left is never read as this one's.
"""

ProgramOf = Callable[[str], Program]
"""The program of one of the revision's expressions."""


class Features:
    """The features of a revision, ready to take signals in."""

    def __init__(self, features: tuple[AnyFeature, ...], read: tuple[str, ...], program: ProgramOf) -> None:
        """Take the features, and the names of those that anything reads: the others are kept and not worked out."""
        every = [_Kept(feature, program) for feature in features]
        self._keys = frozenset(kept.key for kept in every)
        self._read = [kept for kept in every if kept.name in read]
        self._unseen = {kept.name: kept.default for kept in self._read if kept.default is not None}
        self._of_any_type = [kept for kept in every if not kept.types]
        self._of_type: defaultdict[str, list[_Kept]] = defaultdict(list)
        for kind in {kind for kept in every for kind in kept.types}:
            self._of_type[kind] = [kept for kept in every if not kept.types or kind in kept.types]

    def takes(self, signal: Signal) -> bool:
        """Whether there is a feature that signals of this type may change."""
        return bool(self._of_type.get(signal.type, self._of_any_type))

    def update(self, states: dict[str, bytes], signal: Signal) -> dict[str, bytes]:
        """The states with a signal taken in: the same object where it changes nothing, as when it comes again."""
        taking = self._of_type.get(signal.type, self._of_any_type)
        if not taking:
            return states
        seen = of_signal(signal)
        after: dict[str, bytes] = {}
        for kept in taking:
            added = kept.state(signal, seen)
            if added is None:
                continue
            before = states.get(kept.key)
            data = packed(added if before is None else together(unpacked(before), added))
            if data != before:
                after[kept.key] = data
        if not after:
            return states
        every = {**states, **after}
        if len(every) > MOST_FEATURES:
            # what definitions that are gone left behind stays until there is no room for it
            every = {key: state for key, state in every.items() if key in self._keys}
        return dict(sorted(every.items()))

    def values(self, states: States, now: datetime) -> dict[str, Any]:
        """What the features say that anything reads, by name; one that is not known is not there."""
        if not states:
            return dict(self._unseen)
        values: dict[str, Any] = {}
        for kept in self._read:
            state = states.get(kept.key)
            value = kept.default if state is None else kept.says(unpacked(state), now)
            if value is not None:
                values[kept.name] = value
        return values

    def seen(self, person: Person, now: datetime) -> Profile:
        """The person as a decision reads it: what its features say stands among its attributes."""
        profile = person.snapshot()
        values = self.values(person.features, now)
        return msgspec.structs.replace(profile, attributes={**profile.attributes, **values}) if values else profile


class _Kept:
    """One feature of a revision, as it is kept.

    Attributes:
        key: by what states call it.
        types: of the signals that it takes in, every type where it is empty.
    """

    def __init__(self, feature: AnyFeature, program: ProgramOf) -> None:
        self.name = feature.name
        self.key = state_key(feature)
        self.default = getattr(feature, "default", None)
        self._feature = feature
        self._when = program(feature.when) if feature.when else None
        self.types = frozenset(feature.types)
        self._value: Program | None = None
        match feature:
            case Sum() | Decayed():
                self._value = program(feature.amount)
            case Distinct():
                self._value = program(feature.of)
            case Sequence():
                self._steps = [(frozenset(s.types), program(s.when) if s.when else None) for s in feature.steps]
                if not self.types and all(types for types, _ in self._steps):
                    self.types = frozenset().union(*(types for types, _ in self._steps))
        if isinstance(feature, Count | Sum | Distinct):
            self._bucket, self._before = window_of(feature)
            self._most = max(_LEAST_KEPT, MOST_KEPT // (self._before + 1))

    def state(self, signal: Signal, seen: Variables) -> AnyState | None:
        """What a signal alone makes, None where it is not taken in."""
        if self._when is not None and self._when.evaluate(seen) is not True:
            return None
        at = (signal.at - _EPOCH) // _MICROSECOND
        match self._feature:
            case LastSeen() | FirstSeen():
                return Seen(isinstance(self._feature, FirstSeen), at)
            case Sequence():
                return self._step(signal, seen, at // 1000)
            case Count():
                return self._bucketed(at // 1000, _key(signal))
        value = self._value.evaluate(seen) if self._value else None
        return self._of_value(signal, value, at // 1000)

    def _of_value(self, signal: Signal, value: Any, at: int) -> AnyState | None:
        """What a value of a signal makes, None where it is of no use."""
        if isinstance(self._feature, Distinct):
            return self._bucketed(at, key_of(canonical(value))) if value.__class__ in _VALUES else None
        if value.__class__ not in (int, float) or not -LARGEST <= value <= LARGEST:
            return None
        if isinstance(self._feature, Decayed):
            return Decaying.of(1000 * seconds(self._feature.half_life), _key(signal), float(value), at)
        return self._bucketed(at, amount_item(_key(signal), float(value)))

    def says(self, state: AnyState, now: datetime) -> Any:
        """What a state says now, as JSON has it."""
        at = (now - _EPOCH) // _MICROSECOND
        match state:
            case Seen():
                return (_EPOCH + state.at * _MICROSECOND).isoformat()
            case Steps():
                return state.value(at // 1000)
            case Buckets() if not state.weighs:
                return int(state.value(at // 1000))
        return round(state.value(at // 1000), _DECIMALS)

    def _bucketed(self, at: int, item: bytes) -> Buckets:
        number = at // (1000 * self._bucket) if self._bucket else 0
        return Buckets(self._bucket, self._before, self._most, isinstance(self._feature, Sum), {number: item})

    def _step(self, signal: Signal, seen: Variables, at: int) -> Steps | None:
        assert isinstance(self._feature, Sequence)
        times = tuple(
            (at,) if (not types or signal.type in types) and (when is None or when.evaluate(seen) is True) else ()
            for types, when in self._steps
        )
        if not any(times):
            return None
        return Steps(1000 * seconds(self._feature.within), 1000 * seconds(self._feature.window), times)


def window_of(feature: Count | Sum | Distinct) -> tuple[int, int]:
    """Seconds of a bucket, and how many of them the window reaches back; of one that is forever, 0 and 0."""
    window = seconds(feature.window)
    if not window:
        return 0, 0
    finest = next((length for length in BUCKET_SECONDS.values() if window <= _SLIDES * length), BUCKET_SECONDS["1d"])
    bucket = BUCKET_SECONDS[feature.bucket] if feature.bucket else finest
    return bucket, math.ceil(window / bucket)


_SLIDES = 32
"""Buckets of a window whose bucket is not given, at the most as long as a day is not too short for it."""


def _key(signal: Signal) -> bytes:
    return key_of(signal.source.encode(), signal.id.encode())


def state_key(feature: AnyFeature) -> str:
    """What states call a feature: by its name, and six characters that stand for what it takes in and how."""
    said = ("name", "description", "default")
    meant = {name: value for name, value in msgspec.to_builtins(feature).items() if name not in said}
    return f"{feature.name}.{hashlib.sha256(canonical(meant)).hexdigest()[:6]}"
