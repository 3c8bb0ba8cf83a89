"""Why not this action: the smallest change, case by case."""

from __future__ import annotations

import msgspec
import pytest

from shared.domain.contact_policy import Closed
from shared.domain.contact_read import read_of
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Slots
from shared.domain.errors import NotFoundError
from shared.domain.replay import replayed
from shared.domain.why_not import why_not
from tests.unit.domain.situations import NOW, cases, history, person, policy, signal, span


def bank_of(case):
    """The bank of a case."""
    conditions = [
        {"name": f"c{number}", "when": when, "reason": "-"} for number, when in enumerate(case.get("conditions", []))
    ]
    return policy(
        policy={"action:tips": {"eligibility": conditions}} if conditions else {},
        rules=case.get("rules"),
        only=["tips", *case.get("against", [])],
    )


def decided(bank, case):
    """The decision of a case."""
    closed = {rule: Closed(opens_at=NOW + span(opens_in)) for rule, opens_in in case.get("closed", {}).items()}
    contacts = read_of(bank, history(bank.revision, case.get("history", [])), NOW, closed=closed)
    record = DecisionRecord(
        decision_id="d-1",
        person_id="p-1",
        revision=bank.revision.id,
        signal=signal(),
        profile=person(**case.get("person", {})),
        decided_at=NOW,
        reserved_at=NOW,
        result="reserved",
        slots=Slots(channels=tuple(case.get("slots", ["email"]))),
        read=contacts,
    )
    return msgspec.structs.replace(replayed(bank, record), read=contacts)


@pytest.mark.parametrize("case", cases("why_not"))
def test_why_not(case):
    bank = bank_of(case)

    told = why_not(bank, decided(bank, case), "tips")

    if "cannot" in case:
        assert told.outcome == "cannot"
        assert case["cannot"] in told.because
        return
    assert told.outcome == "wins", told.because
    assert [change.says for change in told.changes] == case["changes"]
    assert [change.says for change in told.alternatives] == case.get("instead", [])


def test_what_was_chosen_and_what_appears_elsewhere_say_so():
    bank = bank_of({"against": ["saver"]})
    record = decided(bank, {})

    assert why_not(bank, record, "saver").outcome == "chosen"
    elsewhere = why_not(bank, msgspec.structs.replace(record, slots=Slots(channels=("web",)), chosen=()), "tips")
    assert elsewhere.because == "It appears on direct_mail, email, and the decision was for none of these."


def test_an_action_that_nobody_knows():
    bank = bank_of({})
    with pytest.raises(NotFoundError, match="no action 'moon'"):
        why_not(bank, decided(bank, {}), "moon")


def test_of_several_treatments_the_one_that_needs_least_is_told():
    treatments = [
        {"id": "a", "channel": "direct_mail", "content": {"text": "Tips"}},
        {"id": "b", "channel": "email", "content": {"subject": "Tips", "body": "<p>Tips</p>"}},
    ]
    bank = policy(only=["tips", "saver"], actions={"tips": {"treatments": treatments, "value": 5}})

    told = why_not(bank, decided(bank, {"slots": ["direct_mail", "email"]}), "tips")

    assert told.treatment == "tips.b"


def test_what_is_for_those_who_are_no_customers_takes_a_signal_to_the_brand():
    conditions = [
        {"name": "no_customer", "when": "!(action.brand in profile.brands)", "reason": "-"},
        {"name": "young", "when": '"oak" in profile.brands || profile.age < 30', "reason": "-"},
    ]
    bank = policy(policy={"action:tips": {"eligibility": conditions}}, only=["tips"])

    told = why_not(bank, decided(bank, {"person": {"brands": ["elm"], "age": 40}}), "tips")

    assert [change.says for change in told.changes] == [
        'signal.brand = "oak", now none',
        "profile.age < 30, now 40",
    ]
