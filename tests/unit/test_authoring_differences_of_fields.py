"""Whatever of a catalogue is another, something is said of it: of every field of the sample bank, changed alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from shared.domain.catalogue import Catalogue
from shared.domain.differences import differences
from tests.fault.world import bank_revision

FOLLOWING = {
    "Action.issue",
    "Action.conditions",
    "Catalogue.conditions",
    "Catalogue.expressions",
    "Catalogue.features_read",
    "Expression.clauses",
    "Format.identifiers",
    "Format.programs",
    "ModeUse.signals",
}
"""Fields that follow from others, that only change with these, or that are never empty."""


class Changed(NamedTuple):
    """A catalogue with one field changed, and which."""

    field: str
    catalogue: Catalogue


def another(value: Any) -> Any:  # noqa: PLR0911 - one answer per kind
    """Another value of the same kind; None where none is at hand."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case float():
            return value * 0.5 + 0.01
        case str():
            return f"{value}x"
        case datetime():
            return value + timedelta(days=1)
        case tuple() if value:
            return value[1:]
        case dict() if value:
            return dict(list(value.items())[1:])
    return None


def changed(value: Any, field: str, put: Callable[[Any], Any]) -> Iterator[Changed]:
    """Every field within a value changed alone, of several of the same kind those of the first; `put` makes a catalogue
    with another value in its stead.
    """
    if field in FOLLOWING:
        return
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:

            def inside(new: Any, name: str = name) -> Any:
                return put(msgspec.structs.replace(value, **{name: new}))

            yield from changed(getattr(value, name), f"{type(value).__name__}.{name}", inside)
        return
    if isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
        yield from changed(value[0], field, lambda new: put((new, *value[1:])))
    elif isinstance(value, dict) and value and isinstance(first := next(iter(value.values())), msgspec.Struct):
        key = next(iter(value))
        yield from changed(first, field, lambda new: put({**value, key: new}))
    other = another(value)
    if other is not None:
        yield Changed(field, put(other))


def test_no_field_changes_in_silence():
    bank = bank_revision().catalogue
    every = {each.field: each.catalogue for each in changed(bank, "Catalogue", lambda new: new)}

    silent = {field for field, new in every.items() if not (differences(bank, new) and differences(new, bank))}

    assert len(every) > 150
    assert not silent
