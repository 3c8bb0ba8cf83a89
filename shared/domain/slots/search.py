"""The best choice without bundles: greedy, then exchanges, reading no more of the ranking than can matter."""

from __future__ import annotations

from collections.abc import Container, Sequence

from shared.domain.slots.exchange import Choice
from shared.domain.slots.pool import Pool


def best(pool: Pool, weights: Sequence[int], outside: Container[int] = ()) -> Choice:
    """The best choice among all candidates but those `outside`; the pool grows as far as that needs.

    Weights are the pool's; those of candidates of bundles may differ, once the pool holds all candidates. Candidates
    are looked at from the heaviest on, since one that is passed over as too light is not looked at again: what comes
    after it must be no heavier. The pool's own weights fall in rank order.
    """
    choice = Choice(pool, weights)
    order: Sequence[int] | None = None
    if weights is not pool.weights:
        order = sorted(range(len(weights)), key=weights.__getitem__, reverse=True)
    aside: list[int] = []
    n = 0
    while n < len(weights) and not choice.complete():
        k = n if order is None else order[n]
        if k not in outside and not choice.took(k):
            aside.append(k)
        n += 1
    choice.look(aside)
    if choice.improvable():
        choice.look([])
        choice.improvable()
        for y in aside:
            choice.admit(y)
    while True:
        if n == len(weights):
            pool.grow(above=pool.scale.priority_within(choice.light))
            if n == len(weights):
                return choice
        k = n if order is None else order[n]
        if weights[k] > choice.light and k not in outside:
            choice.admit(k)
        n += 1
