"""Results: what a check or a simulation of a release came to, as it is noted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shared.domain.canonical import canonical
from shared.domain.errors import ConflictError, InvalidError
from shared.domain.governance.commands import Check, Simulate
from shared.domain.governance.release import Actor, Result

MOST_FIGURES = 8_000
"""Bytes of what a check or a simulation measured: the whole report belongs beside it."""

MOST_DEEP = 10
"""Levels of it, one in another."""


def result_of(command: Check | Simulate, live: str, by: Actor, now: datetime) -> Result:
    """What a command says that something came to, while the revision `live` is live; empty where none is.

    Raises:
        ConflictError: something else is live than it was compared with.
        InvalidError: there are too many figures, or they are nested too deep.
    """
    if command.against not in ("", live):
        raise ConflictError(f"{live or 'nothing'} is live by now, and it was compared with {command.against}: again")
    if not _shallow(command.figures, MOST_DEEP):
        raise InvalidError(f"is nested deeper than {MOST_DEEP} levels", field="figures")
    if len(canonical(command.figures)) > MOST_FIGURES:
        raise InvalidError(f"has more than {MOST_FIGURES} bytes; keep the report elsewhere", field="figures")
    return Result(passed=command.passed, by=by.name, at=now, why=command.why, figures=command.figures, against=live)


def is_known(known: Result | None, result: Result) -> bool:
    """Whether a result was noted before: the same, by the same, against the same."""
    return known is not None and msgspec.structs.replace(known, at=result.at) == result


def _shallow(value: Any, levels: int) -> bool:
    """Whether a value as JSON has it is nested no deeper than so many levels."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels >= 0 and all(_shallow(each, levels - 1) for each in inner)
