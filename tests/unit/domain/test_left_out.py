"""What is not in the slots of a request, and why, case by case."""

from __future__ import annotations

import pytest

from shared.domain.contact_read import ContactRead
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Slots
from shared.domain.explanation import explain
from shared.domain.left_out import Slotted
from shared.domain.replay import offers, replay, replayed
from shared.domain.retrace import full, retrace
from shared.domain.scoring import best_first
from shared.domain.why_not import why_not
from tests.unit.domain.situations import NOW, cases, person, policy, signal

CONTENT = {"headline": "-", "body": "-"}


def bank_of(case):
    """The bank of a case: the actions that it names, on the web alone."""
    actions, conditions = {}, {}
    for name, said in case["actions"].items():
        actions[name] = {
            "group": said["group"],
            "value": said["value"],
            "mandatory": False,
            "starting": {"propensity": 0.5, "evidence": 10},
            "treatments": [
                {"id": placement, "channel": "web", "placement": placement, "content": CONTENT}
                for placement in said["placements"]
            ],
        }
        if "when" in said:
            conditions[f"action:{name}"] = {"eligibility": [{"name": "c", "when": said["when"], "reason": "-"}]}
    return policy(actions=actions, only=list(actions), policy=conditions, rules=case.get("rules"), slots=case["slots"])


def decided(bank, case):
    """The decision of a case."""
    record = DecisionRecord(
        decision_id="d-1",
        person_id="p-1",
        revision=bank.revision.id,
        signal=signal(),
        profile=person(age=40),
        decided_at=NOW,
        reserved_at=NOW,
        result="offered",
        slots=Slots(channels=("web",), placements=tuple(case["wanted"]), counts=tuple(case["wanted"].values())),
        read=ContactRead(),
        filling="together",
    )
    return replayed(bank, record)


@pytest.mark.parametrize("case", cases("left_out"))
def test_why_it_is_not_in_the_slots(case):
    bank = bank_of(case)
    record = decided(bank, case)

    told = explain(bank, record)

    assert {each.treatment: each.because for each in told.left_out} == case.get("left_out", {})
    assert list(told.remarks) == case.get("unmet", [])
    assert [f"{issue}" for issue in full(bank, record).unmet] == [line.split()[2] for line in case.get("unmet", [])]
    assert replay(bank, record).agrees


@pytest.mark.parametrize("case", [case for case in cases("left_out") if "asked" in case.values[0]])
def test_what_would_have_put_it_there(case):
    bank = bank_of(case)

    told = why_not(bank, decided(bank, case), case["asked"])

    assert case["because"] in told.because
    if "with" not in case:
        assert told.outcome == "cannot" or told.changes
        return
    assert told.outcome == "wins"
    said = [change.says for change in (*told.changes, *told.alternatives)]
    for line in case["with"]:
        assert any(each.startswith(line) for each in said), said


def test_a_search_that_was_cut_short_is_told():
    bank = bank_of(
        {
            "actions": {
                "saver": {"group": "savings", "value": 20, "placements": ["web.hero"]},
                "tips": {"group": "help", "value": 2, "placements": ["web.hero"]},
            },
            "slots": {},
        }
    )
    record = decided(bank, {"wanted": {"web.hero": 1}})
    scored = retrace(bank, record).scoring
    cut_short = offers(bank, record, best_first(bank, scored))._replace(proved=False)

    assert list(Slotted(bank, record, scored, cut_short).remarks()) == [
        "Bundles stand in each other's way: the search was cut short, and another choice may be better."
    ]
