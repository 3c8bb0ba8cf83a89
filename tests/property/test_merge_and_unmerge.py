"""Merge and unmerge through real signals: what came to one person meanwhile is given back to whose signal led to it."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.identity.people import People
from functions.persons.finding import Find
from functions.persons.unmerging import Unmerge
from shared.domain.identity.links import NO_GRAPH
from shared.domain.signal import ConsentChange, decision_id
from tests.fault.lead import CUSTOMER, LEAD, LEAD_ID, NUMBER, add_lead
from tests.fault.world import KEY, NOW, World, canonical

WHO = {"customer": CUSTOMER, "lead": LEAD}
KINDS = ("page_viewed", "application_abandoned", "balance_changed", "payment_declined", "complaint_made")
WORDS = st.builds(
    ConsentChange,
    purpose=st.sampled_from(("marketing", "targeted_support")),
    channel=st.sampled_from(("email", "sms")),
    granted=st.booleans(),
)
signals = st.lists(
    st.tuples(
        st.sampled_from(sorted(WHO)),
        st.sampled_from(KINDS),
        st.lists(WORDS, max_size=1).map(tuple),
        st.integers(0, 60),
    ),
    max_size=5,
)


class Bank:
    """A customer and a lead of whom as much is known."""

    def __init__(self):
        self.world = World(customers=[NUMBER])
        self.persons = self.world.plain["persons"]
        self.ids = {"customer": add_lead(self.world), "lead": LEAD_ID}
        self.decided = {}

    def see(self, prefix, given):
        for number, (who, kind, words, minutes) in enumerate(given):
            self.take(f"{prefix}-{number}", who, WHO[who], kind=kind, consent=words, minutes=minutes)

    def take(self, identity, who, identifiers, *, kind="page_viewed", consent=(), minutes=0):
        at = NOW + timedelta(minutes=minutes)
        signal = canonical("", identity, kind, identifiers=identifiers, consent=consent, at=at)
        self.decided[decision_id(signal.source, signal.id)] = self.ids[who]
        self.world.receive(signal)
        self.world.run()

    def unmerge(self):
        people = People(self.persons, lambda: "p-parted")
        find = Find(self.world.catalogues, self.persons, people, KEY)
        unmerge = Unmerge(find, self.world.catalogues, people)
        unmerge(WHO["lead"], WHO["customer"], reason="-", operator="anna", now=NOW, do=True)

    def known(self, who):
        """What is known, without how it is kept: once merged, words on consent stay apart by who gave them."""
        person = self.persons.profile(self.ids[who]).value
        return msgspec.structs.replace(person, version=0, graph=NO_GRAPH, triggered={}, voices={})

    def contacts(self, who):
        return self.world.plain["contacts"].history(self.ids[who]).value.contacts


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=signals, between=signals, after=signals)
def test_who_was_merged_and_is_parted_has_its_own_and_what_its_own_signals_led_to(before, between, after):
    merged, never = Bank(), Bank()
    for bank, both in ((merged, {**WHO["customer"], **WHO["lead"]}), (never, WHO["customer"])):
        bank.see("b", before)
        bank.take("m", "customer", both)
        bank.see("i", between)
    assert merged.contacts("lead") == merged.contacts("customer")
    merged.unmerge()
    for bank in (merged, never):
        bank.see("a", after)

    for who in WHO:
        assert merged.known(who) == never.known(who)
        held = merged.contacts(who)
        assert {merged.decided[contact.decision_id] for contact in held.values()} <= {merged.ids[who]}
    reserved = {row.decision_id for row in merged.world.queue.rows if row.outcome == "reserved"}
    assert {c.decision_id for who in WHO for c in merged.contacts(who).values()} == reserved
    assert "p-parted" not in merged.world.store.profiles
