"""Many definitions at once, each with what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulators.workflows.language.problems import DefinitionError, Problem
from emulators.workflows.language.reading import checked, read_part
from emulators.workflows.language.steps import Definition, Workflow


@dataclass(frozen=True)
class Linted:
    """One source.

    Attributes:
        name: as it was given.
        what: what it holds, for people.
        problems: what is wrong with it, in its order.
    """

    name: str
    what: str
    problems: tuple[Problem, ...]

    @property
    def only_warns(self) -> bool:
        """Whether nothing keeps it from being deployed."""
        return all(each.is_warning for each in self.problems)

    def plainly(self) -> dict[str, Any]:
        """It for programs."""
        listed = [
            {
                "line": each.place.line,
                "column": each.place.column,
                "severity": "warning" if each.is_warning else "error",
                "message": each.message,
            }
            for each in self.problems
        ]
        return {"file": self.name, "problems": listed}


def lint(sources: Mapping[str, str]) -> list[Linted]:
    """Look through sources by name; subworkflows of one that has no `main` are known to all."""
    parts: dict[str, Definition] = {}
    broken: dict[str, tuple[Problem, ...]] = {}
    for name, source in sources.items():
        try:
            parts[name] = read_part(source)
        except DefinitionError as error:
            broken[name] = tuple(error.problems)
    beside: dict[str, Workflow] = {}
    for part in parts.values():
        if "main" not in part.workflows:
            beside |= part.workflows
    return [
        Linted(name, "", broken[name]) if name in broken else _looked(name, parts[name], beside) for name in sources
    ]


def _looked(name: str, part: Definition, beside: Mapping[str, Workflow]) -> Linted:
    count = len(part.workflows)
    what = f"{count} workflow{'s' if count > 1 else ''}" if "main" in part.workflows else f"{count} subworkflows alone"
    try:
        return Linted(name, what, checked(part, beside).warnings)
    except DefinitionError as error:
        return Linted(name, what, tuple(error.problems))
