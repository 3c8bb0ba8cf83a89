"""Explanations: what was decided, in words that a person can check against the catalogue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.contact_policy import Withheld
from shared.domain.decision import Chosen, DecisionRecord
from shared.domain.engagement import Slots
from shared.domain.explanation import explain, values_read
from shared.domain.identity import Conflict
from tests.unit.domain.situations import NOW, person, policy, signal

BANK = policy(
    policy={
        "issue:grow": {"eligibility": [{"name": "adult", "when": "profile.age >= 18", "reason": "Adults only."}]},
        "treatment:loan.email": {
            "suitability": [{"name": "calm", "when": 'signal.properties.category != "debt"', "reason": "Not now."}]
        },
    },
    exclusions=[{"flag": "deceased", "reason": "The customer has died."}],
    rules=[
        {
            "id": "weekly",
            "kind": "cap",
            "limit": 2,
            "outcomes": ["sent"],
            "window": "7d",
            "reason": "At most two a week.",
        },
        {"id": "consent", "kind": "consent", "purposes": ["marketing"], "reason": "No consent."},
    ],
)


def record(result, candidates=None, **fields):
    """A decision about somebody under age, with the propensities of its candidates."""
    known = sorted((candidates or {}).items())
    return DecisionRecord(
        **{
            "decision_id": "d-1",
            "person_id": "p-1",
            "revision": BANK.revision.id,
            "signal": signal(properties={"category": "debt"}, context={"page": "/loans"}),
            "profile": person(age=17),
            "decided_at": NOW,
            "reserved_at": NOW,
            "result": result,
            "slots": Slots(channels=("email",)),
            "candidates": tuple(treatment for treatment, _ in known),
            "propensities": tuple(propensity for _, propensity in known),
            **fields,
        }
    )


SAVER, SAVER_TEXT, TIPS = {"saver.email": 0.12}, {"saver.sms": 0.11}, {"tips.email": 0.1}
CHOSEN = (Chosen(treatment="saver.email", delivery_id="v-1", rank=1),)


@pytest.mark.parametrize(
    ("decided", "headline"),
    [
        (
            record("reserved", SAVER | TIPS, chosen=CHOSEN),
            "Open a saver by email: first of 2 ranked that contact policy lets through.",
        ),
        (record("excluded", excluded_by="deceased"), "Nothing: excluded by deceased. The customer has died."),
        (
            record("nothing_qualified", signal=signal(brand="elm"), profile=person(age=17, reachable=[])),
            "Nothing: none of 4 actions passes engagement policy.",
        ),
        (
            record(
                "all_withheld",
                SAVER | TIPS,
                withheld=(
                    Withheld(treatment="saver.email", rule="weekly", kind="cap"),
                    Withheld(treatment="tips.email", rule="consent", kind="consent"),
                ),
            ),
            "Nothing: all 2 ranked treatments are withheld by consent, weekly.",
        ),
    ],
)
def test_the_answer_in_a_sentence(decided, headline):
    assert explain(BANK, decided).headline == headline


def test_the_winner_beside_the_next_of_another_action():
    told = explain(BANK, record("reserved", SAVER | SAVER_TEXT | TIPS, chosen=CHOSEN))

    assert told.against_runner_up == [
        "saver.email against tips.email:",
        "priority: 12 against 0.099",
        "propensity: 0.12 against 0.1",
        "context: 1 against 1",
        "value: 99.99 against 0.99",
        "lever: 1 against 1",
    ]
    assert told.chosen == [
        {
            "treatment": "saver.email",
            "delivery_id": "v-1",
            "placement": None,
            "name": "Open a saver",
            "priority": pytest.approx(11.9988),
            "propensity": 0.12,
            "context": 1.0,
            "value": 99.99,
            "lever": 1.0,
        }
    ]


def test_a_winner_without_a_rival_and_one_from_an_earlier_ranking():
    alone = explain(BANK, record("reserved", SAVER | SAVER_TEXT, chosen=CHOSEN))
    earlier = explain(BANK, record("reserved", TIPS, chosen=CHOSEN))

    assert alone.against_runner_up == ["saver.email had no rival."]
    assert earlier.against_runner_up == ["saver.email was reserved before; it is not in this later ranking."]
    assert earlier.chosen[0]["name"] == "Open a saver"


def test_what_was_withheld_above_the_winner_is_no_rival():
    told = explain(BANK, record("reserved", {"loan.email": 0.9} | SAVER | TIPS, chosen=CHOSEN))

    assert told.against_runner_up[0] == "saver.email against tips.email:"


def dropped(action, **fields):
    """Why an action was dropped."""
    return next(each for each in explain(BANK, record("nothing_qualified", **fields)).dropped if each.action == action)


def test_a_drop_says_its_condition_what_it_read_and_why():
    told = dropped("loan")

    assert (told.when, told.values, told.reason, told.verdict) == (
        "profile.age >= 18",
        {"profile.age": 17},
        "Adults only.",
        "fails",
    )


def test_a_drop_of_a_treatment_reads_the_signal():
    told = dropped("loan", profile=person(age=18))

    assert (told.treatment, told.values, told.reason) == (
        "loan.email",
        {"signal.properties.category": "debt"},
        "Not now.",
    )


@pytest.mark.parametrize(
    ("action", "asked", "words"),
    [
        ("notice", {"decided_at": NOW.replace(year=2027), "slots": Slots(channels=("direct_mail",))}, "active window"),
        ("elm_saver", {}, "brand's"),
        ("tips", {"profile": person(reachable=[])}, "contact point"),
    ],
)
def test_every_drop_by_validity_says_why(action, asked, words):
    told = dropped(action, **asked)

    assert words in told.reason
    assert (told.when, told.values) == ("", {})


def test_what_was_withheld_says_the_count_and_until_when():
    cap = Withheld(
        treatment="saver.email", rule="weekly", kind="cap", count=3, limit=2, allowed_at=NOW + timedelta(days=1)
    )
    consent = Withheld(treatment="tips.email", rule="consent", kind="consent")

    first, second = explain(BANK, record("all_withheld", SAVER | TIPS, withheld=(cap, consent))).withheld

    assert (first.reason, first.until) == ("At most two a week. (3 of 2)", "2026-03-03T12:00:00+00:00")
    assert (second.reason, second.until) == ("No consent.", None)


def test_conflicts_of_identity_are_told():
    conflict = Conflict(namespace="cookie_id", person_id="p-2", reason="cookie_id points at another person")

    told = explain(BANK, record("nothing_qualified", conflicts=(conflict,)))

    assert told.conflicts == ["cookie_id: cookie_id points at another person (p-2)"]


@pytest.mark.parametrize(
    ("when", "values"),
    [
        ("profile.age > 1 && profile.age < 9", {"profile.age": 17}),
        ("has(profile.vip) && profile.vip", {"profile.vip": None}),
        ('"oak" in profile.brands', {"profile.brands": ["oak"]}),
        ('context.page == "/loans"', {"context.page": "/loans"}),
        ('signal.type == "a" || signal.source == "b"', {"signal.type": "page_viewed", "signal.source": "web"}),
        ("signal.properties.basket.total > 1.0", {"signal.properties.basket.total": None}),
        ("signal.properties.category.length > 1.0", {"signal.properties.category.length": None}),
        ("now > now", {}),
    ],
)
def test_the_values_that_a_condition_reads(when, values):
    assert values_read(when, record("reserved")) == values
