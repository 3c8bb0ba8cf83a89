"""Which identifiers are one person's, by a set of links; and the same on many as connected components."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cli.bench.identifying import STRENGTH as BENCHED
from cli.bench.identifying import agree, components, records
from shared.domain.catalogue import Blocked
from shared.domain.identity.bad_values import BadValues
from shared.domain.identity.links import Link
from shared.domain.identity.partition import partition
from tests.property.identities import NOW, STRENGTH
from tests.unit.domain.situations import cases


def link(stronger: str, weaker: str, hour: int) -> Link:
    at = NOW + timedelta(hours=hour)
    return Link(stronger=stronger, weaker=weaker, signal_id=f"s-{hour}", source="web", at=at, rule="seen_together")


@pytest.mark.parametrize("case", cases("partition"))
def test_whose_identifiers_are_whose(case):
    links = {each.id: each for each in (link(a, b, int(hour)) for a, b, hour in map(str.split, case["links"]))}
    keys = {key for each in links.values() for key in (each.stronger, each.weaker)}

    found = partition(keys, links, STRENGTH)

    assert found.parts == case["persons"]
    told = {f"{links[each].stronger} {links[each].weaker}": reason for each, reason in found.conflicts.items()}
    expected = case.get("conflicts", {})
    assert told.keys() == expected.keys()
    assert all(word in told[each] for each, word in expected.items())


def test_an_operators_refusal_is_heeded():
    one = link("customer_no:c1", "email:e1", 1)

    assert partition(["customer_no:c1", "email:e1"], {one.id: one}, STRENGTH, {one.id}).parts == [
        ["customer_no:c1"],
        ["email:e1"],
    ]


def test_without_conflicts_persons_are_connected_components():
    many = records(10_000)

    found = partition(many.keys, many.links, BENCHED)

    assert not found.conflicts
    assert agree(many, found, components(many))


@pytest.mark.parametrize(
    "value",
    [
        "null",
        " NULL ",
        "0",
        "000000",
        "------",
        "00000000-0000-0000-0000-000000000000",
        "ab12",
        "aaaabbbb",
        "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b",
    ],
)
def test_what_identifies_nobody(value):
    assert BAD.has(value)


@pytest.mark.parametrize("value", ["C000111", "ana@example.com", 4711001, "null-island", "2f183a4e64493af3"])
def test_what_may_identify_somebody(value):
    assert not BAD.has(value)


BAD = BadValues(Blocked(values=("null", "0"), patterns=("-+", "[0-]+"), shortest=6, fewest_distinct=3))


def test_where_nothing_is_declared_nothing_is_bad():
    assert not BadValues(Blocked()).has("0")
