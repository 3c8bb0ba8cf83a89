"""What is offered to an inbound channel for one request, and what it is chosen from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shared.domain.contact_policy import Withheld


class BestFirst(NamedTuple):
    """Candidates as they rank: their rows in the revision, and their priorities."""

    rows: Sequence[int]
    priorities: Sequence[float]


class Offered(NamedTuple):
    """A treatment, the placement it fills, and its rank there, from 1."""

    treatment: str
    placement: str | None
    rank: int


class Offer(NamedTuple):
    """What fills the slots of a request.

    Attributes:
        offered: by placement as asked for, then by rank.
        withheld: what contact policy stopped that ranks above what is offered in its placement.
        unmet: issues of which one is wanted and none could be had.
        proved: whether no choice is better; False where the search was cut short.
    """

    offered: tuple[Offered, ...]
    withheld: tuple[Withheld, ...]
    unmet: tuple[str, ...] = ()
    proved: bool = True
