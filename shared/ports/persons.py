"""Persons: identifiers, profiles, and where to reach them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from shared.domain.identity.links import Identifier
from shared.domain.profile import Person
from shared.ports.versioned import Versioned


class Rewrite(msgspec.Struct, frozen=True, kw_only=True):
    """Persons and identifiers that change together.

    Attributes:
        persons: as they become, on condition that nobody wrote them since; one without a version is created.
        placed: as they become, whatever they were: ids that persons among `persons` hold the guard for.
        created: identifiers that nobody may have linked meanwhile.
        changed: identifiers that nobody may have written meanwhile.
        together: whose contact histories are read together from now on: who survives, to the former persons.
    """

    persons: Sequence[Versioned[Person]] = ()
    placed: Sequence[Person] = ()
    created: Sequence[Identifier] = ()
    changed: Sequence[Versioned[Identifier]] = ()
    together: Mapping[str, Sequence[str]] = {}


class Persons(Protocol):
    """Identifiers and profiles."""

    def identifiers(self, keys: Sequence[str]) -> dict[str, Versioned[Identifier]]:
        """Those of the identifiers with these keys that are known, by key; one batched read."""

    def identifiers_of(self, person_ids: Sequence[str]) -> list[Identifier]:
        """All identifiers that point at one of these ids, by key; those that hang on others are among them."""

    def profile(self, person_id: str) -> Versioned[Person] | None:
        """The document of a person's id, which may say that it was merged into another; None where there is none.

        Raises:
            ErasedError: the person was erased.
        """

    def profiles(self, person_ids: Sequence[str]) -> dict[str, Person]:
        """The documents of these ids, as `profile` gives each; those that are not there, or erased, are left out. For
        waves: one batched read.
        """

    def rewrite(self, change: Rewrite) -> None:
        """Write persons and identifiers that change together, in one guarded commit.

        Raises:
            StaleError: one of them changed since it was read; nothing is written.
            AlreadyExistsError: one that is to be created is there; nothing is written.
            OversizedError: it is more than one commit holds; nothing is written.
        """


def creation(persons: Sequence[tuple[Person, Sequence[Identifier]]]) -> Rewrite:
    """Persons that are new, each with its first identifiers; for feeds, at most a hundred at once."""
    return Rewrite(
        persons=[Versioned(profile, None) for profile, _ in persons],
        created=[identifier for _, identifiers in persons for identifier in identifiers],
    )


def behind(persons: Persons, person_id: str) -> Versioned[Person] | None:
    """The person of an id, whatever that was merged into; None where there is none. For an id that never was, one read.

    Raises:
        TransientError: the store did not answer.
    """
    found = persons.profile(person_id)
    while found is not None and found.value.merged_into is not None:
        found = persons.profile(found.value.merged_into)
    return found


class ContactPoints(Protocol):
    """Addresses, numbers and tokens, kept encrypted; only delivery may open them."""

    def address(self, person_id: str, channel: str) -> str | None:
        """Where to reach a person on a channel, None where unknown.

        Raises:
            PermanentError: it is kept, and does not open.
            TransientError: the store did not answer.
        """

    def put(self, addresses: Mapping[str, Mapping[str, str]]) -> None:
        """Store persons' addresses: person id to channel to address."""
