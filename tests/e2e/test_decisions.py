"""Decisions for channels that ask, and the outcomes that they report."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime

import pytest

HERO, TILE = "web.home.hero", "web.home.tile"


def ask(person, *placements, channel="web", **fields):
    wanted = [{"id": name, "count": count} for name, count in placements]
    return {"identifiers": {"customer_no": person}, "channel": channel, "placements": wanted, **fields}


def shown(answer):
    return [treatment for placement in answer["placements"] for treatment in placement["treatments"]]


def report(bank, *outcomes):
    answer = bank.call("feedback", "POST", "/v1/outcomes", json=list(outcomes))
    assert answer.status_code == 202, answer.text
    return answer.json()


def outcome(treatment, kind):
    return {"outcome": kind, "delivery_id": treatment["delivery_id"], "at": datetime.now(UTC).isoformat()}


def test_each_placement_is_filled_with_as_many_as_asked_and_no_action_twice(bank):
    [person] = bank.newcomers(1)

    answer = bank.decide(ask(person, (HERO, 2), (TILE, 1)))

    assert [placement["id"] for placement in answer["placements"]] == [HERO, TILE]
    hero, tile = (placement["treatments"] for placement in answer["placements"])
    assert [treatment["rank"] for treatment in hero] == [1, 2]
    assert len(tile) == 1
    assert len({treatment["action"] for treatment in shown(answer)}) == 3
    assert len({treatment["delivery_id"] for treatment in shown(answer)}) == 3
    revision = bank.platform.bank.revision
    for placement in answer["placements"]:
        for treatment in placement["treatments"]:
            action, declared = revision.treatment(treatment["treatment"])
            assert (action.id, declared.placement) == (treatment["action"], placement["id"])
            assert all(treatment["content"].values())
    assert answer["revision"] == revision.id
    row = bank.decided(answer["decision_id"])
    assert row.messages == 1
    assert 0 <= row.elapsed_ms <= answer["elapsed_ms"] + 1
    assert "explanation" not in answer


def test_without_a_placement_the_channel_s_best_is_given(bank):
    [person] = bank.newcomers(1)

    answer = bank.decide(ask(person))

    [treatment] = shown(answer)
    assert bank.platform.bank.revision.treatment(treatment["treatment"])[1].channel == "web"


def test_asking_again_gives_the_same_and_counts_nothing(bank):
    [person] = bank.newcomers(1)

    answers = [bank.decide(ask(person, (HERO, 3))) for _ in range(7)]

    assert len({tuple(t["treatment"] for t in shown(answer)) for answer in answers}) == 1
    assert len({answer["decision_id"] for answer in answers}) == 7
    assert bank.contacts(person) == []


def test_why_comes_with_the_answer_when_asked_for(bank):
    [person] = bank.newcomers(1)

    answer = bank.decide(ask(person, (HERO, 1)), query="?explain=true")

    assert answer["explanation"]["decision_id"] == answer["decision_id"]
    assert answer["explanation"]["dropped"]
    [chosen] = shown(answer)
    assert bank.platform.bank.revision.actions[chosen["action"]].name in answer["explanation"]["headline"]


def test_a_decision_is_read_back_and_explained(bank):
    [person] = bank.newcomers(1)
    trace = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace}-{'1' * 16}-01"}
    asked = bank.call("decide", "POST", "/v1/decisions", json=ask(person, (HERO, 2)), headers=headers)
    answer = asked.json()
    assert asked.headers["traceparent"].split("-")[1] == trace

    def read(path=""):
        found = bank.call("decide", "GET", f"/v1/decisions/{answer['decision_id']}{path}")
        return found.json() if found.status_code == 200 else None

    record = bank.eventually(read, "the record")
    explanation = bank.eventually(lambda: read("/explanation"), "the explanation")

    assert record["result"] == "offered"
    assert [c["delivery_id"] for c in record["chosen"]] == [t["delivery_id"] for t in shown(answer)]
    assert explanation["decision_id"] == answer["decision_id"]


def test_a_stranger_is_offered_what_strangers_may_have(bank):
    answer = bank.decide(ask(f"nobody-{uuid.uuid4()}", (HERO, 20), (TILE, 20)))

    revision = bank.platform.bank.revision
    purposes = {revision.treatment(treatment["treatment"])[1].purpose for treatment in shown(answer)}
    assert "marketing" not in purposes  # nobody consented


def test_outcomes_are_taken_once(bank):
    [person] = bank.newcomers(1)
    [treatment] = shown(bank.decide(ask(person, (HERO, 1))))
    seen, clicked = outcome(treatment, "impression"), outcome(treatment, "click")

    first, again = report(bank, seen, clicked), report(bank, clicked, seen, clicked)

    assert [item["duplicate"] for item in first["accepted"]] == [False, False]
    assert [item["duplicate"] for item in again["accepted"]] == [True, True, True]
    ids = [item["outcome_id"] for item in first["accepted"]]
    assert [item["outcome_id"] for item in again["accepted"]] == [ids[1], ids[0], ids[1]]
    [contact] = bank.contacts(person)
    assert (contact.state, set(contact.outcomes)) == ("presented", {"impression", "click"})


def test_an_outcome_of_no_delivery_is_named_and_the_good_one_taken(bank):
    [person] = bank.newcomers(1)
    [treatment] = shown(bank.decide(ask(person, (HERO, 1))))
    nothing = {"outcome": "click", "delivery_id": "v-" + "0" * 32}

    answer = report(bank, nothing, outcome(treatment, "impression"), {"outcome": "bought", "delivery_id": "v-1"})

    assert [item["index"] for item in answer["accepted"]] == [1]
    problems = [(item["index"], item["problem"]["status"], item["problem"]["field"]) for item in answer["rejected"]]
    assert problems == [(0, 404, "delivery_id"), (2, 400, "outcome")]


@pytest.mark.parametrize(("kind", "silenced"), [("dismiss", "action"), ("reject", "group")])
def test_what_was_declined_is_not_offered_again_soon(bank, kind, silenced):
    [person] = bank.newcomers(1)
    revision = bank.platform.bank.revision
    placements = [(name, 20) for name in (HERO, TILE, "web.account.banner", "web.product.sidebar")]

    def offered():
        return shown(bank.decide(ask(person, *placements)))

    def declinable(treatment):
        return revision.treatment(treatment["treatment"])[1].purpose == "marketing"

    def of(treatment):
        return getattr(revision.treatment(treatment["treatment"])[0], "id" if silenced == "action" else "group")

    before = offered()
    declined = next(treatment for treatment in before if declinable(treatment))

    report(bank, outcome(declined, "impression"), outcome(declined, kind))

    after = offered()
    assert not [t for t in after if declinable(t) and of(t) == of(declined)]
    others = {t["treatment"] for t in before if of(t) != of(declined)}
    assert others <= {t["treatment"] for t in after}


@pytest.mark.parametrize(("answer", "times"), [("click", 5), (None, 4)], ids=["looked into", "in vain"])
def test_what_was_seen_enough_rests(bank, answer, times):
    [person] = bank.newcomers(1)
    revision = bank.platform.bank.revision
    first = next(
        treatment
        for treatment in shown(bank.decide(ask(person, (HERO, 20))))
        if revision.treatment(treatment["treatment"])[1].purpose == "marketing"
    )
    times_offered = 0

    for _ in range(6):
        again = [t for t in shown(bank.decide(ask(person, (HERO, 20)))) if t["action"] == first["action"]]
        times_offered += len(again)
        if again:
            said = ["impression", answer] if answer else ["impression"]
            report(bank, *(outcome(treatment, kind) for treatment in again for kind in said))

    assert times_offered == times
