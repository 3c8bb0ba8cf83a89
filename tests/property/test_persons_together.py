"""Persons that turn out to be one have the contacts of all of them, each once, in whatever order they come together;
and who is taken apart again has what it would have if it had never been otherwise.
"""

from __future__ import annotations

import itertools

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters import memory
from shared.domain.contact import Contact
from shared.domain.contact_folding import fold
from shared.domain.contact_history import ContactHistory
from shared.domain.outcome import Outcome
from tests.contract.samples import Counted, take
from tests.property.test_folding import NOW, SETTINGS, answers, bounds, events, hours, lives, policies

HALF = settings(SETTINGS, max_examples=50)

PERSONS = ("p-1", "p-2", "p-3")
TOGETHER = {"p-1": ["p-2", "p-3"]}
APART = {each: [] for each in PERSONS}
GROUPS = [
    TOGETHER,
    APART,
    {"p-1": ["p-2"], "p-3": []},
    {"p-1": ["p-3"], "p-2": []},
    {"p-2": ["p-3"], "p-1": []},
]

shared_out = st.lists(st.sampled_from(PERSONS), min_size=14, max_size=14)
groupings = st.lists(st.sampled_from([None, None, *GROUPS]), max_size=30)


class Persons:
    """Three persons' documents, in memory."""

    def __init__(self, rules):
        self.store = memory.Store()
        self.contacts, self.outcomes = memory.Contacts(self.store, Counted()), memory.Outcomes(self.store, Counted())
        self._rules = rules

    def live(self, life, whose, groupings=()):
        """Live a life of which each delivery is of one person, who are brought together and taken apart meanwhile."""
        persons, regroupings, now = {}, iter(groupings), NOW
        for number, (at, what, of, how) in enumerate(events(life, twice=False)):
            now = at
            if (groups := next(regroupings, None)) is not None:
                self.store.regroup(groups)
            person_id = persons.setdefault(of.delivery_id, whose[len(persons) % len(whose)])
            self._happen(msgspec.structs.replace(of, person_id=person_id), at, what, how, number)
        return now

    def _happen(self, of, at, what, how, number):
        if what == "reserve":
            read = self.contacts.history(of.person_id)
            folded = fold(read.value.part(of.person_id), self._rules, at) if how else None
            self.contacts.reserve(of.person_id, read.version, [Contact.of(of)], fold=folded)
        elif what == "claim":
            found = self.contacts.delivery(of.delivery_id)
            claimed = (found.value if found else of).claimed(at)
            version = self.contacts.claim(claimed, found.version if found else None)
            if how:
                self.contacts.settle(claimed.settled("failed", at), version, release=True)
        else:
            shown = Contact.of(of) if of.state == "presented" else None
            outcome = Outcome(id=f"{of.delivery_id} {how} {number}", outcome=how, delivery_id=of.delivery_id, at=at)
            for _ in range(2):
                take(self.outcomes, outcome, of, shown)

    def histories(self):
        return {each: self.contacts.history(each).value for each in PERSONS}


@HALF
@given(life=lives, whose=shared_out, rules=policies, groupings=groupings)
def test_who_is_taken_apart_has_what_it_would_have_had_alone(life, whose, rules, groupings):
    moved, alone = Persons(rules), Persons(rules)
    with bounds(spare=0, most=10**6):
        moved.live(life, whose, groupings)
        alone.live(life, whose)
    moved.store.regroup(APART)

    assert moved.histories() == alone.histories()


@HALF
@given(life=lives, whose=shared_out, rules=policies, groupings=groupings)
def test_in_whatever_order_persons_come_together_their_history_is_the_same(life, whose, rules, groupings):
    moved, alone = Persons(rules), Persons(rules)
    moved.live(life, whose, groupings)
    alone.live(life, whose)
    moved.store.regroup(TOGETHER)
    parts = alone.histories()

    one = ContactHistory.together(parts)
    assert moved.histories() == dict.fromkeys(PERSONS, one)
    for order in itertools.permutations(parts.items()):
        assert ContactHistory.together(dict(order)) == one


@HALF
@given(life=lives, whose=shared_out, rules=policies, later=hours)
def test_every_rule_counts_the_contacts_of_all_as_if_one_person_had_had_them(life, whose, rules, later):
    several, single = Persons(rules), Persons(rules)
    end = several.live(life, whose, [TOGETHER])
    single.live(life, ["p-1"])
    one, other = several.contacts.history("p-3").value, single.contacts.history("p-1").value

    for now in (end, end + later):
        assert answers(rules, one, now) == answers(rules, other, now)
