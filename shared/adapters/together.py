"""Contact histories of persons that are one, read and guarded together.

Each person's history stays in its own document for good, under the id that its deliveries name. Persons that turned out
to be one have theirs read together: the document of who survived names the former persons, and theirs name the one that
they belong to. So bringing persons together, or taking them apart, moves nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from shared.domain.contact_history import ContactHistory
from shared.domain.errors import TransientError
from shared.ports import Versioned

ATTEMPTS = 5
"""Readings of persons that are brought together or taken apart while they are read."""


class Own(NamedTuple):
    """A person's own document.

    Attributes:
        history: what it holds.
        version: None where there is none.
        merged_into: the person that this one belongs to; empty where it is its own.
        former: the persons that belong to this one.
    """

    history: ContactHistory
    version: str | None
    merged_into: str = ""
    former: tuple[str, ...] = ()


def read_together(person_id: str, read: Callable[[Sequence[str]], Mapping[str, Own]]) -> Versioned[ContactHistory]:
    """The history of a person and of all that are one with it; of a person alone, one reading of one document.

    Args:
        person_id: whichever of them.
        read: the documents of some persons; each that is asked for is answered.

    Raises:
        TransientError: they were brought together and taken apart as often as they were read.
    """
    for _ in range(ATTEMPTS):
        found = dict(read([person_id]))
        head = person_id
        while (into := found[head].merged_into) and into not in found:
            found |= read([into])
            head = into
        if into:
            continue  # taken apart and brought together the other way meanwhile
        former = found[head].former
        if head == person_id and not former:
            return Versioned(found[head].history, found[head].version)
        if head != person_id and person_id not in former:
            continue  # taken apart meanwhile
        members = [head, *former]
        missing = [member for member in members if member not in found]
        found |= read(missing) if missing else {}
        parts = {member: found[member].history for member in members}
        versions = {member: found[member].version for member in members}
        return Versioned(ContactHistory.together(parts), msgspec.json.encode(versions).decode())
    raise TransientError(f"the persons that are one with {person_id} change as they are read")


def read_each(
    person_ids: Iterable[str], read: Callable[[Sequence[str]], Mapping[str, Own]]
) -> dict[str, ContactHistory]:
    """The histories of many persons: one reading, and further ones only for those who are not alone.

    Raises:
        TransientError: some were brought together and taken apart as often as they were read.
    """
    own = read(list(person_ids))
    return {
        person_id: read_together(person_id, read).value if found.merged_into or found.former else found.history
        for person_id, found in own.items()
    }


def guarded(person_id: str, version: str | None) -> dict[str, str | None]:
    """The version of each document that a history was read from, by person: what a guarded commit names."""
    if version is None or not version.startswith("{"):
        return {person_id: version}
    return msgspec.json.decode(version, type=dict[str, str | None])
