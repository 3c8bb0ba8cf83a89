"""Persons: identifiers, profiles, and where to reach them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.domain.identity.links import Identifier
from shared.domain.profile import Person
from shared.ports.versioned import Versioned


class Persons(Protocol):
    """Identifiers and profiles."""

    def links(self, identifiers: Mapping[str, str]) -> dict[str, Identifier]:
        """Those of these identifiers (namespace to keyed hash) that are linked, by namespace; one batched read."""

    def profile(self, person_id: str) -> Versioned[Person] | None:
        """A person's profile, None where there is none.

        Raises:
            ErasedError: the person was erased.
        """

    def create(self, profile: Person, links: Sequence[Identifier]) -> None:
        """Create a person with its first identifiers, in one commit.

        Raises:
            AlreadyExistsError: one of the identifiers was linked meanwhile; nothing is written.
        """

    def create_all(self, persons: Sequence[tuple[Person, Sequence[Identifier]]]) -> None:
        """Create several persons in one commit, at most a hundred; for feeds.

        Raises:
            AlreadyExistsError: one of the persons or identifiers is there already; nothing is written.
        """

    def update(self, profile: Versioned[Person], links: Sequence[Identifier]) -> None:
        """Write a changed profile and link identifiers to it, in one commit. A profile whose own `version` is that of
        the document read is left as it is and only the links are written.

        Raises:
            StaleError: the profile changed since it was read; nothing is written.
            AlreadyExistsError: one of the identifiers was linked meanwhile; nothing is written.
        """


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
