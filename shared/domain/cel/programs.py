"""A program: an expression ready to be evaluated.

The compiler is imported with the first program. Most conditions are answered from tables, and a revision whose every
condition is starts in a third less time without it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Program:
    """One expression, ready to be evaluated.

    Attributes:
        data: what it was made of.
        evaluate: takes the variables by name, a dict of CEL values (see `values`; JSON as msgspec decodes it is made of
            such), and returns the expression's value, `Missing` where it read something that is not there, or `Failed`
            for any other error. It never raises and never takes either for false.
    """

    __slots__ = ("data", "evaluate")

    def __init__(self, data: Any) -> None:
        from shared.domain.cel.compiling import Compiler  # noqa: PLC0415 - see above
        from shared.domain.cel.macros import budgeted  # noqa: PLC0415

        compiler = Compiler()
        run = compiler.compile(data)
        self.data = data
        self.evaluate: Callable[[dict[str, Any]], Any] = budgeted(run) if compiler.loops else run

    @property
    def reads(self) -> tuple[tuple[str, ...], ...]:
        """The paths that it may read, such as `("profile", "balance")`."""
        from shared.domain.cel.reads import read_paths  # noqa: PLC0415

        return read_paths(self.data)


def program(data: Any) -> Program:
    """The program that this data describes, as `shared.authoring` builds it.

    Raises:
        InvalidError: the data describes none, or one beyond the limits; the field is the path of positions to the node
            that is wrong.
    """
    return Program(data)
