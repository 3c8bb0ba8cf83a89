"""Contact histories of persons that turned out to be one, and of persons that were taken apart again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.domain.contact_folding import REPEATED_WITHIN, fold
from shared.domain.errors import StaleError
from shared.domain.outcome import Outcome
from shared.ports import Folding, Rewrite
from tests.contract.samples import NOW, contact, deferral, delivery, take

FIRST, SECOND, THIRD = (delivery(person_id=f"p-{n}") for n in (1, 2, 3))


def reserve(documents, of, *, person_id=None, now=None):
    """Reserve for a person on all that is read of it, and with `now` fold its part."""
    whose = person_id or of.person_id
    read = documents.contacts.history(whose)
    folded = fold(read.value.part(whose), (), now) if now else None
    documents.contacts.reserve(whose, read.version, [contact(of)], fold=folded)


def regroup(documents, groups):
    """Bring persons together and take them apart, as a commit that rewrites them does."""
    documents.persons.rewrite(Rewrite(together=groups))


def observe(documents, of, name, at):
    outcome = Outcome(id=f"o-{of.delivery_id}-{name}", outcome=name, delivery_id=of.delivery_id, at=at)
    return take(documents.outcomes, outcome, of)


def ids(documents, person_id):
    return set(documents.contacts.history(person_id).value.contacts)


@pytest.fixture
def three(documents):
    """Three persons, each with a reservation."""
    for each in (FIRST, SECOND, THIRD):
        reserve(documents, each)
    return documents


def test_persons_that_are_one_have_one_history_whoever_of_them_is_asked_for(three):
    apart = {each: three.contacts.history(each).value for each in ("p-1", "p-2", "p-3")}
    regroup(three, {"p-1": ["p-2", "p-3"]})
    reads = [three.contacts.history(each) for each in ("p-1", "p-2", "p-3")]

    first = reads[0].value
    assert set(first.contacts) == {each.delivery_id for each in (FIRST, SECOND, THIRD)}
    assert first.parts == apart
    assert [read.value for read in reads] == [first, first, first]
    assert len({read.version for read in reads}) == 1


def test_who_is_brought_together_step_by_step_comes_to_the_same(three):
    regroup(three, {"p-2": ["p-3"]})
    regroup(three, {"p-1": ["p-2", "p-3"]})
    stepwise = three.contacts.history("p-3")
    regroup(three, {"p-1": ["p-2", "p-3"]})

    assert stepwise.value == three.contacts.history("p-3").value
    assert len(stepwise.value.parts) == 3


def test_a_person_alone_costs_what_it_did_and_one_made_of_three_two_reads_and_two_writes_more(three):
    contacts = three.contacts
    assert three.meter.of(lambda: contacts.history("p-1")) == (1, 0)
    alone = contacts.history("p-1").version
    assert three.meter.of(lambda: contacts.reserve("p-1", alone, [contact(delivery(4))])) == (0, 1)

    regroup(three, {"p-1": ["p-2", "p-3"]})
    for each in ("p-1", "p-2", "p-3"):
        assert three.meter.of(lambda each=each: contacts.history(each)) == (3, 0)
    version = contacts.history("p-2").version
    new = delivery(5, "p-2")
    assert three.meter.of(lambda: contacts.reserve("p-2", version, [contact(new)])) == (0, 3)
    version = contacts.history("p-3").version
    assert three.meter.of(lambda: contacts.defer("p-3", version, deferral(1, person_id="p-3"))) == (0, 4)
    assert three.meter.of(lambda: contacts.withhold("p-3", "d-9", NOW)) == (0, 1)
    assert three.meter.of(lambda: contacts.claim(new.claimed(NOW), None)) == (0, 2)


@pytest.mark.parametrize("whose", ["p-1", "p-2", "p-9"])
def test_whoever_decided_before_persons_were_brought_together_decides_again(three, whose):
    before = three.contacts.history(whose).version
    regroup(three, {"p-1": ["p-2", "p-3", "p-9"]})

    with pytest.raises(StaleError):
        three.contacts.reserve(whose, before, [contact(delivery(7, whose))])
    with pytest.raises(StaleError):
        three.contacts.defer(whose, before, deferral(1, person_id=whose))
    assert len(ids(three, "p-1")) == 3


@pytest.mark.parametrize("change", ["reserve", "claim", "release", "outcome", "withhold", "apart"])
@pytest.mark.parametrize("whose", ["p-1", "p-2"])
def test_what_happened_to_any_of_them_makes_a_decision_stale(three, whose, change):
    regroup(three, {"p-1": ["p-2", "p-3"]})
    before = three.contacts.history(whose).version
    match change:
        case "reserve":
            reserve(three, delivery(2, "p-3"))
        case "claim":
            three.contacts.claim(THIRD.claimed(NOW), None)
        case "release":
            three.contacts.settle(THIRD.settled("expired", NOW), None, release=True)
        case "outcome":
            observe(three, THIRD, "click", NOW)
        case "withhold":
            three.contacts.withhold("p-3", "d-1", NOW)
        case "apart":
            regroup(three, {"p-1": ["p-2"], "p-3": []})

    with pytest.raises(StaleError):
        three.contacts.reserve(whose, before, [contact(delivery(7, whose))])


def test_a_delivery_of_a_former_person_is_claimed_sent_and_learnt_from_as_if_nothing_had_happened(three):
    regroup(three, {"p-1": ["p-2"]})
    sent_at = NOW + timedelta(minutes=1)
    version = three.contacts.claim(SECOND.claimed(sent_at), None)
    three.contacts.settle(SECOND.claimed(sent_at).settled("sent", sent_at), version, release=False)
    observe(three, SECOND, "click", sent_at)

    entry = three.contacts.history("p-1").value.contacts[SECOND.delivery_id]
    assert (entry.state, entry.at, entry.outcomes) == ("sending", sent_at, {"click": sent_at})
    assert observe(three, SECOND, "click", sent_at)


def test_persons_that_are_taken_apart_have_their_own_again_and_what_came_in_between(three):
    regroup(three, {"p-1": ["p-2", "p-3"]})
    new = delivery(2, "p-2")
    reserve(three, new)
    observe(three, THIRD, "click", NOW)
    three.contacts.withhold("p-3", "d-1", NOW)
    regroup(three, {"p-1": ["p-3"], "p-2": []})

    assert ids(three, "p-2") == {SECOND.delivery_id, new.delivery_id}
    assert ids(three, "p-1") == ids(three, "p-3") == {FIRST.delivery_id, THIRD.delivery_id}
    third = three.contacts.history("p-1").value.part("p-3")
    assert (third.contacts[THIRD.delivery_id].outcomes, third.withheld) == ({"click": NOW}, {"d-1": NOW})
    assert not three.contacts.history("p-2").value.parts


def test_a_past_is_folded_in_the_part_it_is_of(three):
    regroup(three, {"p-1": ["p-2"]})
    for each in (FIRST, SECOND):
        three.contacts.claim(each.claimed(NOW), None)
    later = NOW + REPEATED_WITHIN + timedelta(seconds=1)
    reserve(three, delivery(2, "p-2", at=later), now=later)

    read = three.contacts.history("p-1").value
    assert [each.state for each in read.past.contacts] == ["sending"]
    assert FIRST.delivery_id in read.part("p-1").contacts
    assert not read.part("p-1").past.contacts
    own = read.part("p-1")
    shown = delivery(3, "p-1", state="presented")
    version = three.contacts.history("p-1").version
    three.contacts.present([shown], folding=Folding("p-1", version, fold(own, (), later)))
    assert len(three.contacts.history("p-2").value.past.contacts) == 2


def test_of_many_at_once_for_all_that_are_one_only_so_many_reserve_as_a_cap_of_one_lets_through(three):
    regroup(three, {"p-1": ["p-2", "p-3"]})

    def decide(number):
        whose = f"p-{number % 3 + 1}"
        for _ in range(40):
            read = three.contacts.history(whose)
            if len(read.value.contacts) >= 4:
                return 0
            try:
                three.contacts.reserve(whose, read.version, [contact(delivery(10 + number, whose))])
            except StaleError:
                continue
            return 1
        raise AssertionError("contended for ever")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(decide, range(8))) == 1
    assert len(ids(three, "p-1")) == 4
