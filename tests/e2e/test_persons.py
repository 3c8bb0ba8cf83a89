"""Persons that turn out to be one, and are taken apart: as channels, providers and an operator see it."""

from __future__ import annotations

import uuid

from tests.e2e.platforms import signal


def asked(bank, what, **body):
    answer = bank.call("persons", "POST", f"/v1/persons/{what}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_who_was_merged_is_reached_as_one_and_has_its_own_again_when_taken_apart(bank):
    [number] = bank.newcomers(1)
    customer, lead = {"customer_no": number}, {"crm_id": f"crm-{uuid.uuid4()}"}
    alone = bank.decide({"identifiers": lead, "channel": "web"})
    first = bank.ended(bank.send(signal("", identifiers=customer)))
    bank.decide({"identifiers": {**customer, **lead}, "channel": "web"})
    second = bank.send(signal("", identifiers=lead))
    second_end = bank.ended(second)
    record = bank.record(second)
    third = bank.decided(bank.send(signal("", identifiers=customer)))

    shown = asked(bank, "show", identifiers=lead)
    assert shown == asked(bank, "show", identifiers=customer)
    as_lead = bank.record(alone["decision_id"]).person_id
    assert {each["person_id"] for each in shown["made_of"]} == {as_lead, shown["person_id"]}
    assert (record.person_id, record.profile.person_id, record.fragment) == (
        shown["person_id"],
        shown["person_id"],
        as_lead,
    )
    [message] = bank.messages([second])[second]
    assert message["to"]
    assert third.outcome == "all_withheld"  # two a week, whoever of the two had them
    assert (first.reads, first.writes) == (5, 4)
    assert (second_end.reads, second_end.writes) == (7, 5)  # the redirect of contacts, and the other's history

    why = asked(bank, "why", one=lead, other=customer)
    assert [(each["start"]["namespace"], each["end"]["namespace"]) for each in why["chain"]] == [
        ("crm_id", "customer_no")
    ]
    asked(bank, "unmerge", one=lead, other=customer, reason="two of one name", do=True)

    contacts = {
        each["person_id"]: each["treatment"]
        for whose in (lead, customer)
        for each in asked(bank, "show", identifiers=whose)["contacts"]
    }
    assert contacts == {as_lead: second_end.treatment, shown["person_id"]: first.treatment}
    assert bank.ended(bank.send(signal("", identifiers=customer))).outcome == "sent"
