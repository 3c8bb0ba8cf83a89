"""How large an expression and what it computes may become. Beyond a limit the build refuses, and evaluation ends in an
error: neither ever runs without bound.
"""

from __future__ import annotations

MAX_LENGTH = 4_000
"""Characters of an expression's text."""

MAX_DEPTH = 64
"""Levels of a program. Google's parser takes 32 levels of text; a macro makes more than one."""

MAX_NODES = 2_000
"""Nodes of a program: its literals, reads, calls and macros together."""

MAX_COST = 250_000
"""Estimated steps of one evaluation, a list of unknown length counted as `ASSUMED_LENGTH`."""

ASSUMED_LENGTH = 100

MAX_ITERATIONS = 20_000
"""Elements that all macros of one evaluation may visit together; 16 characters that `map` makes count as one."""

MAX_SIZE = 1_000_000
"""Characters, bytes or elements of what `+` joins."""

MAX_COMPARED = 200_000
"""Elements that one comparison of containers may visit."""

MAX_NESTING = 100
"""Levels of containers within each other in a value that comes from Python."""
