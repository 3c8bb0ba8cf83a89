"""What conditions read of the persons of a wave, a column for each path, and the class that each value is of.

Of a class all terms of a catalogue say the same, unless it is that of numbers, whose column stands beside it: each text
that a term names is a class, all other texts together are one, and so are true, false, null, NaN, and what is not
there.
"""

from __future__ import annotations

import marshal
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import repeat
from operator import itemgetter
from typing import Any, Final

import numpy as np

from shared.domain.batch.packed import Words, packed
from shared.domain.policy.atoms import MISSING, NOWHERE, NUMBERS, UNREADABLE, NoValue, Path
from shared.domain.policy.policy import Policy
from shared.domain.policy.situation import Variables, of_signal
from shared.domain.profile import Profile
from shared.domain.signal import Signal

STRANGE: Final[tuple[Any, ...]] = (MISSING, None, False, True, math.nan, [], NOWHERE, UNREADABLE, "\0 any other")
"""Values that stand for the classes that every column has; the last for texts that no term names."""

_MISSING, _NULL, _FALSE, _TRUE, _NAN, _OTHER, _NOWHERE, _UNREADABLE, _TEXT = range(len(STRANGE))
NUMBER: Final = len(STRANGE)
"""The class of numbers, NaN excepted."""

NAMED: Final = NUMBER + 1
"""The class of the first text that a term of the column names; the others follow."""

_HASHED: Final = frozenset({str, bool, NoValue, type(None)})
_NUMBERS: Final = frozenset(NUMBERS)
_BYTE: Final = 256
_AT_ONCE: Final = 64
"""Persons whose attributes stay in a processor's cache while they are read."""

_SIMPLE: Final = frozenset({str, int, bool, NoValue})
_LIST: Final = 5
"""Bytes before the first object of a list that `marshal` writes."""

_LISTS: Final = ("brands", "products", "flags", "reachable")
_NOW: Final = ("now",)
_NOT_THERE: Final = math.nan
"""Stands for what is not there in a column of numbers, until it is known that all are numbers."""


class Column:
    """The values of one path.

    Attributes:
        values: as they are; none of a column of doubles.
        numbers: those that are numbers, NaN where there is none; None where there is none at all.
    """

    def __init__(self, values: Sequence[Any], classes: Classes) -> None:
        """Sort the values."""
        self.values = values
        self.numbers: Any = None
        kinds = set(map(type, values))
        if len(classes) < _BYTE - NAMED and kinds <= _HASHED:
            self._classes = np.frombuffer(bytes(map(classes.get, values, repeat(_TEXT))), np.uint8)
        else:
            self._classes = np.array([classes.of(value) for value in values], np.uint16)
        if kinds & _NUMBERS:
            self.numbers = np.array([_number(value) for value in values])
        self._of: dict[int, Words] = {}
        self._present = frozenset(np.flatnonzero(np.bincount(self._classes)).tolist())

    @classmethod
    def of_doubles(cls, numbers: Any) -> Column:
        """A column of doubles, NaN where nothing is there."""
        made = cls.__new__(cls)
        made.values, made.numbers = (), numbers
        nothing = packed(np.isnan(numbers))
        made._of = {_MISSING: nothing, NUMBER: packed(~np.isnan(numbers))}  # noqa: SLF001 - of its own class
        made._present = frozenset(made._of)  # noqa: SLF001
        return made

    def of(self, number: int) -> Words | None:
        """Whose value is of a class; None for nobody's."""
        if number not in self._present:
            return None
        found = self._of.get(number)
        if found is None:
            found = self._of[number] = packed(self._classes == number)
        return found


class Classes(dict[Any, int]):
    """The class of each text that a term of a column names, and of all values that are neither texts nor numbers."""

    def __init__(self, texts: Sequence[str]) -> None:
        super().__init__(zip(texts, range(NAMED, NAMED + len(texts)), strict=True))
        self.update({MISSING: _MISSING, NOWHERE: _NOWHERE, UNREADABLE: _UNREADABLE, None: _NULL})
        self.update({False: _FALSE, True: _TRUE})

    def of(self, value: Any) -> int:
        """The class of any value."""
        kind = value.__class__
        if kind is float or kind is int:
            return NUMBER if value == value else _NAN  # noqa: PLR0124 - NaN
        return self.get(value, _TEXT) if kind in _HASHED else _OTHER


def _number(value: Any) -> float:
    """As a double, which for a comparison with what terms name is as good."""
    if value.__class__ is not int and value.__class__ is not float:
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


