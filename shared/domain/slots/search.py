"""The best choice without bundles: greedy, then exchanges, reading no more of the ranking than can matter."""

from __future__ import annotations

from collections.abc import Container, Sequence

from shared.domain.slots.exchange import Choice
from shared.domain.slots.pool import Pool


def best(pool: Pool, weights: Sequence[int], outside: Container[int] = ()) -> Choice:
    """The best choice among all candidates but those `outside`; the pool grows as far as that needs.

    Weights are the pool's; those of candidates of bundles may differ, once the pool holds all candidates.
    """
    choice = Choice(pool, weights)
    aside: list[int] = []
    k = 0
    while k < len(weights) and not choice.complete():
        if k not in outside and not choice.took(k):
            aside.append(k)
        k += 1
    choice.look(aside)
    if choice.improvable():
        choice.look([])
        choice.improvable()
        for y in aside:
            choice.admit(y)
    while True:
        if k == len(weights):
            pool.grow(above=pool.scale.priority_within(choice.light))
            if k == len(weights):
                return choice
        if weights[k] > choice.light and k not in outside:
            choice.admit(k)
        k += 1
