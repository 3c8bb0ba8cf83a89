"""Consents as sources word them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from shared.domain.catalogue.formats import Category, ConsentReading
from shared.domain.errors import InvalidError
from shared.domain.normalising.raw import described
from shared.domain.normalising.reading import Reading, Variables
from shared.domain.signal import ConsentChange

GRANTED = frozenset(["true", "yes", "y", "1", "granted", "accepted", "allow", "allowed", "opt_in", "opted_in", "optin"])
WITHDRAWN = frozenset(
    ["false", "no", "n", "0", "denied", "declined", "deny", "withdrawn", "opt_out", "opted_out", "optout"]
)
"""Words of consent, folded."""


class Consenting:
    """Reads the consents of one place."""

    def __init__(self, declared: ConsentReading, programs: Mapping[str, Any]) -> None:
        self._from = Reading(declared.from_, programs)
        self._one = Category(purpose=declared.purpose, channel=declared.channel)
        self._categories = {_folded(name): about for name, about in declared.categories.items()}
        self._granted = GRANTED | {_folded(word) for word in declared.granted}
        self._withdrawn = (WITHDRAWN | {_folded(word) for word in declared.withdrawn}) - self._granted
        self._silent = frozenset(_folded(word) for word in declared.silent)

    def changes(self, variables: Variables) -> Iterator[ConsentChange]:
        """What the consents say.

        Raises:
            InvalidError: a word that is none of consent, with its field.
        """
        for value, expression in self._from.all(variables):
            if not self._categories:
                yield from self._change(value, self._one, expression.shown or "consent")
                return
            if value.__class__ is not dict:
                raise InvalidError(f"expected an object, got {described(value)}", field=expression.shown)
            for name, word in value.items():
                about = self._categories.get(_folded(name))
                if about is not None:
                    yield from self._change(word, about, f"{expression.shown}.{name}")
            return

    def _change(self, word: Any, about: Category, field: str) -> Iterator[ConsentChange]:
        if word is None:
            return
        if not isinstance(word, bool | str | int):
            raise InvalidError(f"expected a word of consent, got {described(word)}", field=field)
        told = _folded(str(word))
        if not told or told in self._silent:
            return
        if told not in self._granted and told not in self._withdrawn:
            raise InvalidError(f"{str(word)[:32]!r} is no word of consent, such as granted or denied", field=field)
        yield ConsentChange(purpose=about.purpose, channel=about.channel or None, granted=told in self._granted)


@lru_cache(maxsize=1024)
def _folded(word: str) -> str:
    return re.sub(r"[\s-]+", "_", word.strip().lower())
