"""Keys that follow from one secret, of which single ones can be forgotten."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.key_tree import BITS, KeyTree, way_to

SECRET = bytes(range(32))
PEOPLE = [f"p-{number}" for number in range(30)]
persons = st.lists(st.sampled_from(PEOPLE), max_size=8)


def tree_without(forgotten):
    tree = KeyTree.whole(SECRET)
    for person in forgotten:
        tree = tree.without(way_to(person))
    return tree


def test_everybody_has_a_key_of_their_own():
    keys = {KeyTree.whole(SECRET).secret(way_to(person)) for person in PEOPLE}
    assert len(keys) == len(PEOPLE)
    assert {len(key) for key in keys} == {32}


@given(persons)
def test_what_is_forgotten_follows_from_nothing_and_everything_else_is_as_it_was(forgotten):
    whole, tree = KeyTree.whole(SECRET), tree_without(forgotten)
    for person in PEOPLE:
        kept = None if person in forgotten else whole.secret(way_to(person))
        assert tree.secret(way_to(person)) == kept
    held = set(tree.nodes.values())
    for person in set(forgotten):
        way = way_to(person)
        assert not held & {whole.secret(way[:length]) for length in range(BITS + 1)}


@given(persons)
def test_the_order_and_repetition_of_forgetting_do_not_matter(forgotten):
    assert tree_without(forgotten) == tree_without([*reversed(forgotten), *forgotten])


def test_forgetting_costs_a_secret_for_each_level():
    assert len(tree_without(["p-1"]).nodes) == BITS
    assert len(tree_without(PEOPLE).nodes) < BITS * len(PEOPLE)
