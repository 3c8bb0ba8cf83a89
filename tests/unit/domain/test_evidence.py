"""The shortest chain of links between identifiers."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.identity.evidence import chain
from shared.domain.identity.links import Link

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def link(one, other, minutes=0):
    stronger, weaker = sorted((one, other))
    at = NOW + timedelta(minutes=minutes)
    return Link(stronger=stronger, weaker=weaker, signal_id=f"s-{minutes}", source="web", at=at, rule="seen_together")


def walked(steps):
    return [steps[0].start, *(step.end for step in steps)]


def test_the_shortest_chain_is_found_in_the_direction_asked_for():
    links = [link("a", "b"), link("b", "c"), link("c", "d"), link("a", "e"), link("e", "d")]

    assert walked(chain(links, ["d"], ["a"])) == ["d", "e", "a"]
    assert walked(chain(links, ["b", "c"], ["e"])) in (["b", "a", "e"], ["c", "d", "e"])
    assert chain(links, ["a", "b"], ["b", "c"]) == ()
    assert chain(links, ["a"], ["z"]) is None


@given(
    pairs=st.lists(st.tuples(st.sampled_from("abcdefg"), st.sampled_from("abcdefg")), max_size=12),
    order=st.randoms(use_true_random=False),
)
def test_no_chain_is_shorter_and_the_order_of_links_does_not_matter(pairs, order):
    links = [link(one, other, n) for n, (one, other) in enumerate(pairs) if one != other]
    found = chain(links, ["a"], ["g"])
    together = {frozenset((each.stronger, each.weaker)) for each in links}
    distances = {"a": 0}
    for step in range(1, 8):
        for known, new in itertools.product(list(distances), "abcdefg"):
            if distances[known] == step - 1 and frozenset((known, new)) in together:
                distances.setdefault(new, step)

    assert (found and len(found)) == distances.get("g")
    order.shuffle(links)
    assert chain(links, ["a"], ["g"]) == found
    for step in found or ():
        assert {step.start, step.end} == {step.link.stronger, step.link.weaker}
