"""What is wrong with a definition, and where."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """Where something stands in a source, both counted from 1."""

    line: int
    column: int


class Problem(NamedTuple):
    """One thing that is wrong, or only looks so: a warning keeps nothing from being deployed."""

    place: Place
    message: str
    is_warning: bool = False

    def __str__(self) -> str:
        return f"{self.place.line}:{self.place.column}: {self.message}"


class DefinitionError(Exception):
    """A definition that Google Cloud would not deploy: everything that is wrong with it, in the order of the source."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(set(problems))
        super().__init__("\n".join(str(each) for each in self.problems))
