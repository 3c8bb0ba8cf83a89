"""Delivery: the states of one message on its way, and who has it to themselves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.delivery import CLAIM_LEASE, FINAL
from tests.contract.samples import delivery
from tests.corpus.tree_bank import revision as tree_bank
from tests.fault.world import bank_revision
from tests.unit.domain.situations import NOW

SECOND = timedelta(seconds=1)


def test_a_claim_is_one_more_attempt_and_holds_it_for_the_lease():
    claimed = delivery(attempts=1).claimed(NOW)

    assert (claimed.state, claimed.at, claimed.attempts) == ("sending", NOW, 2)
    assert claimed.is_held(NOW)
    assert claimed.is_held(NOW + CLAIM_LEASE - SECOND)
    assert not claimed.is_held(NOW + CLAIM_LEASE)


def test_what_is_yielded_is_free_at_once_and_keeps_its_attempts():
    yielded = delivery().claimed(NOW).yielded(NOW + SECOND, begun=True)

    assert (yielded.state, yielded.attempts) == ("sending", 1)
    assert not yielded.is_held(NOW + SECOND)


def test_what_nobody_claimed_is_nobodys():
    assert not delivery().is_held(NOW)


@pytest.mark.parametrize("state", sorted(FINAL))
def test_at_its_end_it_is_nobodys_and_says_why(state):
    settled = delivery().claimed(NOW).settled(state, NOW + SECOND, reference="r-1", reason="because")

    assert (settled.state, settled.at, settled.reference, settled.reason) == (state, NOW + SECOND, "r-1", "because")
    assert not settled.is_held(NOW + SECOND)
    assert settled.attempts == 1


def test_who_and_what_it_is_never_changes():
    reserved = delivery()
    settled = reserved.claimed(NOW).yielded(NOW, begun=True).claimed(NOW).settled("sent", NOW)

    fixed = [f for f in reserved.__struct_fields__ if f not in {"state", "at", "attempts", "lease_until"}]
    assert {name: getattr(settled, name) for name in fixed} == {name: getattr(reserved, name) for name in fixed}


@pytest.mark.parametrize("revision", [bank_revision(), tree_bank()], ids=["the sample bank", "the bank of the corpus"])
def test_a_lease_outlasts_every_channels_timeout(revision):
    assert all(timedelta(seconds=channel.timeout_seconds) < CLAIM_LEASE for channel in revision.channels.values())
