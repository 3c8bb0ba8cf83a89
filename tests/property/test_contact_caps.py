"""Caps under any interleaving, duplication and reordering of one person's concurrent decisions."""

from __future__ import annotations

from datetime import timedelta

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.catalogue import facts
from shared.domain.contact_history import Contact
from shared.domain.errors import PermanentError, TransientError
from shared.domain.rules import Cap, in_scope
from tests.fault.world import Interleaver, World, bank_revision, canonical, ordinary

KINDS = ("page_viewed", "application_abandoned", "balance_changed", "card_blocked", "terms_changed")


def over_the_cap(world, cap):
    """How many contacts of any person a cap counts beyond its limit, now."""
    revision = bank_revision()
    beyond = 0
    for history in world.store.histories.values():
        counted = {}
        for data in history.contacts.values():
            contact = msgspec.json.decode(data, type=Contact)
            known = facts(*revision.treatment(contact.treatment))
            at = contact.when("sent", world.now)
            if contact.counts(world.now) and in_scope(cap.scope, known) and at is not None:
                per = known[cap.per] if cap.per else None
                counted.setdefault(per, []).append(at)
        window = timedelta(seconds=cap.window_seconds)
        for times in counted.values():
            beyond += max(0, max(sum(at - window < t <= at for t in times) for at in times) - cap.limit)
    return beyond


CAPS = [rule for rule in bank_revision().catalogue.rules if isinstance(rule, Cap) and "sent" in rule.outcomes]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    signals=st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 3)), min_size=2, max_size=6),
    order=st.randoms(use_true_random=False),
    choices=st.lists(st.integers(0, 11), max_size=400),
    refused=st.sets(st.integers(0, 30), max_size=4),
    lost=st.sets(st.integers(0, 30), max_size=4),
)
def test_no_interleaving_of_concurrent_decisions_exceeds_a_cap(  # noqa: C901 - one history, told from its start to its end
    signals, order, choices, refused, lost
):
    interleaver = Interleaver(iter(choices))
    person = ordinary()

    def announce(call):
        interleaver.announce(call)
        for cap in CAPS:
            assert over_the_cap(world, cap) == 0, (cap.id, call)

    world = World(announce, [person])

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
