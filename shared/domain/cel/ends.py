"""How an evaluation ends when it ends in no value.

A read of something that is not there ends in `Missing`, whatever else goes wrong in `Failed`. Neither is an exception
and neither is false: both travel through an expression as CEL's errors do. A function with several arguments ends as
its leftmost argument that is no value; `&&`, `||`, `all` and `exists` absorb both kinds whichever side they stand on.
Where an absence meets another error and neither is absorbed, the leftmost in the expression is the end, as in Google's
implementation, where both are errors.
"""

from __future__ import annotations

from typing import Any


class Missing:
    """A variable, field or key that is not there: the expression is unknown.

    Attributes:
        path: what was looked for, as far as it is known: `("profile", "balance")`.
    """

    __slots__ = ("path",)

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Missing) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"Missing({'.'.join(self.path)})"


class Failed:
    """Any other error: the expression is wrong for these values.

    Attributes:
        reason: what was wrong, for people.
    """

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Failed) and other.reason == self.reason

    def __hash__(self) -> int:
        return hash(self.reason)

    def __repr__(self) -> str:
        return f"Failed({self.reason})"


ENDS = frozenset({Missing, Failed})
"""The classes of what is no value."""


def is_end(value: Any) -> bool:
    """Whether this is no value."""
    return value.__class__ in ENDS
