"""What came of an execution's effects before now: told again in the same turns, its steps go the way they went."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol


class Outcome(NamedTuple):
    """What came of one effect.

    Attributes:
        turn: how many times tasks had been resumed by then.
        task: which of them had asked for it, by its number.
        value: what it gave.
        error: what it raised instead; None where it did not.
    """

    turn: int
    task: int
    value: Any
    error: Any = None


class Keeper(Protocol):
    """Keeps what comes of effects, before anybody acts upon it."""

    def came(self, outcome: Outcome) -> None:
        """Keep it."""


class Past:
    """What is known from before, until it is used up."""

    def __init__(self, outcomes: Iterable[Outcome] = (), arrivals: Iterable[tuple[str, Any]] = ()) -> None:
        """Know of outcomes, and of what came to keys from outside."""
        self._outcomes = deque(outcomes)
        self._arrivals = list(arrivals)

    def __bool__(self) -> bool:
        return bool(self._outcomes)

    def of_turn(self, turn: int) -> Outcome | None:
        """The next outcome, if it came by this turn."""
        return self._outcomes.popleft() if self._outcomes and self._outcomes[0].turn <= turn else None

    def taken(self, key: str, value: Any) -> None:
        """Note that what came to a key was waited for."""
        if (key, value) in self._arrivals:
            self._arrivals.remove((key, value))

    def left(self) -> list[tuple[str, Any]]:
        """What came to keys, and nobody has waited for."""
        return self._arrivals
