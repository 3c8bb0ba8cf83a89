"""`waves.scarce`: scarce channels given to whom they are worth most, held against the linear programme and who comes
first.

A hundred thousand persons and five channels: e-mail and notifications for whoever wants them, ten thousand texts of
which four thousand at least, two thousand calls, and letters of which fifty thousand must go out. What a channel is
worth for a person is skewed, alike from channel to channel, and nothing for those whom it does not reach. In one case
worths are whole pounds, so that very many are alike. HiGHS, scipy's solver, says what can be worth at the most; our own
`bound` must say the same, without a solver. `first come` is what volumes give out by themselves: each person, one after
the other, takes the channel that is worth most and has something left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_matrix, vstack

from cli.bench.counts import Counts
from cli.bench.results import Result, result
from cli.say import fail
from shared.domain.outbound.distribution import Volume, distribute

MOST_SHORT = 1.0
"""Percent that a distribution may be short of the linear programme by."""

_SHARES = ((1.0, 0.0), (1.0, 0.0), (0.10, 0.04), (0.02, 0.0), (1.0, 0.5))
"""Of e-mail, notifications, texts, calls and letters: the most and the least places, as parts of the persons."""

_WORTH = (0.6, 0.4, 1.6, 9.0, 0.5)
_REACHED = (0.85, 0.5, 0.7, 0.6, 0.95)


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Distribute, and let the solver do the same."""
    persons = counts.wave_persons
    tell(f"waves: {persons:,} persons, {len(_SHARES)} channels")
    volumes = volumes_of(persons)
    ours, solver, short, behind = [], [], [], []
    for number, digits in enumerate((8, 0)):
        worth = worths(persons, digits, seed=number)
        began = time.process_time()
        found = distribute(worth, volumes)
        ours.append((time.process_time() - began) * 1000)
        began = time.process_time()
        best = programme(worth, volumes)
        solver.append((time.process_time() - began) * 1000)
        if abs(found.bound - best) > 1e-6 * best:
            fail(f"the bound says {found.bound}, and HiGHS {best}", "One of them is wrong.")
        short.append(100 * (best - found.total) / best)
        behind.append(100 * (best - first_come(worth, volumes)) / best)
    return [
        result("waves.scarce", "% short of the most", short, peers={"first come": behind}, most=MOST_SHORT),
        result("waves.scarce.time", "ms", ours, peers={"HiGHS": solver}),
    ]


def volumes_of(persons: int) -> list[Volume]:
    """The volumes of so many persons."""
    return [Volume(None if most == 1 else int(most * persons), int(least * persons)) for most, least in _SHARES]


def worths(persons: int, digits: int, seed: int) -> NDArray[np.float64]:
    """What each channel is worth for each person, to so many digits; less than nothing where it does not reach them."""
    chance = np.random.default_rng(seed)
    likes = chance.gamma(1.5, 1.0, (persons, 1))
    worth = np.round(likes * chance.gamma(2.0, 1.0, (persons, len(_WORTH))) * _WORTH, digits)
    worth[chance.random(worth.shape) >= _REACHED] = -1.0
    return worth


def first_come(worth: NDArray[np.float64], volumes: Sequence[Volume]) -> float:
    """What it is worth when each person takes the best that is left."""
    left = [len(worth) if each.most is None else each.most for each in volumes]
    total = 0.0
    for wanted, person in zip(np.argsort(-worth, axis=1).tolist(), worth.tolist(), strict=True):
        for channel in wanted:
            if person[channel] >= 0 and left[channel]:
                left[channel] -= 1
                total += person[channel]
                break
    return total


def programme(worth: NDArray[np.float64], volumes: Sequence[Volume]) -> float:
    """What can be worth at the most, by HiGHS."""
    persons, channels = worth.shape
    whose, which = (worth >= 0).nonzero()
    pairs = np.arange(len(whose))
    once = coo_matrix((np.ones(len(pairs)), (whose, pairs)), (persons, len(pairs)))
    taken = coo_matrix((np.ones(len(pairs)), (which, pairs)), (channels, len(pairs)))
    most = [persons if each.most is None else each.most for each in volumes]
    rows = vstack([once, taken, -taken]).tocsr()
    limits = np.concatenate((np.ones(persons), most, [-each.least for each in volumes]))
    found = linprog(-worth[whose, which], A_ub=rows, b_ub=limits, bounds=(0, 1), method="highs-ipm")
    if found.status:
        fail(f"HiGHS found no answer: {found.message}", "Without it there is nothing to compare with.")
    return float(-found.fun)
