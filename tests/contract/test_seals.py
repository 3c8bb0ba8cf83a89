"""Seals are kept once each, with all that they chain."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.errors import AlreadyExistsError
from shared.domain.seal import entry, sealed
from tests.contract.samples import NOW

DAY = NOW.date()
KEY = b"k" * 32
MANY = [entry(f"r-{number}", b"") for number in range(8001)]


def test_a_seal_comes_back_with_what_it_chains(documents):
    first = sealed(None, DAY, [], MANY, NOW, KEY)
    second = sealed(first.seal, DAY - timedelta(days=1), [], MANY[:1], NOW, KEY)
    third = sealed(second.seal, DAY, MANY, [entry("late", b"")], NOW, KEY)
    for each in (first, second, third):
        documents.seals.add(each)

    assert list(documents.seals.all()) == [first.seal, second.seal, third.seal]
    assert [(each.seal, list(each.entries)) for each in documents.seals.of_day(DAY)] == [
        (each.seal, list(each.entries)) for each in (first, third)
    ]
    assert list(documents.seals.of_day(DAY + timedelta(days=1))) == []


def test_of_two_seals_of_one_number_the_first_is_kept(documents):
    first, other = (sealed(None, DAY, [], MANY[:number], NOW, KEY) for number in (1, 2))
    documents.seals.add(first)

    with pytest.raises(AlreadyExistsError):
        documents.seals.add(other)

    [kept] = documents.seals.of_day(DAY)
    assert (kept.seal, list(kept.entries)) == (first.seal, MANY[:1])
