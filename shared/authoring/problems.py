"""What is wrong with a catalogue, and where: every problem of a build at once, each with its file, line and column."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

import msgspec

from shared.domain.errors import PermanentError

if TYPE_CHECKING:
    from shared.authoring.places import Place


Severity = Literal["error", "warning"]


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing to correct.

    Attributes:
        file: the file, relative to the catalogue, or to where the command ran once it is loaded from a folder.
        line: from 1.
        column: from 1.
        path: the place in the file's structure, such as `actions[0].policy.eligibility[0].when`.
        message: what is wrong.
        suggestion: what was probably meant.
        text: the offending text as it was written, at most its line; empty where something is missing.
        severity: an error keeps a catalogue from being built, a warning does not.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    suggestion: str | None = None
    text: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: " + (f"{self.path}: " if self.path else "")
        if self.severity == "warning":
            where += "warning: "
        return where + self.message + (f", did you mean {self.suggestion}?" if self.suggestion else "")


class CatalogueError(PermanentError):
    """A catalogue that cannot become a revision.

    Attributes:
        problems: all that is wrong, by file, line and column.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Problems:
    """Collects problems while a catalogue is read and checked."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(
        self,
        place: Place,
        message: str,
        *,
        wrote: str = "",
        known: Iterable[str] = (),
        severity: Severity = "error",
    ) -> None:
        """Note a problem at a place; of `known`, what comes close to what somebody `wrote` is suggested."""
        self.found.append(
            Problem(
                file=place.file,
                line=place.line,
                column=place.column,
                path=place.path,
                message=message,
                suggestion=closest(wrote, known),
                text=place.text,
                severity=severity,
            )
        )

    @property
    def has_errors(self) -> bool:
        """Whether anything keeps the catalogue from being built."""
        return any(problem.severity == "error" for problem in self.found)

    def raise_any(self) -> None:
        """Fail if there are errors.

        Raises:
            CatalogueError: there are; it names the warnings too.
        """
        if self.has_errors:
            raise CatalogueError(self.found)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Each problem once, by file, line and column."""
    return sorted(set(problems), key=lambda p: (p.file, p.line, p.column, p.path, p.message))


def closest(wrote: str, known: Iterable[str]) -> str | None:
    """The known name that comes closest to what somebody wrote, None where none comes close."""
    return next(iter(difflib.get_close_matches(wrote, sorted(known), n=1)), None)
