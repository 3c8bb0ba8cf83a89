"""Values that identify nobody: placeholders that a tag or a form sends where it knows no better."""

from __future__ import annotations

import hashlib

from shared.domain.catalogue.surroundings import Blocked
from shared.domain.identifiers import MAX_LENGTH


class BadValues:
    """The bad values that a catalogue declares, ready to be asked for. They are looked for in values as they are sent:
    what is stored is hashed, and looks like any other.
    """

    def __init__(self, blocked: Blocked) -> None:
        """Compile the patterns."""
        from shared.domain.cel.automata import Automaton  # noqa: PLC0415 - whoever decides takes no values in
        from shared.domain.cel.pattern_trees import Choice, PatternError  # noqa: PLC0415
        from shared.domain.cel.patterns import parse  # noqa: PLC0415

        values = {value.casefold() for value in blocked.values}
        self._values = values | {hashlib.sha256(value.encode()).hexdigest() for value in values}
        trees = [parse(whole(pattern)) for pattern in blocked.patterns]
        try:
            self._patterns = [Automaton(Choice(tuple(trees)))] if trees else []  # which reads a value once
        except PatternError:  # together they are too large
            self._patterns = [Automaton(tree) for tree in trees]
        self._shortest = blocked.shortest
        self._fewest_distinct = blocked.fewest_distinct

    def has(self, value: object) -> bool:
        """Whether a value as it was sent is a bad one; so is the SHA-256 of one that is blocked by name. What can be
        no identifier at all, empty or endless, is none of these.
        """
        if isinstance(value, bool) or not isinstance(value, str | int):
            return False
        text = str(value).strip().casefold()
        return 0 < len(text) <= MAX_LENGTH and (
            text in self._values
            or len(text) < self._shortest
            or len(set(text)) < self._fewest_distinct
            or any(pattern.matches(text) for pattern in self._patterns)
        )


def whole(pattern: str) -> str:
    """The pattern that matches where this one matches a text as a whole."""
    return f"^(?:{pattern})$"
