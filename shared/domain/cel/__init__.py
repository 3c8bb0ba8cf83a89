"""CEL without a CEL library: a built revision carries each expression as data, and this evaluates it.

An expression is parsed and type-checked when the catalogue is built. What is left of it, a tree of plain arrays, is
compiled here to closures, which cannot reach Python, do no I/O, never raise, and visit a bounded number of elements.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from shared.domain.cel.compiling import Compiler
from shared.domain.cel.ends import Failed, Missing
from shared.domain.cel.macros import budgeted
from shared.domain.cel.reads import read_paths
from shared.domain.cel.values import Duration, Kind, Timestamp, Uint, from_python

__all__ = ["Duration", "Failed", "Kind", "Missing", "Program", "Timestamp", "Uint", "from_python", "program"]


class Program:
    """One expression, ready to be evaluated.

    Attributes:
        data: what it was made of.
        reads: the paths that it may read, such as `("profile", "balance")`.
        evaluate: takes the variables by name, a dict of CEL values (see `values`; JSON as msgspec decodes it is made of
            such), and returns the expression's value, `Missing` where it read something that is not there, or `Failed`
            for any other error. It never raises and never takes either for false.
    """

    __slots__ = ("data", "evaluate", "reads")

    def __init__(self, data: Any) -> None:
        compiler = Compiler()
        run = compiler.compile(data)
        self.data = data
        self.reads = read_paths(data)
        self.evaluate: Callable[[dict[str, Any]], Any] = budgeted(run) if compiler.loops else run


def program(data: Any) -> Program:
    """The program that this data describes, as `shared.authoring` builds it.

    Raises:
        InvalidError: the data describes none, or one beyond the limits; the field is the path of positions to the node
            that is wrong.
    """
    return Program(data)
