"""Identity: any order and any repetition of the same signals ends in the same persons; what is merged can be parted."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from functions.identity.people import LARGEST, TOO_LARGE
from shared.adapters import memory
from shared.domain.errors import OversizedError
from shared.domain.identity.links import Graph
from shared.domain.identity.resolution import keys_of, seen_together
from shared.ports import Rewrite, Versioned
from tests.contract.samples import Counted, create, link, profile
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


def test_who_is_taken_apart_stays_so_though_other_evidence_was_refused_for_a_limit_that_is_not_reached_now():
    platform = Platform()
    customer, lead = {"customer_no": "cu0"}, {"crm_id": "cr0"}
    stream = [
        signal("lead", {**lead, "email": "em0"}, 9),
        signal("customer", {**customer, "email": "em1"}),
        signal("both", {**customer, **lead}, 5),
        *(
            signal(f"{email} {hour}", {**who, "email": email}, hour)
            for who, email, hour in ((customer, "em0", 1), (customer, "em2", 3), (lead, "em2", 8))
        ),
    ]
    for each in stream:
        platform.take(each)

    platform.unmerge("customer_no:cu0", "crm_id:cr0")

    assert platform.take(signal("-", customer)).person_id != platform.take(signal("-", lead)).person_id


def test_where_a_merged_person_is_found_is_remembered_until_they_are_taken_apart():
    meter = Counted()
    platform = Platform(memory.Persons(memory.Store(), meter))

    def alone():
        return platform.take(signal("-", {"crm_id": "cr0"})).person_id

    customer = platform.take(signal("customer", {"customer_no": "cu0"})).person_id
    lead = alone()
    platform.take(signal("both", {"customer_no": "cu0", "crm_id": "cr0"}))
    assert alone() == customer
    assert meter.of(alone) == (2, 0)
    platform.unmerge("customer_no:cu0", "crm_id:cr0")

    assert alone() == lead
    assert meter.of(alone) == (2, 0)


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


def test_who_hangs_together_with_more_than_may_be_rebuilt_can_still_be_taken_apart():
    platform = Platform()
    platform.take(signal("first", {"crm_id": "r1", "phone": "t0"}))
    keys = [f"email:e{number}" for number in range(LARGEST + 1)]
    person = platform.known_persons([signal("-", {"crm_id": "r1"})])[0]
    ties = [seen_together(signal(key, {}), "crm_id:r1", key) for key in keys]
    grown = Graph(
        members={**person.graph.members, **dict.fromkeys(keys, person.person_id)},
        links={**person.graph.links, **{each.id: each for each in ties}},
    )
    read = platform.person(person.person_id)
    platform.persons.rewrite(
        Rewrite(
            persons=[Versioned(msgspec.structs.replace(person, graph=grown), read.version)],
            created=[link("email", f"e{number}", person.person_id) for number in range(LARGEST + 1)],
        )
    )

    platform.refuse(person.person_id, list(person.graph.links))

    assert platform.person(person.person_id).value.graph.members.keys().isdisjoint({"phone:t0"})
    assert platform.take(signal("phone", {"phone": "t0"})).person_id != person.person_id


def test_evidence_of_a_merge_that_no_commit_holds_is_told_and_not_used():
    class Small(memory.Persons):
        def rewrite(self, change):
            if len(change.persons) > 1:
                raise OversizedError("more than a commit")
            super().rewrite(change)

    platform = Platform(Small(memory.Store(), Counted()))
    one, other = (platform.take(signal(ns, {ns: "1"})).person_id for ns in ("customer_no", "crm_id"))
    told = platform.take(signal("both", {"customer_no": "1", "crm_id": "1"}, 1))

    assert [conflict.reason for conflict in told.conflicts] == ["more than a commit"]
    assert told.person_id == one != other == platform.take(signal("again", {"crm_id": "1"})).person_id
    assert platform.person(one).value.attributes == {"last": "both"}
