"""Deliveries keep to the pace of their channel on a platform that runs."""

from __future__ import annotations

import json
import time

import pytest
from click.testing import CliRunner

from cli import platform
from cli.main import kairos
from tests.e2e.platforms import PATIENCE_SECONDS, signal


def test_what_a_provider_asks_patience_for_waits_and_goes_out_once_when_its_time_has_come(bank):
    people = bank.newcomers(3)
    deadline = time.monotonic() + PATIENCE_SECONDS
    with bank.providers(mode="429", retry_after=2) as behave:
        decisions = [bank.send(signal(person)) for person in people]
        while sum(bank.stands(decision) == "deferred" for decision in decisions) < len(people):
            assert time.monotonic() < deadline, [bank.stands(decision) for decision in decisions]
        behave(mode="ok")

        bank.platform.scheduler.tick()
        bank.settle(decisions)

    assert [bank.ended(decision).outcome for decision in decisions] == ["sent"] * 3
    assert [len(messages) for messages in bank.messages(decisions).values()] == [1] * 3
    assert [bank.contacts(person)[0].state for person in people] == ["sending"] * 3


@pytest.mark.emulators
def test_operators_see_how_channels_stand(on_emulators, monkeypatch):
    monkeypatch.setattr(platform, "STATE", on_emulators.platform._state)
    revision = on_emulators.platform.bank.revision
    lanes = [revision.lane(channel, brand) for channel in revision.outbound for brand in revision.brands]

    answer = CliRunner().invoke(kairos, ["channels", "--json"], catch_exceptions=False)
    said = CliRunner().invoke(kairos, ["channels"], catch_exceptions=False).stdout

    found = json.loads(answer.stdout)
    rates = {each["sent_through"]: each["rate"] for each in found["channels"]}
    assert rates == {lane.id: str(lane.rate_limit or "no limit") for lane in lanes}
    assert {channel for each in found["channels"] for channel in each["channels"]} == set(revision.outbound)
    assert found["waiting"] == 0
    assert said.splitlines()[-1] == "No deliveries wait."
