"""CEL without a CEL library: a built revision carries each expression as data, and this evaluates it.

An expression is parsed and type-checked when the catalogue is built. What is left of it, a tree of plain arrays, is
compiled here to closures, which cannot reach Python, do no I/O, never raise, and visit a bounded number of elements.
"""

from __future__ import annotations

from shared.domain.cel.ends import Failed, Missing
from shared.domain.cel.programs import Program, program
from shared.domain.cel.values import Duration, Kind, Timestamp, Uint, from_python

__all__ = ["Duration", "Failed", "Kind", "Missing", "Program", "Timestamp", "Uint", "from_python", "program"]
