"""Exploration: Thompson sampling, P drawn from what its model knows instead of being the mean (`domain.md` 5).

P of a row is drawn from Beta(p·e, (1 - p)·e), p being its mean and e the evidence that it is worth. The bits are those
of a SplitMix64 stream that begins at a digest of the decision and one of the treatment: so a decision draws the same
whenever it is made, and what a treatment draws depends on no other treatment. numpy's own generators draw in a
sequence, in which one more row, or one more rejection, moves all that follow.

A beta variate is made of two gamma variates, x / (x + y). One of shape a is drawn as one of a + 3, times three uniform
numbers to the powers of 1 / a, 1 / (a + 1) and 1 / (a + 2), which is exact; and that of a + 3 by the approximation of
Wilson and Hilferty (1931), the cube of a normal number, which from 3 on is good to a few parts in a thousand. Nothing
is rejected, so that every row takes the same steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from shared.domain.classifier import Vector

Words: TypeAlias = NDArray[np.uint64]

_STEP, _MIX_1, _MIX_2 = map(np.uint64, (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
"""SplitMix64 (Steele, Lea and Flood, 2014): the step of its state, and what the bits of a state are mixed by."""

_27, _30, _31, _32 = map(np.uint64, (27, 30, 31, 32))
_LOW: Final = np.uint64(0xFFFFFFFF)
_RAISED: Final = 3
"""By how much a shape is raised, so that the approximation holds."""

_AT_ONCE: Final = 8192
"""Pairs of which all that is worked out on the way stays in a processor's cache."""

_STEPS: Final = np.arange(1, 2 + _RAISED, dtype=np.uint64)[:, None] * _STEP
_RAISES: Final = np.arange(_RAISED, dtype=np.float64)[:, None, None]


def streams(treatments: Sequence[str]) -> Words:
    """Where the streams of these treatments begin."""
    return np.array([_digest(treatment) for treatment in treatments], np.uint64)


def draw(decision: str, of: Words, means: Vector, evidence: Vector) -> Vector:
    """Draw P of some rows.

    Args:
        decision: the decision's id.
        of: where the rows' streams begin.
        means: the mean of each row's P, between 0 and 1.
        evidence: how many responses it is worth, above 0.
    """
    return _drawn(of ^ np.uint64(_digest(decision)), means, evidence)


def draw_each(decisions: Sequence[str], whose: NDArray[Any], of: Words, means: Vector, evidence: Vector) -> Vector:
    """Draw P of pairs of decisions and rows: of each what `draw` draws.

    Args:
        decisions: their ids.
        whose: the place among these of each pair's decision.
        of: where the stream of each pair's row begins.
        means: the mean of each pair's P.
        evidence: how many responses it is worth.
    """
    states = of ^ np.array([_digest(decision) for decision in decisions], np.uint64)[whose]
    found = np.empty(len(states))
    for begin in range(0, len(states), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        found[some] = _drawn(states[some], means[some], evidence[some])
    return found


def _drawn(states: Words, means: Vector, evidence: Vector) -> Vector:
    uniform = _uniform(states)
    shapes = np.stack((means, 1.0 - means)) * evidence
    raised = 9.0 * (shapes + _RAISED)
    root = 1.0 - 1.0 / raised + _normal(uniform[0], uniform[1]) / np.sqrt(raised)
    # by logarithms, since a gamma variate of a small shape may be smaller than any number
    logs = 3.0 * np.log(np.maximum(root, 1e-3)) + np.log(raised)
    powers = np.log(uniform[2:]).reshape(_RAISED, *shapes.shape)
    powers /= shapes + _RAISES
    for power in powers:
        logs += power
    return np.asarray(1.0 / (1.0 + np.exp(np.minimum(logs[1] - logs[0], 700.0))))


def chances(decision: str, treatments: Sequence[str]) -> Vector:
    """A number for each treatment, evenly spread between 0 and 1, that a decision draws whenever it is made; those of
    `draw` are others.
    """
    return np.asarray(_uniform(streams(treatments) ^ np.uint64(_digest(f"chance:{decision}")))[0])


def _normal(one: Vector, other: Vector) -> Vector:
    """Two independent normal numbers of two uniform ones, by Box and Muller."""
    radius = np.sqrt(-2.0 * np.log(one))
    cosine = np.cos(2.0 * np.pi * other)
    sine = np.sqrt(1.0 - cosine * cosine)  # np.sin takes as long as np.cos
    return np.stack((radius * cosine, radius * np.where(other < 0.5, sine, -sine)))


def _uniform(states: Words) -> Vector:
    """Eight numbers a row, between 0 and 1 and neither of them: the halves of the next four words of its stream."""
    words = states + _STEPS
    words ^= words >> _30
    words *= _MIX_1
    words ^= words >> _27
    words *= _MIX_2
    words ^= words >> _31
    return (np.concatenate((words >> _32, words & _LOW)) + 0.5) * 2.0**-32


def _digest(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
