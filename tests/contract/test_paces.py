"""The port `Paces`, and deliveries that wait for their channel: what instances share of a channel's pace."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from shared.adapters.known_paces import Timing
from shared.domain.catalogue import Breaker, SendRate
from shared.domain.errors import NotTakenError, TransientError
from shared.ports import NotNow, Turn
from shared.runtime.world import pause
from tests.contract.samples import NOW, channel, delivery

SECOND = NOW.replace(microsecond=0)
SLOW = channel(rate_limit=SendRate(limit=60, per="minute", burst=10))
FRAGILE = channel(breaker=Breaker(failures=2, pause="30s"))


class Clock:
    """Time that passes when it is told to: who waits for a slot does so beside the others."""

    def __init__(self):
        self.now = NOW

    def timing(self):
        return Timing(lambda: self.now, lambda _at: None, pause)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def instance(documents, clock):
    """Makes one more instance; what it says is kept in `said`."""

    def new():
        said = []
        made = documents.new_paces(clock.timing(), lambda _said, *, channel, event: said.append((channel, event)))
        made.said = said
        return made

    return new


def fails(instance, of, number, error=None):
    message = delivery(number)
    turn = instance.turn(of, message)
    assert isinstance(turn, Turn)
    return instance.failed(of, message, turn, error or TransientError("the provider answered 500"))


def test_a_channel_that_says_nothing_is_sent_to_at_once_and_costs_no_message_anything(documents, instance):
    one = instance()

    spent = documents.meter.of(lambda: [one.turn(channel(), delivery(n)) for n in range(50)])

    assert spent == (0, 0)
    assert one.turn(channel(), delivery()) == Turn(NOW)


def test_instances_share_a_limit_and_who_finds_no_slot_has_a_place_in_the_queue(instance, clock):
    one, other = instance(), instance()

    turns = [each.turn(SLOW, delivery(n)) for n, each in enumerate([one, other] * 10)]

    let = [turn for turn in turns if isinstance(turn, Turn)]
    places = [turn.until for turn in turns if isinstance(turn, NotNow)]
    assert 5 <= len(let) <= 5 + 2, "half of the burst, and what comes within a second"
    assert len(set(places)) == len(places)
    assert min(places) > clock.now


def test_slots_are_booked_for_several_messages_at_once(documents, instance, clock):
    quick = channel(rate_limit=SendRate(limit=100, burst=400))
    one = instance()

    spent = documents.meter.of(lambda: [one.turn(quick, delivery(n)) for n in range(50)])

    assert spent == (1, 1)
    assert clock.now == NOW


def test_sixteen_threads_in_four_instances_get_no_more_than_there_is(documents, clock):
    instances = [documents.new_paces(clock.timing()) for _ in range(4)]
    quick = channel(rate_limit=SendRate(limit=20, burst=40))

    def take(number):
        try:
            turns = [instances[number % 4].turn(quick, delivery(number * 100 + n)) for n in range(8)]
        except TransientError:  # contended too long: a message would be delivered again
            return []
        return [turn.at for turn in turns if isinstance(turn, Turn)]

    with ThreadPoolExecutor(16) as pool:
        slots = [at for taken in pool.map(take, range(16)) for at in taken]

    ahead = (max(slots) - NOW).total_seconds()
    assert ahead <= 1
    assert len(slots) <= 20 + ahead * 20 + 1


def test_what_a_provider_asks_for_is_kept_by_all(instance, clock):
    one, other = instance(), instance()
    assert isinstance(other.turn(channel(), delivery(1)), Turn)

    not_now = fails(one, channel(), 2, NotTakenError("429", retry_after=120))

    assert not_now == NotNow(NOW + timedelta(seconds=120), "email is held by its provider")
    assert one.turn(channel(), delivery(3)) == not_now
    clock.now += timedelta(seconds=5)
    assert other.turn(channel(), delivery(4)) == not_now
    clock.now = NOW + timedelta(seconds=120)
    assert isinstance(other.turn(channel(), delivery(4)), Turn)


def test_who_may_wait_as_long_as_the_provider_asks_does(instance, clock):
    one = instance()
    fails(one, channel(), 1, NotTakenError("429", retry_after=3))

    assert isinstance(one.turn(channel(), delivery(2)), NotNow)
    assert one.turn(channel(), delivery(2, purpose="regulatory")) == Turn(NOW + timedelta(seconds=3))


def test_the_breaker_opens_after_different_messages_failed_in_a_row(instance):
    one = instance()

    assert [fails(one, FRAGILE, 1) for _ in range(3)] == [None, None, None]
    assert fails(one, FRAGILE, 2) == NotNow(NOW + timedelta(seconds=30), "the provider of email fails")


def test_one_that_is_sent_begins_the_count_again(instance):
    one = instance()
    fails(one, FRAGILE, 1)
    message = delivery(2)
    one.took(FRAGILE, message, one.turn(FRAGILE, message))

    assert fails(one, FRAGILE, 3) is None


def broken(instance, clock):
    """Two instances that know that the provider fails."""
    one, other = instance(), instance()
    other.turn(FRAGILE, delivery(9))
    fails(one, FRAGILE, 1)
    fails(one, FRAGILE, 2)
    clock.now += timedelta(seconds=30)
    return one, other


def test_one_message_of_all_instances_tries_and_opens_it_to_all(instance, clock):
    one, other = broken(instance, clock)
    probe = delivery(3)

    trying = one.turn(FRAGILE, probe)

    assert trying == Turn(clock.now, is_probe=True)
    assert isinstance(other.turn(FRAGILE, delivery(4)), NotNow)
    assert isinstance(one.turn(FRAGILE, delivery(5)), NotNow)
    one.took(FRAGILE, probe, trying)
    assert one.turn(FRAGILE, delivery(5)) == Turn(clock.now)
    clock.now += timedelta(seconds=5)
    assert other.turn(FRAGILE, delivery(4)) == Turn(clock.now)
    assert [event for _, event in one.said] == ["breaker_open", "breaker_half_open", "breaker_closed"]


def test_a_probe_that_fails_lets_everybody_wait_twice_as_long(instance, clock):
    one, other = broken(instance, clock)
    probe = delivery(3)
    turn = one.turn(FRAGILE, probe)

    assert one.failed(FRAGILE, probe, turn, TransientError("500")).until == clock.now + timedelta(seconds=60)
    clock.now += timedelta(seconds=59)
    assert isinstance(other.turn(FRAGILE, delivery(4)), NotNow)
    clock.now += timedelta(seconds=1)
    assert other.turn(FRAGILE, delivery(4)).is_probe


def test_a_probe_that_nobody_hears_of_again_is_given_up(instance, clock):
    one, other = broken(instance, clock)
    assert one.turn(FRAGILE, delivery(3)).is_probe  # and it dies

    clock.now += timedelta(seconds=40)

    assert other.turn(FRAGILE, delivery(4)).is_probe


def test_a_probe_that_asked_nobody_leaves_it_to_another(instance, clock):
    one, other = broken(instance, clock)
    probe = delivery(3)
    one.give_back(FRAGILE, probe, one.turn(FRAGILE, probe))

    assert other.turn(FRAGILE, delivery(4)).is_probe


def deferred(documents, number, seconds):
    made = delivery(number).deferred(SECOND, SECOND + timedelta(seconds=seconds), "why")
    documents.contacts.settle(made, None, release=False)
    return made


def test_what_waits_is_due_in_order_and_when_its_time_has_come(documents):
    later, soon, now = (deferred(documents, n, seconds) for n, seconds in enumerate([90, 30.5, 0], 1))
    waiting = documents.deferred_deliveries

    assert [each.value for each in waiting.due(SECOND + timedelta(seconds=60), 10)] == [now, soon]
    assert [each.value for each in waiting.due(SECOND + timedelta(seconds=91), 2)] == [now, soon]
    assert [each.value for each in waiting.due(SECOND + timedelta(seconds=91), 9)] == [now, soon, later]
    assert waiting.waiting() == 3
    assert soon.due_at == SECOND + timedelta(seconds=31)


def test_what_fired_is_due_again_unless_something_came_of_it(documents):
    lost, claimed = (deferred(documents, n, 0) for n in (1, 2))
    waiting, again = documents.deferred_deliveries, SECOND + timedelta(seconds=120)

    fired = waiting.fire(waiting.due(SECOND + timedelta(seconds=1), 9), again)
    assert {each.delivery_id for each in fired} == {lost.delivery_id, claimed.delivery_id}
    found = documents.contacts.delivery(claimed.delivery_id)
    documents.contacts.claim(found.value.claimed(SECOND), found.version)

    assert waiting.due(again, 9) == []
    assert [each.value.delivery_id for each in waiting.due(again + timedelta(seconds=1), 9)] == [lost.delivery_id]


def test_what_has_changed_since_it_was_read_does_not_fire(documents):
    sent, other = (deferred(documents, n, 0) for n in (1, 2))
    waiting = documents.deferred_deliveries
    due = waiting.due(SECOND + timedelta(seconds=1), 9)
    found = documents.contacts.delivery(sent.delivery_id)
    documents.contacts.settle(found.value.settled("cancelled", SECOND, reason="gone"), found.version, release=True)

    assert waiting.fire(due, SECOND + timedelta(seconds=120)) == [other]
    assert documents.contacts.delivery(sent.delivery_id).value.due_at is None


def test_deliveries_that_nobody_holds_any_more_are_found_the_longest_first(documents):
    times = [NOW - timedelta(hours=hours) for hours in (1, 3, 2)]
    for number, at in enumerate(times):
        claimed = delivery(delivery_id=f"v-{number}", person_id=f"p-{number}").claimed(at)
        documents.contacts.claim(claimed, None)
    documents.contacts.claim(delivery(delivery_id="v-held", person_id="p-held").claimed(NOW), None)
    ended = delivery(delivery_id="v-sent", person_id="p-sent").settled("sent", NOW - timedelta(hours=4))
    documents.contacts.settle(ended, None, release=False)

    found = documents.abandoned_deliveries.abandoned(NOW, 2)
    rest = documents.abandoned_deliveries.abandoned(NOW, 2, found[-1].lease_until)

    assert [each.delivery_id for each in (*found, *rest)] == ["v-1", "v-2", "v-0"]
