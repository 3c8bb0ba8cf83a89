"""Why an item of a request was not taken, as RFC 9457 has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.domain.errors import InvalidError


def rejection(index: int, status: int, error: InvalidError) -> dict[str, Any]:
    """An item's problem, with its place."""
    problem: Mapping[str, Any] = {
        "type": "about:blank",
        "title": "Not found" if status == 404 else "Invalid outcome",
        "status": status,
        "detail": error.detail,
        "field": error.field,
    }
    return {"index": index, "problem": problem}
