"""Caps under any interleaving, duplication and reordering of one person's concurrent decisions."""

from __future__ import annotations

from datetime import timedelta
from operator import itemgetter

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.contact import Contact
from shared.domain.contact_policy.windows import LONGEST_SECONDS, leaves
from shared.domain.errors import PermanentError, TransientError
from shared.domain.profile import Profile
from shared.domain.rules import Cap, Cooldown, in_scope
from tests.fault.quiet_bank import Under
from tests.fault.world import NOW, Interleaver, World, bank_revision, canonical, ordinary

KINDS = ("page_viewed", "application_abandoned", "balance_changed", "card_blocked", "terms_changed")


RULES = (
    Cap(
        id="a_day",
        limit=1,
        outcomes=("sent",),
        window_seconds=LONGEST_SECONDS["day"],
        reason="One a day by one channel.",
        per="channel",
        calendar="day",
    ),
    Cap(
        id="a_week",
        limit=2,
        outcomes=("sent",),
        window_seconds=LONGEST_SECONDS["week"],
        reason="Two a week.",
        calendar="week",
    ),
    Cooldown(id="rest", outcomes=("sent",), period_seconds=86400, reason="One of a group rests it.", same="group"),
    Cooldown(
        id="enough",
        outcomes=("sent",),
        count=2,
        within_seconds=86400,
        without=("click",),
        period_seconds=2 * 86400,
        reason="Two unanswered are enough.",
    ),
)
"""Rules of the other windows, tight enough to be met."""


def contacts_of(world):
    """What counts as sent to each person, by when."""
    for person_id, history in world.store.histories.items():
        found = [msgspec.json.decode(data, type=Contact) for data in history.contacts.values()]
        counting = [contact for contact in found if contact.counts(world.now)]
        times = [(contact.when("sent", world.now), contact.facts()) for contact in counting]
        yield person_id, sorted(((at, known) for at, known in times if at is not None), key=itemgetter(0))


def over(world, rule):
    """By how many contacts a rule is broken now: within any window of a cap, or any period of a cooldown."""
    beyond = 0
    zone = world.catalogues.current().contact_rules.zone_of(Profile(person_id="p", version=1, created_at=NOW))
    for _, times in contacts_of(world):
        scope, level = (rule.scope, rule.per) if isinstance(rule, Cap) else (rule.after, rule.same)
        apart = {}
        for at, known in times:
            if in_scope(scope, known):
                apart.setdefault(known[level] if level else None, []).append(at)
        for ats in apart.values():
            if isinstance(rule, Cap):
                beyond += max(0, max(sum(at <= t < leaves(rule, at, zone) for t in ats) for at in ats) - rule.limit)
            else:
                rested = timedelta(seconds=rule.period_seconds)
                beyond += sum(t < begin + rested for begin, t in zip(ats, ats[rule.count :], strict=False))
    return beyond


OWN = [rule for rule in bank_revision().catalogue.rules if isinstance(rule, Cap) and "sent" in rule.outcomes]
BANKS = {"the sample bank": (None, OWN), "tight calendars": (Under(*RULES), [*RULES, *OWN])}


@pytest.mark.parametrize("bank", BANKS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    signals=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 3)), min_size=2, max_size=6),
    order=st.randoms(use_true_random=False),
    choices=st.lists(st.integers(0, 11), max_size=400),
    refused=st.sets(st.integers(0, 30), max_size=4),
    lost=st.sets(st.integers(0, 30), max_size=4),
)
def test_no_interleaving_of_concurrent_decisions_exceeds_a_cap(  # noqa: C901 - one history, told from its start to its end
    bank, signals, order, choices, refused, lost
):
    interleaver = Interleaver(iter(choices))
    person = ordinary()

    def announce(call):
        interleaver.announce(call)
        for rule in rules:
            assert over(world, rule) == 0, (rule.id, call)

    catalogues, rules = BANKS[bank]
    world = World(announce, [person], catalogues)

    def provide(_sent):
        call = len(world.provider.sent)
        if call in refused:
            raise PermanentError("refused for good")
        if call in lost:
            raise TransientError("no answer")

    world.provider.behaviour = provide
    decisions = set()
    for number, (kind, copies) in enumerate(signals):
        decisions |= {world.receive(canonical(person, f"s-{number}", kind)) for _ in range(copies)}
    for _ in range(100):
        if not world.queue.waiting:
            break
        batch = list(world.queue.waiting)
        world.queue.waiting.clear()
        order.shuffle(batch)
        unacknowledged = []

        def take(message, unacknowledged=unacknowledged):
            if not world.push(*message):
                unacknowledged.append(message)

        interleaver.run([lambda message=message: take(message) for message in batch[:12]])
        world.queue.waiting.extend([*batch[12:], *unacknowledged])
        world.now += timedelta(seconds=25 if unacknowledged else 1)
    assert not world.queue.waiting

    contacts = [
        msgspec.json.decode(data, type=Contact)
        for history in world.store.histories.values()
        for data in history.contacts.values()
    ]
    assert len({contact.decision_id for contact in contacts}) == len(contacts)  # one reservation a decision
    assert {contact.decision_id for contact in contacts} <= decisions
    assert {row.decision_id for row in world.queue.rows if row.kind == "decision"} == decisions
    assert {sent.delivery_id for sent in world.provider.sent} <= {contact.delivery_id for contact in contacts}
    assert all(contact.state in {"sending", "released"} for contact in contacts)  # none leaks
    assert not world.quarantine.list()
