"""What a profile keeps for one feature, by kind: how a signal adds to it, how two are merged, and what it says.

Each says by itself how it is merged, so that no catalogue is needed to merge two profiles. Times are whole numbers:
milliseconds since 1970 unless said otherwise.
"""

from __future__ import annotations

import math
import struct
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from shared.domain.features.sampled import (
    KEY,
    amounts_together,
    keys_together,
    number_of,
    sum_of,
    uniform,
)
from shared.domain.ready import ready

MOST_KEPT = 512
"""Things, or amounts, that are kept over all buckets, before one estimates: the error is then under 5 %."""

MOST_DECAYING = 128
"""Amounts that a decayed sum keeps, before it estimates: its error is then about 9 %."""

MOST_TIMES = 64
"""Times that a step of a sequence remembers: the latest."""

LARGEST = 1e15
"""An amount beyond it is taken for a mistake, and not in."""


class State(msgspec.Struct, frozen=True, array_like=True, tag_field="kind", gc=False):
    """What is kept for one feature."""


class Buckets(State, frozen=True, array_like=True, tag="b", gc=False):
    """Samples by bucket of time.

    Attributes:
        seconds: the length of a bucket; 0 where there is one for all time.
        before: buckets kept before the latest.
        most: things kept of one bucket.
        weighs: whether things have amounts.
        samples: by the number of the bucket since 1970.
    """

    seconds: int
    before: int
    most: int
    weighs: bool
    samples: dict[int, bytes]

    def merged(self, other: Buckets) -> Buckets:
        """With what another saw."""
        samples = dict(self.samples)
        for number, sample in other.samples.items():
            samples[number] = self._together(samples[number], sample) if number in samples else sample
        latest = max(samples)
        kept = {number: samples[number] for number in sorted(samples) if number >= latest - self.before}
        return msgspec.structs.replace(self, samples=kept)

    def value(self, now: int) -> float:
        """The number, or the sum, of what is in the buckets that the window reaches into."""
        first = (now // 1000 - self.before * self.seconds) // self.seconds if self.seconds else 0
        samples = [self.samples[number] for number in reversed(self.samples) if number >= first]
        return sum_of(samples, self.most) if self.weighs else number_of(samples, self.most)

    def _together(self, one: bytes, other: bytes) -> bytes:
        return amounts_together(one, other, self.most) if self.weighs else keys_together(one, other, self.most)


_DECAYING = struct.Struct(f">{KEY}sdq")


class Decaying(State, frozen=True, array_like=True, tag="d", gc=False):
    """A sample of amounts by what is left of them, which ranks them the same at any time.

    Attributes:
        half_life: milliseconds after which half is left.
        items: key, amount and time of each, by key; where there are as many as can be, the threshold before all others.
    """

    half_life: int
    items: bytes

    @classmethod
    def of(cls, half_life: int, key: bytes, amount: float, at: int) -> Decaying:
        """What one amount makes."""
        return cls(half_life, _DECAYING.pack(key, amount, at) if amount else b"")

    def merged(self, other: Decaying) -> Decaying:
        """With what another saw."""
        found: dict[bytes, tuple[float, int, float]] = {}
        for key, amount, at in _DECAYING.iter_unpack(self.items + other.items):
            # the logarithm of its priority, as it would be in 1970
            item = math.log2(abs(amount) / uniform(key)) + at / self.half_life, at, amount
            found[key] = max(item, found.get(key, item))
        kept = sorted(found)
        if len(kept) > MOST_DECAYING:
            first = sorted(kept, key=lambda key: (-found[key][0], key))[: MOST_DECAYING + 1]
            kept = [first.pop(), *sorted(first)]
        return Decaying(self.half_life, b"".join([_DECAYING.pack(key, found[key][2], found[key][1]) for key in kept]))

    def value(self, now: int) -> float:
        """What is left of the sum."""
        each_time = 1 / self.half_life
        items = [
            (key, amount, math.exp2((at - now) * each_time)) for key, amount, at in _DECAYING.iter_unpack(self.items)
        ]
        if len(items) <= MOST_DECAYING:
            return math.fsum([amount * share for _, amount, share in items])
        (key, amount, share), *items = items
        threshold = abs(amount) * share / uniform(key)
        return math.fsum([math.copysign(max(abs(amount) * share, threshold), amount) for _, amount, share in items])


class Seen(State, frozen=True, array_like=True, tag="s", gc=False):
    """When a signal was seen.

    Attributes:
        first: whether the first counts, or else the last.
        at: when it was, in microseconds.
    """

    first: bool
    at: int

    def merged(self, other: Seen) -> Seen:
        """With what another saw."""
        earlier, later = sorted((self, other), key=lambda seen: seen.at)
        return earlier if self.first else later


class Steps(State, frozen=True, array_like=True, tag="q", gc=False):
    """When each step of a sequence was made.

    Attributes:
        within: milliseconds that the first and the last step may be apart.
        window: milliseconds for which it counts.
        times: of each step, in order.
    """

    within: int
    window: int
    times: tuple[tuple[int, ...], ...]

    def merged(self, other: Steps) -> Steps:
        """With what another saw."""
        together = [{*one, *more} for one, more in zip(self.times, other.times, strict=True)]
        since = max(max(step, default=0) for step in together) - self.within - self.window
        times = tuple([tuple(sorted(at for at in step if at >= since)[-MOST_TIMES:]) for step in together])
        return msgspec.structs.replace(self, times=times)

    def value(self, now: int) -> bool:
        """Whether the steps came one after the other, the last of them within the window."""
        return any(end >= now - self.window and end - start <= self.within for start, end in self._runs())

    def _runs(self) -> Iterator[tuple[int, int]]:
        """Where each run of all steps begins at the latest, and where it ends."""
        for end in reversed(self.times[-1]):
            at = end
            for step in reversed(self.times[:-1]):
                earlier = bisect_left(step, at) - 1
                if earlier < 0:
                    break
                at = step[earlier]
            else:
                yield at, end


AnyState = Buckets | Decaying | Seen | Steps

_encode = msgspec.msgpack.Encoder().encode
_decode: Callable[[bytes], AnyState] = msgspec.msgpack.Decoder(ready(AnyState)).decode


def packed(state: AnyState) -> bytes:
    """A state as a profile keeps it."""
    return _encode(state)


def unpacked(data: bytes) -> AnyState:
    """A state that a profile keeps."""
    return _decode(data)


def together(one: Any, other: Any) -> AnyState:
    """Two states of one definition, and so of one kind, as one."""
    state: AnyState = one.merged(other)
    return state


def merged(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> dict[str, bytes]:
    """What two persons keep, as one: the same as if one person had sent the signals of both. In any order, and of any
    number of persons in any grouping, it comes to the same; of a person with itself, to itself.
    """
    kept = {**one, **other}
    for key in one.keys() & other.keys():
        kept[key] = packed(together(unpacked(one[key]), unpacked(other[key])))
    return dict(sorted(kept.items()))
