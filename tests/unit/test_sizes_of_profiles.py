"""What Firestore cannot hold is refused before it is asked."""

from __future__ import annotations

import random

import pytest

from shared.adapters import memory
from shared.adapters.firestore.client import Database
from shared.adapters.firestore.persons import MOST_COMMITTED, Persons
from shared.adapters.firestore.profiles import MOST_SEALED
from shared.domain.errors import OversizedError
from shared.ports import Rewrite, Versioned
from tests.contract.samples import Counted, profile

NOISE = random.Random(1).randbytes(MOST_SEALED).hex()


def test_a_profile_that_no_document_holds_is_refused():
    refused([profile(attributes={"large": NOISE})], "a document")


def test_profiles_that_no_commit_holds_are_refused():
    many = 2 * MOST_COMMITTED // MOST_SEALED  # each of some 580,000 bytes
    refused([profile(f"p-{n}", attributes={"large": NOISE[:MOST_SEALED]}) for n in range(many)], "a commit")


def refused(persons, by_what):
    sealer = memory.new_sealer(memory.Store())
    with pytest.raises(OversizedError, match=f"more than {by_what}"):
        Persons(Database("nobody-asks"), Counted(), sealer).rewrite(
            Rewrite(persons=[Versioned(each, None) for each in persons])
        )
