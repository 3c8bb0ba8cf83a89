"""Where a machine stands."""

from __future__ import annotations

from typing import NamedTuple

from emulators.workflows.running.variables import Variables


class Standing(NamedTuple):
    """In which workflow, with which variables, how many calls deep, and in how many parallel steps."""

    routine: str
    variables: Variables
    depth: int = 0
    parallel: int = 0
