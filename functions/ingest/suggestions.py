"""What to say of a name that is not declared."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def unknown(what: str, declared: Iterable[str], given: str) -> str:
    """That it is not declared, what was perhaps meant, and what is declared."""
    names = sorted(declared)
    close = difflib.get_close_matches(given, names, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"no such {what} is declared; {hint}declared are {', '.join(names)}"
