"""A cap holds for persons that turn out to be one, whatever is decided for them at that very moment."""

from __future__ import annotations

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.domain.contact import Contact
from shared.domain.rules import Cap
from tests.fault.lead import CUSTOMER, LEAD, LEAD_ID, NUMBER, add_lead
from tests.fault.quiet_bank import Under
from tests.fault.world import Interleaver, World, canonical

LIMIT = 2
CAP = Cap(id="cap", limit=LIMIT, outcomes=("sent",), window_seconds=7 * 86400, reason="Two a week.")
WHO = (CUSTOMER, LEAD)
KINDS = ("page_viewed", "application_abandoned", "balance_changed")


def counted(world):
    """How many contacts of anybody count now."""
    found = [
        msgspec.json.decode(data, type=Contact)
        for history in world.store.histories.values()
        for data in history.contacts.values()
    ]
    return sum(each.counts(world.now) for each in found)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    signals=st.lists(st.tuples(st.sampled_from(WHO), st.sampled_from(KINDS)), min_size=2, max_size=8),
    choices=st.builds(
        lambda before, merging, after: before + [0] * merging + after,
        st.lists(st.integers(0, 8), max_size=30),
        st.integers(0, 16),
        st.lists(st.integers(0, 8), max_size=300),
    ),
)
@example(signals=[(each, KINDS[0]) for each in WHO * 4], choices=[0] * 12 + [1, 2, 3, 4, 5, 6, 7, 8] * 30)
@example(signals=[(each, KINDS[0]) for each in WHO * 4], choices=[1, 2, 3] * 4 + [0] * 12 + [1, 2, 3, 4, 5] * 50)
def test_no_decision_beside_a_merge_exceeds_a_cap(signals, choices):
    interleaver = Interleaver(iter(choices))
    had, broken = [], []

    def announce(call):
        interleaver.announce(call)
        if any(history.merged_into for history in world.store.histories.values()):
            had.append(counted(world))
            if len(had) > 1 and had[-1] > max(LIMIT, had[-2]):
                broken.append(call)

    world = World(announce, [NUMBER], Under(CAP))
    persons = [add_lead(world), LEAD_ID]
    decisions = {world.receive(canonical("", f"s-{n}", kind, identifiers=who)) for n, (who, kind) in enumerate(signals)}
    world.run(until=lambda: all(topic == "actions-ranked" for topic, *_ in world.queue.waiting))
    decisions.add(world.receive(canonical("", "s-both", identifiers={**CUSTOMER, **LEAD})))

    beside = list(world.queue.waiting)
    world.queue.waiting.clear()
    unacknowledged = []

    def take(message):
        if not world.push(*message):
            unacknowledged.append(message)

    interleaver.run([lambda message=message: take(message) for message in reversed(beside)])
    world.queue.waiting.extend(unacknowledged)
    world.run()

    found = world.plain["contacts"].history(LEAD_ID).value
    assert found.parts.keys() == set(persons)
    assert not broken
    assert max(len(part.contacts) for part in found.parts.values()) <= LIMIT
    assert len({sent.delivery_id for sent in world.provider.sent}) == len(found.contacts)  # none lost, none leaks
    assert {row.decision_id for row in world.queue.rows if row.kind == "decision"} == decisions
    assert not world.quarantine.list()
