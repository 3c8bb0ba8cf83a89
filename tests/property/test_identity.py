"""Identity: any order and any repetition of the same signals ends in the same persons; what is merged can be parted."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from functions.identity.people import LARGEST, TOO_LARGE
from shared.domain.identity.links import Graph
from shared.domain.identity.resolution import keys_of, seen_together
from tests.contract.samples import create, link, profile
from tests.property.identities import NAMESPACES, NOW, Platform, expected, probes, signal, signals


@settings(max_examples=60)
@given(stream=signals(), order=st.randoms(use_true_random=False), again=st.integers(0, 8))
def test_any_order_and_repetition_gives_the_persons_that_the_links_say(stream, order, again):
    sent = [*stream, *stream[:again]]
    order.shuffle(sent)
    platform = Platform()
    for each in sent:
        platform.take(each)

    found = platform.partition(stream)

    assert found == expected(stream)
    for unique in (ns for ns, namespace in NAMESPACES.items() if namespace.unique):
        assert all(len([key for key in part if key.startswith(f"{unique}:")]) <= 1 for part in found)


@settings(max_examples=40)
@given(stream=signals(), at=st.integers(0, 1000), order=st.randoms(use_true_random=False))
def test_a_link_that_an_operator_refused_stays_refused_in_any_order(stream, at, order):
    platform = Platform()
    for each in stream:
        platform.take(each)
    joined = sorted(
        (link, person.person_id)
        for person in platform.known_persons(stream)
        for link in person.graph.links.keys() - person.graph.conflicts.keys()
    )
    assume(joined)
    link, person_id = joined[at % len(joined)]
    platform.refuse(person_id, [link])
    again = list(stream)
    order.shuffle(again)
    for each in again:
        platform.take(each)

    assert platform.partition(stream) == expected(stream, {link})


@settings(max_examples=40)
@given(mine=signals(8, "m"), others=signals(8, "o"), at=st.integers(0, 1000))
def test_what_is_merged_and_parted_again_is_as_it_was(mine, others, at):
    platform = Platform()
    for each in (*mine, *others):
        platform.take(each)
    one, other = (alone[at % len(alone)] for alone in (list(probes(mine).values()), list(probes(others).values())))
    assume(not one.identifiers.keys() & other.identifiers.keys())
    both = {**one.identifiers, **other.identifiers}
    seen = msgspec.structs.replace(one, id="together", identifiers=both, received_at=NOW + timedelta(days=9))
    assume(probes([*mine, *others]).keys() >= set(keys_of(seen, NAMESPACES)))
    before = platform.known([*mine, *others])
    merged = platform.take(seen)
    assume(not merged.conflicts)
    links = platform.person(merged.person_id).value.graph.links
    platform.refuse(merged.person_id, [each for each, link in links.items() if link.signal_id == seen.id])

    assert platform.known([*mine, *others]) == before


def test_evidence_that_ties_more_together_than_may_be_rebuilt_is_told_and_not_used():
    platform = Platform()
    keys = ["customer_no:c1", *(f"phone:t{number}" for number in range(LARGEST - 1))]
    ties = [seen_together(signal(key, {}), keys[0], key) for key in keys[1:]]
    graph = Graph(members=dict.fromkeys(keys, "p-1"), links={each.id: each for each in ties})
    create(platform.persons, profile(graph=graph), [link("customer_no", "c1"), link("phone", "t0")])
    others = {"customer_no": "c2", "crm_id": "r2"}
    platform.take(signal("other", others))

    told = platform.take(signal("both", {"crm_id": "r2", "phone": "t0"}, 1))

    assert [conflict.reason for conflict in told.conflicts] == [TOO_LARGE]
    assert platform.take(signal("other", others)).person_id == told.person_id != "p-1"
    assert platform.person(told.person_id).value.attributes == {"last": "both"}
    assert platform.take(signal("again", {"phone": "t0"})).person_id == "p-1"
