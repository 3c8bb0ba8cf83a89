"""What quiet hours defer is kept once, fires within a minute of its time, and is decided again as things are then."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from shared.domain.consent import Consent
from shared.domain.decision import DecisionRecord
from shared.domain.erasure import ERASED
from shared.domain.errors import ErasedError
from shared.domain.explanation import explain
from shared.domain.profile import Profile
from shared.domain.replay import replay
from shared.domain.rules import QuietTime
from shared.messages import SignalReceived
from shared.ports import Versioned
from tests.contract.samples import update
from tests.fault.quiet_bank import NIGHTS, Under
from tests.fault.test_dying_at_any_line import Killer, end_of
from tests.fault.world import Death, World, canonical, ordinary

NIGHT = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
MORNING = datetime(2026, 3, 3, 8, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at_night(killer=lambda _call: None, *, rules=(NIGHTS,)):
    """A world in which it is night, and the number of somebody in it."""
    number = ordinary()
    world = World(killer, [number], Under(*rules))
    world.now = NIGHT
    return world, number


def ask(world, number, identity="s-1", at=NIGHT):
    decision = world.receive(canonical(number, identity, at=at, received_at=world.now))
    world.run()
    return decision


def sweep(world):
    """A tick, and another a minute later for each that died."""
    while True:
        try:
            return world.sweep()
        except Death:
            world.now += MINUTE


def records(world):
    return [msgspec.json.decode(row.record, type=DecisionRecord) for row in world.queue.rows if row.kind == "decision"]


def test_that_somebody_was_erased_who_would_have_waited_is_told():
    world, number = at_night()

    def erased(*_args, **_options):
        raise ErasedError("the person was erased")

    world.ports["contacts"].defer = erased
    decision = ask(world, number)

    assert [(row.decision_id, row.kind, row.outcome) for row in world.queue.rows] == [(decision, "signal", ERASED)]


def test_what_is_decided_at_night_waits_and_is_decided_again_in_the_morning():
    world, number = at_night()
    decision = ask(world, number)

    [first] = records(world)
    assert (first.result, first.deferred.rule, first.deferred.until) == ("deferred", "nights", MORNING)
    assert not first.chosen
    assert not world.provider.sent

    world.now = MORNING
    assert world.sweep() == 1
    world.run()

    _, again = records(world)
    assert again.result == "reserved"
    assert again.decision_id != decision
    assert (again.signal.again.decision_id, again.signal.again.first_at) == (decision, NIGHT)
    assert again.decided_at == MORNING
    assert len(world.provider.sent) == 1
    assert world.sweep() == 0
    for record in (first, again):
        assert replay(world.catalogues.current(), record).agrees


def test_ticks_of_every_minute_fire_it_within_a_minute_of_its_time():
    world, number = at_night()
    ask(world, number)

    world.now = NIGHT.replace(second=17)
    while not world.sweep():
        assert world.now < MORNING + MINUTE
        world.now += MINUTE

    assert MORNING <= world.now < MORNING + MINUTE
    world.run()
    assert len(world.provider.sent) == 1


def test_its_cost_is_what_every_decision_costs_and_the_deferral():
    world, number = at_night()
    ask(world, number)
    deferred = world.queue.rows[-1]
    world.now = MORNING
    world.sweep()
    world.run()
    sent = world.queue.rows[-1]

    assert (deferred.outcome, deferred.reads, deferred.writes) == ("deferred", 3, 2)
    assert (sent.outcome, sent.reads, sent.writes) == ("sent", 6, 5)


def test_the_same_decision_again_tells_the_same_and_keeps_nothing_more():
    world, number = at_night()
    world.receive(canonical(number, "s-1", at=NIGHT, received_at=NIGHT))
    world.run(until=lambda: world.queue.waiting[0][0] == "actions-ranked")
    ranked = world.queue.waiting[0]
    world.run()
    world.now = MORNING + timedelta(hours=1)  # nothing would keep it now
    assert world.push(*ranked)
    world.run()

    first, second = world.queue.rows
    assert (second.outcome, second.repeated, second.record) == ("deferred", True, first.record)
    assert len(world.store.deferrals) == 1
    assert not world.provider.sent
    record = msgspec.json.decode(second.record, type=DecisionRecord)
    assert replay(world.catalogues.current(), record).agrees


def test_two_sweeps_at_once_decide_once():
    world, number = at_night()
    ask(world, number)
    world.now = MORNING
    [due] = world.plain["deferrals"].due(MORNING, 10)

    first, world.store.due[due.decision_id] = world.sweep(), MORNING  # the other had read it before it was marked
    second = world.sweep()
    assert (first, second) == (1, 1)
    assert len({attributes["message_id"] for _, _, attributes in world.queue.waiting}) == 1
    world.run()

    assert len(world.provider.sent) == 1
    assert len({record.decision_id for record in records(world)}) == 2


def test_many_are_fired_page_by_page():
    world, _ = at_night()
    example, other = at_night()
    ask(example, other)
    [kept] = example.plain["deferrals"].due(MORNING, 10)
    for n in range(700):
        one = msgspec.structs.replace(kept, decision_id=f"d-{n:032}", person_id=f"p-{n}")
        world.plain["contacts"].defer(one.person_id, None, one)
    world.now = MORNING

    assert world.sweep() == 700
    assert world.sweep() == 0
    assert len(world.queue.waiting) == 700


def withdraw(world):
    """The person says no to every marketing of everybody."""
    [document] = world.store.profiles.values()
    profile = msgspec.json.decode(document.data, type=Profile)
    no = Consent(granted=False, at=MORNING - MINUTE, source="web")
    withdrawn = dict.fromkeys(["*:marketing:*", "*:targeted_support:*"], no)
    changed = msgspec.structs.replace(profile, version=profile.version + 1, consents=withdrawn)
    persons = world.plain["persons"]
    update(persons, Versioned(changed, persons.profile(profile.person_id).version))


def test_a_consent_that_was_withdrawn_meanwhile_counts():
    world, number = at_night()
    ask(world, number)
    [first] = records(world)
    withdraw(world)

    world.now = MORNING
    world.sweep()
    world.run()

    again = records(world)[-1]
    stopped = {each.treatment: each.rule for each in again.withheld}
    assert stopped.get(first.deferred.treatment) == "marketing_consent"
    assert first.deferred.treatment not in {each.treatment for each in again.chosen}


def test_contacts_that_happened_meanwhile_count():
    world, number = at_night()
    ask(world, number)
    world.now = MORNING + timedelta(hours=1)  # the clock stood still; others did not
    for identity in ("s-2", "s-3"):
        ask(world, number, identity, at=world.now)
    assert len(world.provider.sent) == 2

    assert world.sweep() == 1
    world.run()

    again = records(world)[-1]
    assert again.result == "all_withheld"
    assert "weekly_outbound" in {each.rule for each in again.withheld}
    assert len(world.provider.sent) == 2


def test_a_signal_a_day_and_more_old_by_then_is_no_late_one():
    long = msgspec.structs.replace(NIGHTS, max_defer_seconds=3 * 86_400)
    world, number = at_night(rules=(long,))
    ask(world, number)

    world.now = MORNING + timedelta(days=2)
    world.sweep()
    world.run()

    assert [row.kind for row in world.queue.rows] == ["decision", "decision", "outcome"]
    assert len(world.provider.sent) == 1


def test_waiting_ends_in_time_from_the_first_decision():
    world, number = at_night()
    ask(world, number)
    longer = msgspec.structs.replace(NIGHTS, times=(QuietTime(from_="21:00", until="12:00"),))
    world.now = MORNING
    other = World(customers=[number], catalogues=Under(longer))  # quiet hours were made longer overnight
    other.now, other.store.due, other.store.deferrals = MORNING, world.store.due, world.store.deferrals
    other.sweep()
    other.run()

    again = records(other)[-1]
    assert again.result == "all_withheld"  # until noon would be thirteen and a half hours in all
    assert {each.rule for each in again.withheld} >= {"nights"}
    assert replay(other.catalogues.current(), again).agrees
    assert ask(other, number, "s-new", at=MORNING)
    assert records(other)[-1].result == "deferred"  # four hours for one that is decided first


def test_it_may_wait_more_than_once_and_the_last_names_the_one_before():
    world, number = at_night()
    first = ask(world, number)
    world.now = MORNING - MINUTE  # a clock that runs ahead fires early: it waits on
    world.store.due = dict.fromkeys(world.store.due, world.now)
    world.sweep()
    world.run()
    second = records(world)[-1]
    world.now = MORNING
    world.sweep()
    world.run()
    third = records(world)[-1]

    assert (second.result, second.signal.again.decision_id) == ("deferred", first)
    assert (third.result, third.signal.again.decision_id) == ("reserved", second.decision_id)
    assert third.signal.again.first_at == NIGHT
    assert len({first, second.decision_id, third.decision_id}) == 3


def test_explanations_say_what_waits_and_what_had_waited():
    world, number = at_night()
    decision = ask(world, number)
    world.now = MORNING
    world.sweep()
    world.run()
    waited, made = (explain(world.catalogues.current(), record) for record in records(world))

    assert "waits until 3 March 2026 08:00 GMT and is decided again then" in waited.headline
    assert made.again == f"Decided again: {decision} waited; the first decision was made 2 March 2026 22:30 GMT."


# dying


def live(killer):
    """A night and a morning of a signal, in which processes die as told."""
    armed = []
    world, number = at_night(lambda call: killer(call) if armed else None)
    armed.append(True)
    world.receive(canonical(number, "s-1", at=NIGHT, received_at=NIGHT))
    world.run()
    world.now = MORNING
    sweep(world)
    world.run()
    sweep(world)
    world.run()
    return world


def ended(world):
    found = end_of(world)
    return {**found, "deferrals": sorted(world.store.deferrals), "due": dict(world.store.due)}


def moments():
    killer = Killer()
    live(killer)
    return [pytest.param(n, id=f"{n}-{call}") for n, call in enumerate(killer.calls, 1)]


@pytest.mark.parametrize("moment", moments())
def test_whoever_dies_wherever_it_is_decided_once_at_night_and_once_in_the_morning(moment):
    expected = ended(live(Killer()))

    died = live(Killer(moment))

    assert ended(died) == expected
    assert expected["due"] == {}
    assert len({sent.delivery_id for sent in died.provider.sent}) == 1


def test_a_message_of_a_deferral_is_a_signal_like_any_other():
    world, number = at_night()
    ask(world, number)
    world.now = MORNING
    world.sweep()

    [(topic, data, _)] = world.queue.waiting
    received = msgspec.json.decode(data, type=SignalReceived)
    assert topic == "signals-received"
    assert received.message_id == f"{received.decision_id}:signal.received"
    assert received.signal.at == NIGHT
    assert received.occurred_at == MORNING
