"""What is switched off is neither shown nor sent, in every process, until it is on again; the log says who did it."""

from __future__ import annotations

import pytest

from shared.domain.governance.switches import SwitchedOff
from shared.domain.policy.policy import Policy
from shared.domain.replay import replay
from tests.e2e.platforms import signal
from tests.e2e.test_decisions import HERO, ask, shown


@pytest.mark.emulators
def test_what_is_switched_off_is_offered_nowhere_until_it_is_on_again(on_emulators):
    bank = on_emulators
    policy = Policy(bank.platform.bank.revision)
    [person] = bank.newcomers(1)
    [first] = shown(bank.decide(ask(person, (HERO, 1))))
    switch = SwitchedOff(kind="action", id=first["action"])

    def switched(off):
        told = {"kind": "action", "id": first["action"], "off": off, "why": "wrong rate shown"}
        answer = bank.call("releases", "POST", "/v1/switches", json=told)
        assert answer.status_code == 200, answer.text

        def everywhere():
            """By now decide and the chained functions have both seen it."""
            [now] = shown(bank.decide(ask(person, (HERO, 1))))
            read = bank.record(bank.send(signal(person))).read
            is_off = read is not None and switch in read.off
            return now if (now["action"] != first["action"], is_off) == (off, off) else None

        return bank.eventually(everywhere, f"{first['action']} is {'off' if off else 'on'}")

    try:
        switched(True)
        answer = bank.decide(ask(person, (HERO, 1)), query="?explain=true")
        assert switch.name in {each["rule"] for each in answer["explanation"]["withheld"]}
        assert replay(policy, bank.record(answer["decision_id"])).agrees
    finally:
        switched(False)
    entries = bank.call("releases", "GET", "/v1/audit").json()["entries"]
    mine = [each for each in entries if each["about"] == switch.name]
    assert [(each["by"], each["command"]["off"]) for each in mine] == [("local", True), ("local", False)]
    assert bank.call("releases", "GET", "/v1/audit/verification").json()["agrees"]
