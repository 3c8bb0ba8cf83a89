"""Providers that fail, stall, refuse and leave us in doubt: each reservation ends once, well or not."""

from __future__ import annotations

import itertools

import pytest

from emulators.provider import Behaviour
from shared.domain.decision import delivery_id
from shared.domain.signal import decision_id
from tests.e2e.platforms import signal

NOTICE = "northmoor_breach_notice"
"""What a signal `breach_notified` is answered with, on one of its channels."""


def met_once(bank, customer, share):
    """A signal whose delivery meets the provider's behaviour at the first attempt and not at the second, whichever of
    the notice's treatments is chosen: which attempts meet it depends on the delivery's id alone.
    """
    behaviour = Behaviour(share=share)
    treatments = [treatment.id for treatment in bank.platform.bank.revision.actions[NOTICE].treatments]

    def fits(identity):
        ids = [delivery_id(decision_id("test", identity), treatment) for treatment in treatments]
        return all(behaviour.strikes(i, 1) and not behaviour.strikes(i, 2) for i in ids)

    identity = next(i for n in itertools.count() if fits(i := f"{customer}-{n}"))
    return signal(customer, "breach_notified", id=identity)


@pytest.mark.parametrize("behaviour", [{"mode": "fail"}, {"mode": "429"}, {"mode": "stall", "seconds": 0.2}])
def test_what_a_provider_did_not_take_is_sent_again(bank, behaviour):
    [person] = bank.newcomers(1)

    with bank.providers(**behaviour, share=0.5):
        decision = bank.send(met_once(bank, person, 0.5))
        end = bank.ended(decision)

    assert end.outcome == "sent"
    [message] = bank.messages([decision])[decision]
    assert message["attempts"] == 2
    assert bank.delivery(message["delivery_id"]).attempts == 2


def test_what_a_provider_took_without_saying_so_is_one_message(bank):
    [person] = bank.newcomers(1)

    with bank.providers(mode="accept_then_timeout", seconds=0.2):
        decision = bank.send(signal(person))
        end = bank.ended(decision)

    assert end.outcome == "sent"
    [message] = bank.messages([decision])[decision]
    assert message["attempts"] == 2


def test_a_message_that_a_provider_refuses_for_good_fails_and_gives_its_place_back(bank):
    [person] = bank.newcomers(1)

    with bank.providers(mode="reject"):
        refused = [bank.send(signal(person)) for _ in range(2)]
        ends = [bank.ended(decision) for decision in refused]
    later = []
    for _ in range(3):
        later.append(bank.send(signal(person)))
        bank.settle(later)

    assert [end.outcome for end in ends] == ["failed", "failed"]
    assert not any(bank.messages(refused).values())
    results = [bank.record(decision).result for decision in later]
    assert results == ["reserved", "reserved", "all_withheld"]  # two a week, and the refused ones do not count
    assert [bank.ended(decision).outcome for decision in later[:2]] == ["sent", "sent"]
    assert bank.record(later[2]).withheld[0].rule == "weekly_outbound"


def test_a_provider_that_never_recovers_ends_the_delivery_and_keeps_its_place(bank):
    [person] = bank.newcomers(1)

    with bank.providers(mode="fail"):
        decision = bank.send(signal(person))
        end = bank.ended(decision)

    assert end.outcome == "failed"
    delivery = bank.delivery(end.delivery_id)
    assert delivery.attempts == bank.platform.bank.revision.channels[delivery.channel].max_attempts
    assert "given up" in (delivery.reason or "")
    [contact] = bank.contacts(person)
    assert contact.state == "sending"  # nobody can know that no attempt arrived
