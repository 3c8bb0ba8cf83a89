"""What is switched off is neither shown nor sent, in every process, until it is on again; the log says who did it."""

from __future__ import annotations

import pytest

from shared.domain.governance.switches import SwitchedOff
from shared.domain.policy.policy import Policy
from shared.domain.replay import replay
from tests.e2e.platforms import signal
from tests.e2e.test_decisions import ask, shown

BANNER = "web.account.banner"


@pytest.mark.emulators
def test_what_is_switched_off_is_offered_nowhere_until_it_is_on_again(on_emulators):
    bank = on_emulators
    policy = Policy(bank.platform.bank.revision)
    person, messaged = bank.newcomers(2)
    action = sent_to(bank, policy, messaged)
    switch = SwitchedOff(kind="action", id=action)

    def switched(off):
        told = {"kind": "action", "id": action, "off": off, "why": "wrong rate shown"}
        answer = bank.call("releases", "POST", "/v1/switches", json=told)
        assert answer.status_code == 200, answer.text

        def everywhere():
            """By now decide and the chained functions have both seen it."""
            is_shown = action in {each["action"] for each in shown(bank.decide(ask(person, (BANNER, 8))))}
            read = bank.record(bank.send(signal(person))).read
            is_off = read is not None and switch in read.off
            return True if (not is_shown, is_off) == (off, off) else None

        bank.eventually(everywhere, f"{action} is {'off' if off else 'on'}")

    def sent_again():
        """Delivery, which looks for itself, has seen it too."""
        [newcomer] = bank.newcomers(1)
        return sent_to(bank, policy, newcomer) == action or None

    try:
        switched(True)
        answer = bank.decide(ask(person, (BANNER, 8)), query="?explain=true")
        assert switch.name in {each["rule"] for each in answer["explanation"]["withheld"]}
        assert replay(policy, bank.record(answer["decision_id"])).agrees
    finally:
        switched(False)
        bank.eventually(sent_again, f"{action} is sent again")
    entries = bank.call("releases", "GET", "/v1/audit").json()["entries"]
    mine = [each for each in entries if each["about"] == switch.name]
    assert [(each["by"], each["command"]["off"]) for each in mine] == [("local", True), ("local", False)]
    assert bank.call("releases", "GET", "/v1/audit/verification").json()["agrees"]


def sent_to(bank, policy, person):
    """The action of the message that a person is sent; None where it was not sent after all."""
    decision = bank.send(signal(person))
    [chosen] = bank.record(decision).chosen
    action, _ = policy.rows[policy.row(chosen.treatment)]
    return action.id if bank.ended(decision).outcome == "sent" else None
