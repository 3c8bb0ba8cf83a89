"""Errors as a workflow sees them: text or a map, raised by a step and caught by an except."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulators.workflows.language.problems import Place

TAGS: Mapping[str, tuple[str, ...]] = {
    "AuthError": ("AuthError",),
    "ConnectionError": ("ConnectionError",),
    "ConnectionFailedError": ("ConnectionFailedError", "ConnectionError"),
    "HttpError": ("HttpError",),
    "IndexError": ("IndexError", "LookupError"),
    "KeyError": ("KeyError", "LookupError"),
    "NotFound": ("NotFound",),
    "OperationError": ("OperationError",),
    "ParallelNestingError": ("ParallelNestingError",),
    "RecursionError": ("RecursionError",),
    "ResourceLimitError": ("ResourceLimitError",),
    "ResponseTypeError": ("ResponseTypeError",),
    "SystemError": ("SystemError",),
    "TimeoutError": ("TimeoutError",),
    "TypeError": ("TypeError",),
    "UnhandledBranchError": ("UnhandledBranchError",),
    "ValueError": ("ValueError",),
    "ZeroDivisionError": ("ZeroDivisionError", "ArithmeticError"),
}
"""Tags of the errors that Workflows raises by itself, by the first of them."""


@dataclass
class Frame:
    """A step that was under way when something was raised."""

    step: str
    routine: str
    place: Place


class WorkflowError(Exception):
    """Something raised in a workflow.

    Attributes:
        value: what an except gets: text, or a map with `message`, `tags` and more.
        frames: the steps that were under way, the innermost first.
    """

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value
        self.frames: list[Frame] = []


@dataclass
class StoppedError(Exception):
    """The execution was cancelled."""

    reason: str = field(default="cancelled")


def failure(tag: str, message: str, **further: Any) -> WorkflowError:
    """An error that Workflows raises by itself."""
    tags = list(TAGS[tag])
    said = message if tag == "HttpError" else f"{tag}: {message}"
    return WorkflowError({"message": said, "tags": tags, **further})


def has_tag(value: Any, *tags: str) -> bool:
    """Whether what was raised has one of some tags."""
    found = value.get("tags") if isinstance(value, dict) else None
    return isinstance(found, list) and any(tag in found for tag in tags)
