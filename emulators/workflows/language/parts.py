"""Parts of a definition: what they are made of, and what is wrong with it."""

from __future__ import annotations

import re

from emulators.workflows.language.marked import Marked, text_of
from emulators.workflows.language.problems import Problem
from emulators.workflows.language.steps import Template
from emulators.workflows.language.templates import template

IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


class Parts:
    """Takes marked values for what they should be, and notes what is wrong."""

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self.problems: list[Problem] = []

    def wrong(self, marked: Marked, message: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(marked.place, message))

    def parts(self, body: Marked, what: str, known: set[str], *, of: list[str] | None = None) -> dict[str, Marked]:
        """The parts of a map by name; those that are not known are problems."""
        if body.kind != "map":
            self.wrong(body, f"{what} is a map")
            return {}
        for key, _ in body.pairs:
            if key.value not in known and key.value not in (of or ()):
                self.wrong(key, f"{what} knows no `{text_of(key.value)}`: expected {', '.join(sorted(known))}")
        return {str(key.value): value for key, value in body.pairs}

    def name(self, marked: Marked | None, what: str) -> str | None:
        """A name, as text."""
        if marked is None:
            return None
        if marked.kind != "scalar":
            self.wrong(marked, f"{what} is a name")
            return None
        return text_of(marked.value)

    def variable(self, marked: Marked | None, what: str) -> str | None:
        """A name that a variable can have."""
        name = self.name(marked, what)
        if marked is not None and name is not None and not IDENTIFIER.fullmatch(name):
            self.wrong(marked, f"{what}: {name!r} is no name of a variable")
        return name

    def listed(self, marked: Marked | None, what: str) -> list[Marked]:
        """The items of a list; none where it is no list, which is a problem."""
        if marked is None:
            return []
        if marked.kind != "list":
            self.wrong(marked, f"{what} is a list")
            return []
        return marked.items

    def template(self, marked: Marked) -> Template:
        """A value."""
        return template(marked, self.problems)

    def optional(self, marked: Marked | None) -> Template | None:
        """A value that may be left out."""
        return template(marked, self.problems) if marked else None