class Values:
    """The columns of a wave, each made when it is first asked for."""

    def __init__(
        self,
        policy: Policy,
        profiles: Sequence[Profile],
        signals: Sequence[Signal],
        moments: Sequence[datetime],
        read: Iterable[Path],
    ) -> None:
        """Take the persons, what happened to each, when each is decided on, and what is going to be read of them."""
        self._policy = policy
        self._profiles = profiles
        self._signals = signals
        self._moments = moments
        self._roots: list[Mapping[str, Any]] | None = None
        self._attributes = [profile.attributes for profile in profiles]
        self._columns: dict[tuple[Path, int], Column] = {}
        self._raw: dict[Path, Sequence[Any]] = {}
        self._doubles: dict[str, Any] = {}
        self._situations: list[Variables | None] = [None] * len(profiles)
        self._types = {name: each.type for name, each in policy.revision.catalogue.profile_schema.items()}
        self._gather({path[1] for path in read if path[0] == "profile" and len(path) > 1} - {*_LISTS})

    def __len__(self) -> int:
        return len(self._profiles)

    def column(self, path: Path, classes: Classes) -> Column:
        """The column of a path, by the classes of the terms that ask."""
        found = self._columns.get((path, id(classes)))
        if found is None:
            numbers = self.doubles(path)
            found = Column.of_doubles(numbers) if numbers is not None else Column(self.raw(path), classes)
            self._columns[path, id(classes)] = found
        return found

    def doubles(self, path: Path) -> Any:
        """The numbers of a path, NaN where nothing is there; None where anything else may be."""
        return self._doubles.get(path[1]) if path[0] == "profile" and len(path) == 2 else None

    def raw(self, path: Path) -> Sequence[Any]:
        """The values at a path, as conditions see them."""
        found = self._raw.get(path)
        if found is None:
            found = self._raw[path] = self._read(path)
        return found

    def situation(self, person: int) -> Variables:
        """What expressions see of a person."""
        found = self._situations[person]
        if found is None:
            seen = self._policy.situation(self._profiles[person], self._signals[person], self._moments[person])
            found = self._situations[person] = seen
        return found

    def key(self, person: int, paths: Sequence[Path]) -> Any:
        """What an expression that reads these paths says the same of; None where that cannot be said."""
        if any(len(path) == 1 for path in paths if path != _NOW):
            return None
        moment = self._moments[person]
        return tuple([moment if path == _NOW else _hashable(self.raw(path)[person]) for path in paths])

    def _read(self, path: Path) -> Sequence[Any]:
        root, name, *deeper = path
        if root != "profile":
            if self._roots is None:
                self._roots = [of_signal(signal) for signal in self._signals]
            values = [_below(roots[root], (name, *deeper)) for roots in self._roots]
        elif name in _LISTS:
            values = [list(getattr(profile, name)) for profile in self._profiles]
        else:
            values = [attributes.get(name, MISSING) for attributes in self._attributes]
            if self._types.get(name) == "timestamp" or type(None) in set(map(type, values)):
                values = [self.situation(person)["profile"].get(name, MISSING) for person in range(len(self))]
        if deeper and root == "profile":
            values = [_below({name: value}, (name, *deeper)) for value in values]
        return values

    def _gather(self, names: Iterable[str]) -> None:
        """Read attributes, a few persons at a time: all that is known of one lies together in memory."""
        wanted = sorted(names)
        absent: dict[str, Any] = {name: _NOT_THERE if self._is_double(name) else MISSING for name in wanted}
        doubles = [name for name in wanted if absent[name] is _NOT_THERE]
        others = [name for name in wanted if absent[name] is MISSING]
        numbers = np.empty((len(self), len(doubles)))
        read_doubles, read_others = _reader(doubles), _reader(others)
        rows: list[tuple[Any, ...]] = []
        are_doubles = bool(doubles)
        for begin in range(0, len(self), _AT_ONCE):
            seen = [absent | known for known in self._attributes[begin : begin + _AT_ONCE]]
            rows += map(read_others, seen)
            if are_doubles:
                are_doubles = _read_numbers(list(map(read_doubles, seen)), numbers[begin : begin + _AT_ONCE])
        if are_doubles:
            for name, column in zip(doubles, np.ascontiguousarray(numbers.T), strict=True):
                self._doubles[name] = column
        columns = zip(*rows, strict=True) if rows and others else iter(())
        for name, column in zip(others, columns, strict=True):
            if type(None) not in set(map(type, column)) and self._types.get(name) != "timestamp":
                self._raw["profile", name] = column

    def _is_double(self, name: str) -> bool:
        return self._types.get(name) == "double"


def _read_numbers(found: list[tuple[Any, ...]], block: Any) -> bool:
    """Put numbers into a block, a row for each tuple; whether all of them are numbers, or are not there.

    `marshal` writes one object after the other, each after a letter for its type, of which doubles alone have a `g`:
    so they are told from others, and copied, in half the time that asking each for its type takes.
    """
    written = marshal.dumps(found, 2)
    cells = np.dtype([("tuple", "S5"), ("cells", [("type", "S1"), ("value", "<f8")], (block.shape[1],))])
    like_doubles = len(written) == _LIST + len(found) * cells.itemsize
    read = np.frombuffer(written, cells, len(found) if like_doubles else 0, offset=_LIST)["cells"]
    if like_doubles and (read["type"] == b"g").all():
        block[:] = read["value"]
    elif {kind for each in found for kind in map(type, each)} <= _NUMBERS:
        block[:] = [list(map(_number, each)) for each in found]
    else:
        return False
    return all(found[row][place] is _NOT_THERE for row, place in np.argwhere(np.isnan(block)).tolist())


def _reader(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return itemgetter(*names)
    return lambda known: tuple([known[name] for name in names])


def _below(seen: Any, path: Sequence[str]) -> Any:
    """What is at a path, or what stands for it not being there."""
    value = seen
    for name in path:
        if value.__class__ is not dict:
            return NOWHERE if value is MISSING else UNREADABLE
        value = value.get(name, MISSING)
    return value


def _hashable(value: Any) -> Any:
    """What two values share if they are the same to every expression; of its own where that is hard to say."""
    kind = value.__class__
    if kind is float:
        return kind, value, math.copysign(1.0, value)
    if kind in _SIMPLE:
        return kind, value
    return (kind, tuple(map(_hashable, value))) if kind is list else object()
