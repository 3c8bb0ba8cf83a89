"""Samples of the persons that there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from shared.domain.contact_history import ContactHistory
from shared.domain.profile import Person


class Sampled(NamedTuple):
    """A person with the contacts so far."""

    person: Person
    contacts: ContactHistory


class Samples(Protocol):
    """Some of all persons, each as likely as any other, since ids are random."""

    def persons(self, seed: str, most: int) -> Sequence[Sampled]:
        """So many persons, all where there are fewer; the same ones for a seed, but for those who came or went since.

        Raises:
            TransientError: the store did not answer.
        """
