"""Samples of persons, in memory and in Firestore alike."""

from __future__ import annotations

import pytest

from shared.domain.profile import Person
from shared.ports import creation
from tests.contract.samples import NOW


def person(number, **known):
    return Person(person_id=f"p-{number * 0x111111:024x}", version=1, created_at=NOW, **known)


@pytest.fixture
def sampled(documents):
    """Fifteen persons, one of whom is another, and samples of them."""
    everybody = [person(number, merged_into="p-0" if number == 4 else None) for number in range(15)]
    documents.persons.rewrite(creation([(each, ()) for each in everybody]))
    return {each.person_id for each in everybody if each.merged_into is None}, documents.samples


def test_a_sample_is_of_as_many_persons_the_same_for_a_seed(sampled):
    known, samples = sampled
    some = [each.person.person_id for each in samples.persons("one", 6)]
    assert len(set(some)) == 6
    assert set(some) < known
    assert [each.person.person_id for each in samples.persons("one", 6)] == some


def test_there_are_no_more_than_everybody_and_who_was_merged_is_nobody(sampled):
    known, samples = sampled
    assert {each.person.person_id for each in samples.persons("two", 100)} == known
