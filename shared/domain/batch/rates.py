"""How many of each part of the persons are selected, by issue and stage: what fairness is judged by.

Parts are those of the protected attributes that have any: each value of a text, true and false, the parts of a number
that the catalogue declares; and those that two attributes make together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Any

import msgspec
import numpy as np

from shared.domain.batch.deciding import Decisions, Wave
from shared.domain.batch.numbers import Behind
from shared.domain.batch.packed import Flags, Places, unpacked
from shared.domain.catalogue import Revision
from shared.domain.contact import Contact
from shared.domain.contact_past import Folded
from shared.domain.policy.policy import Policy

UNKNOWN = "unknown"
"""The part of those of whom the attribute is not known: nobody is compared with them."""

AND = " × "  # noqa: RUF001 - a product of parts

_FAIRNESS = "fairness:"

_ARRIVED = frozenset({"delivered", "impression", "click", "accept", "convert", "dismiss", "reject"})


class Rates(msgspec.Struct, kw_only=True):
    """Counts of any many persons; those of several waves add up.

    Attributes:
        persons: by attributes and part, how many there are.
        selected: by `STAGE/ISSUE`, attributes and part, how many are selected.
    """

    persons: dict[str, dict[str, int]] = {}
    selected: dict[str, dict[str, dict[str, int]]] = {}

    def names(self) -> Iterator[str]:
        """What the numbers of those who are selected are called: `fairness:STAGE/ISSUE/ATTRIBUTES/PART`."""
        for stage, of in self.selected.items():
            for attributes, parts in of.items():
                yield from (f"{_FAIRNESS}{stage}/{attributes}/{part}" for part in parts)

    def add(self, other: Rates) -> None:
        """Take others in."""
        _add(self.persons, other.persons)
        for stage, of in other.selected.items():
            _add(self.selected.setdefault(stage, {}), of)


def _add(mine: dict[str, dict[str, int]], theirs: dict[str, dict[str, int]]) -> None:
    for attributes, parts in theirs.items():
        known = mine.setdefault(attributes, {})
        for part, count in parts.items():
            known[part] = known.get(part, 0) + count


class Rating:
    """Counts waves, for one policy."""

    def __init__(self, policy: Policy) -> None:
        """Know the parts of attributes, and the rows of each issue."""
        self._attributes = parted(policy.revision)
        rows: dict[str, list[int]] = {}
        for row, (action, _) in enumerate(policy.rows):
            rows.setdefault(action.issue, []).append(row)
        self._rows = rows

    def __call__(self, wave: Wave, decisions: Decisions, behind: Behind) -> Rates:
        """The counts of a wave that was decided."""
        if not self._attributes:
            return Rates()
        codes = self._codes(wave)
        found = Rates(persons={name: _counted(names, of, None) for name, (names, of) in codes.items()})
        for stage, selected in self._selected(wave, decisions, behind):
            found.selected[stage] = {name: _counted(names, of, selected) for name, (names, of) in codes.items()}
        return found

    def behind(self, name: str, wave: Wave, decisions: Decisions, behind: Behind) -> Flags | None:
        """Who of a wave is behind a number that `Rates.names` has; None where it has it not."""
        if not name.startswith(_FAIRNESS):
            return None
        codes = self._codes(wave)
        for stage, selected in self._selected(wave, decisions, behind):
            for attributes, (names, of) in codes.items():
                for number, part in enumerate(names):
                    if name == f"{_FAIRNESS}{stage}/{attributes}/{part}":
                        return np.asarray(selected & (of == number))
        return None

    def _codes(self, wave: Wave) -> dict[str, tuple[list[str], Places]]:
        """By attributes, the names of the parts and which one each person is in."""
        single: dict[str, tuple[list[str], Places]] = {}
        for name, part_of in self._attributes.items():
            numbers: dict[str, int] = {}
            own = [part_of(profile.attributes.get(name)) for profile in wave.profiles]
            codes = np.array([numbers.setdefault(part, len(numbers)) for part in own], np.intp)
            single[name] = list(numbers), codes
        found = dict(single)
        for (one, (names, codes)), (other, (others, more)) in combinations(single.items(), 2):
            both = [UNKNOWN if UNKNOWN in (a, b) else f"{a}{AND}{b}" for a in names for b in others]
            found[f"{one}{AND}{other}"] = both, codes * len(others) + more
        return found

    def _selected(self, wave: Wave, decisions: Decisions, behind: Behind) -> Any:
        persons = len(decisions.results)
        arrived = _arrived(wave)
        for issue, rows in self._rows.items():
            words = np.bitwise_or.reduce(decisions.passing[rows], axis=0)
            yield f"policy/{issue}", unpacked(words, persons)
            yield f"arbitration/{issue}", behind.persons.get(f"issue:{issue}", np.zeros(persons, np.bool_))
            if arrived:
                flags = np.zeros(persons, np.bool_)
                flags[arrived.get(issue, [])] = True
                yield f"delivery/{issue}", flags


def _counted(names: Sequence[str], codes: Places, selected: Flags | None) -> dict[str, int]:
    counts = np.bincount(codes if selected is None else codes[selected], minlength=len(names)).tolist()
    found: dict[str, int] = {}
    for name, count in zip(names, counts, strict=True):
        if count:
            found[name] = found.get(name, 0) + count
    return found


def _arrived(wave: Wave) -> dict[str, list[int]]:
    """By issue, to whom something of it was delivered before."""
    found: dict[str, list[int]] = {}
    for person, history in enumerate(wave.histories):
        contacts: list[Contact | Folded] = [*history.contacts.values(), *history.past.contacts]
        for issue in {each.facts()["issue"] for each in contacts if not _ARRIVED.isdisjoint(each.outcomes)}:
            found.setdefault(issue, []).append(person)
    return found


def parted(revision: Revision) -> dict[str, Callable[[Any], str]]:
    """By name, the protected attributes that part persons, and what says which part a value is of."""
    found: dict[str, Callable[[Any], str]] = {}
    for name, attribute in revision.catalogue.profile_schema.items():
        edges = revision.catalogue.fairness.parts.get(name)
        if not attribute.protected:
            continue
        if edges is not None:
            found[name] = _of_number(edges)
        elif attribute.type in ("string", "bool"):
            found[name] = _of_value
    return found


def _of_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else UNKNOWN


def _of_number(edges: Sequence[float]) -> Callable[[Any], str]:
    texts = [f"{edge:g}" for edge in edges]
    names = [f"under {texts[0]}", *(f"{a} to {b}" for a, b in pairwise(texts))]
    names.append(f"from {texts[-1]}")

    def part_of(value: Any) -> str:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and value == value  # noqa: PLR0124
        return names[bisect_right(edges, value)] if is_number else UNKNOWN

    return part_of
