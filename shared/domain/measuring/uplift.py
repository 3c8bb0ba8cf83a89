"""What each action did: how many more accept it of those who were given it than of those who would have been given it
and were held out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec

from shared.domain.experiments import HELD_OUT
from shared.domain.measuring.arms import Sums, compare
from shared.domain.measuring.sequences import Interval


class Sides(NamedTuple):
    """An action: persons, and those of them who accepted it, of those who were given it and of those held out."""

    action: str
    given: tuple[int, int] = (0, 0)
    held_out: tuple[int, int] = (0, 0)


class Uplift(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An action's.

    Attributes:
        given, held_out: persons on each side.
        accepts: share of those who were given it that accepted.
        accepts_anyway: share of those held out that did: what the catalogue may hold as the action's `anyway`.
        uplift: the difference; None where nothing can be said.
        refused: why nothing is said.
    """

    action: str
    given: int
    held_out: int
    accepts: float
    accepts_anyway: float
    uplift: Interval | None = None
    refused: str = ""


class Uplifts(msgspec.Struct, frozen=True, kw_only=True):
    """Every action that was held back from anybody in a period."""

    since: datetime
    until: datetime
    actions: tuple[Uplift, ...]
    scanned_bytes: int | None = None


def uplift_of(sides: Sides) -> Uplift:
    """One action's."""
    given, held_out = _sums(*sides.given), _sums(*sides.held_out)
    found = compare(given, held_out)
    return Uplift(
        action=sides.action,
        given=given.persons,
        held_out=held_out.persons,
        accepts=given.mean,
        accepts_anyway=held_out.mean,
        uplift=found.absolute,
        refused=found.refused,
    )


def sides_of(counted: Sequence[tuple[str, str, int, int]]) -> tuple[Sides, ...]:
    """Actions with both their sides, of (action, side, persons, accepted)."""
    by_action: dict[str, dict[str, tuple[int, int]]] = {}
    for action, side, persons, accepted in counted:
        by_action.setdefault(action, {})[side] = persons, accepted
    return tuple(Sides(action, *_both(sides)) for action, sides in sorted(by_action.items()))


def _both(sides: Mapping[str, tuple[int, int]]) -> tuple[tuple[int, int], tuple[int, int]]:
    return sides.get("given", (0, 0)), sides.get(HELD_OUT, (0, 0))


def _sums(persons: int, accepted: int) -> Sums:
    return Sums(persons=persons, reacted=accepted, total=float(accepted), squares=float(accepted))
