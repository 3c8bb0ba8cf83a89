"""A decision that is told again, and not in the same words, is explained as it happened."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import msgspec
import pytest

from shared.adapters import memory
from shared.adapters.envelope import envelope
from shared.domain.decision import DecisionRecord
from shared.domain.profile import Profile
from shared.domain.replay import replay
from tests.fault.world import NOW, World, bank_policy, canonical, ordinary


def told(world, decision):
    """What the history tells of a decision, in whatever order its rows come."""
    rows = [row for row in world.queue.rows if row.decision_id == decision and row.kind == "decision"]
    for row in rows:
        assert replay(bank_policy(), msgspec.json.decode(row.record, type=DecisionRecord)).differences == ()
    answers = set()
    for order in permutations(rows):
        history = memory.DecisionHistory(memory.new_sealer(memory.Store()), lambda: world.now)
        for row in order:
            history.deliver(*envelope(row))
        answers.add(msgspec.json.encode(history.decision(decision)))
    [answer] = answers
    return len({row.record for row in rows}), msgspec.json.decode(answer, type=DecisionRecord), answer


def change(world, **changes):
    """The person as another system now knows it."""
    [(person_id, document)] = world.store.profiles.items()
    profile = msgspec.json.decode(document.data, type=Profile)
    fresh = msgspec.structs.replace(profile, version=profile.version + 1, **changes)
    world.store.profiles[person_id] = document._replace(
        data=msgspec.json.encode(fresh), version=world.store.next_version()
    )
    return profile


CHANGES = {
    "nothing changed": {},
    "excluded since": {"flags": ("deceased",)},
    "nothing qualifies since": {"brands": (), "reachable": ()},
    "another ranking since": {"products": ("cash_isa", "instant_saver", "current_account")},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_a_signal_repeated_after_the_person_changed_is_told_as_it_was_decided_first(changes):
    number = ordinary()
    world = World(customers=[number])
    decision = world.receive(canonical(number, "s-1"))
    world.run()
    _, first, words = told(world, decision)
    assert first.result == "reserved"

    for hours in (1, 5):
        world.now = NOW + timedelta(hours=hours)
        change(world, **changes)
        assert world.receive(canonical(number, "s-1", received_at=world.now)) == decision
        world.run()

    different, _, again = told(world, decision)
    assert different > 1  # the time it was received differs at the least
    assert again == words
    assert len(world.provider.sent) == 1


def test_what_sent_a_message_is_told_and_not_what_was_decided_before_the_person_qualified():
    number = ordinary()
    world = World(customers=[number])
    known = change(world, flags=("deceased",))
    decision = world.receive(canonical(number, "s-1"))
    world.run()
    assert told(world, decision)[1].result == "excluded"

    change(world, flags=known.flags)
    world.now += timedelta(hours=1)
    world.receive(canonical(number, "s-1"))
    world.run()

    assert told(world, decision)[1].result == "reserved"
    assert len(world.provider.sent) == 1


def test_a_decision_that_withheld_everything_is_told_as_it_was_decided_first():
    number = ordinary()
    world = World(customers=[number])
    for identity in ("s-1", "s-2", "s-3"):
        decision = world.receive(canonical(number, identity))
        world.run()
    _, first, words = told(world, decision)
    assert first.result == "all_withheld"

    world.now += timedelta(days=1)
    change(world, flags=("deceased",))
    world.receive(canonical(number, "s-3", received_at=world.now))
    world.run()

    assert told(world, decision)[2] == words
