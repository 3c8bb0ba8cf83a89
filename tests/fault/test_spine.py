"""The spine under duplicates, races and kills: nothing lost, nothing sent twice, no cap exceeded."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.platforms import signal

SIGNALS = 200
BEFORE_THE_KILL = 40
"""Decisions that are made before a function is killed: the run is then well under way."""

RECOVERY_SECONDS = 120.0
"""Most that recovery may take: the lease of a killed sender lasts 20 s."""


def test_a_signal_becomes_one_message_for_five_reads_and_four_writes(bank, customer):
    decision = bank.send(signal(customer()))

    end = bank.ended(decision)

    [message] = bank.messages([decision])[decision]
    assert message["to"]
    assert (end.outcome, end.reads, end.writes) == ("sent", 5, 4)
    assert end.messages == 8  # six between functions, and the rows of the decision and of its end
    assert bank.decided(decision).messages == 5  # four, and its own row


def test_an_identifier_not_seen_before_costs_a_read_and_a_write_more(bank, customer):
    new = {"customer_no": customer(), "cookie_id": f"ck-{uuid.uuid4()}"}
    decision = bank.send(signal("", identifiers=new))

    end = bank.ended(decision)

    assert (end.outcome, end.reads, end.writes) == ("sent", 6, 5)


def test_the_same_signal_twenty_times_at_once_is_one_decision_one_reservation_one_message(bank):
    [person] = bank.newcomers(1)
    again = signal(person)

    decisions = set(bank.send_at_once([again] * 20, threads=20))

    [decision] = decisions
    bank.settle(decisions)
    last = bank.send(signal(person))  # behind all repetitions: what they could do wrong would use up the cap of two
    assert bank.ended(last).outcome == "sent"
    [message] = bank.messages(decisions)[decision]
    [end] = bank.rows.ends(decision)
    assert (end.outcome, end.delivery_id) == ("sent", message["delivery_id"])
    assert [c.delivery_id for c in bank.contacts(person) if c.decision_id == decision] == [message["delivery_id"]]


def test_fifty_signals_of_one_person_at_once_under_a_cap_of_two_are_two_messages(bank):
    [person] = bank.newcomers(1)

    decisions = bank.send_at_once([signal(person) for _ in range(50)], threads=25)

    assert len(set(decisions)) == 50
    bank.settle(decisions)
    sent = [message for messages in bank.messages(decisions).values() for message in messages]
    assert len(sent) == 2
    results = [bank.decided(decision).outcome for decision in decisions]
    assert (results.count("reserved"), results.count("all_withheld")) == (2, 48)
    assert len(bank.contacts(person)) == 2


@pytest.mark.emulators
@pytest.mark.parametrize("function", ["identity", "eligibility", "arbitration", "suppression", "delivery", "feedback"])
def test_a_function_killed_in_the_middle_of_a_run_loses_nothing_and_sends_nothing_twice(on_emulators, function):
    bank = on_emulators
    people = bank.newcomers(SIGNALS * 3 // 4)  # some have two signals on their way
    signals = [signal(people[number % len(people)]) for number in range(SIGNALS)]
    parked = len(bank.parked())

    with ThreadPoolExecutor(8) as pool:
        sending = [pool.submit(bank.send, each) for each in signals]

        def under_way() -> bool | None:
            done = [each.result() for each in sending if each.done()]
            of_interest = bank.rows.ends if function in {"delivery", "feedback"} else bank.rows.decision
            return True if sum(bool(of_interest(decision)) for decision in done) >= BEFORE_THE_KILL else None

        bank.eventually(under_way, f"{BEFORE_THE_KILL} signals decided")
        bank.platform.kill(function)
        decisions = [each.result() for each in sending]
    unsettled = [d for d in decisions if bank.rows.decision(d) is None or not bank.rows.ends(d)]
    bank.platform.restart(function)
    bank.settle(decisions, RECOVERY_SECONDS)

    assert unsettled, "the run was over before the kill"
    assert len(set(decisions)) == SIGNALS
    received = bank.messages(decisions)
    for decision in decisions:
        row, ends = bank.rows.decision(decision), bank.rows.ends(decision)
        if row.outcome == "reserved":
            assert [end.outcome for end in ends] == ["sent"], ends
            assert [message["delivery_id"] for message in received[decision]] == [row.delivery_id]
        else:
            assert not received.get(decision), row
            assert not ends
    assert sum(map(len, received.values())) >= SIGNALS * 3 // 4
    assert len(bank.parked()) == parked
