"""Explanations: what was decided, in words that a person can check against the catalogue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.arbitration import Ranked
from shared.domain.contact_policy import Withheld
from shared.domain.decision import Chosen, DecisionRecord
from shared.domain.engagement import Drop
from shared.domain.explanation import explain, values_read
from shared.domain.expression import Verdict
from shared.domain.identity import Conflict
from tests.unit.domain.situations import NOW, person, policy, signal

REVISION = policy(
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
).revision


def ranked(treatment, priority, **factors):
    action, declared = REVISION.treatment(treatment)
    given = {"propensity": 0.1, "context": 1.0, "value": 100.0, "lever": 1.0}
    return Ranked(
        action=action.id, treatment=treatment, channel=declared.channel, priority=priority, **{**given, **factors}
    )


def record(result, **fields):
    return DecisionRecord(
        **{
            "decision_id": "d-1",
            "person_id": "p-1",
            "revision": REVISION.id,
            "signal": signal(properties={"category": "debt"}, context={"page": "/loans"}),
            "profile": person(age=17, flags=["deceased"]),
            "decided_at": NOW,
            "reserved_at": NOW,
            "result": result,
            **fields,
        }
    )


SAVER, SAVER_TEXT, TIPS = (
    ranked("saver.email", 12.0, propensity=0.12),
    ranked("saver.sms", 11.0),
    ranked("tips.email", 2.0),
)
CHOSEN = (Chosen(treatment="saver.email", delivery_id="v-1", rank=1),)
BY_AGE = Drop(action="loan", level="issue:grow", kind="eligibility", condition="adult", verdict=Verdict.FAILS)


@pytest.mark.parametrize(
    ("decided", "headline"),
    [
        (
            record("reserved", ranked=(SAVER, TIPS), chosen=CHOSEN),
            "Open a saver by email: first of 2 ranked that contact policy lets through.",
        ),
        (record("excluded", excluded_by="deceased"), "Nothing: excluded by deceased. The customer has died."),
        (
            record("nothing_qualified", drops=(BY_AGE, BY_AGE)),
            "Nothing: none of 1 actions passes engagement policy.",
        ),
        (
            record(
                "all_withheld",
                ranked=(SAVER, TIPS),
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
    assert explain(REVISION, decided).headline == headline


def test_the_winner_beside_the_next_of_another_action():
    told = explain(REVISION, record("reserved", ranked=(SAVER, SAVER_TEXT, TIPS), chosen=CHOSEN))

    assert told.against_runner_up == [
        "saver.email against tips.email:",
        "priority: 12 against 2",
        "propensity: 0.12 against 0.1",
        "context: 1 against 1",
        "value: 100 against 100",
        "lever: 1 against 1",
    ]
    assert told.chosen == [
        {
            "treatment": "saver.email",
            "delivery_id": "v-1",
            "placement": None,
            "name": "Open a saver",
            "priority": 12.0,
            "propensity": 0.12,
            "context": 1.0,
            "value": 100.0,
            "lever": 1.0,
        }
    ]


def test_a_winner_without_a_rival_and_one_from_an_earlier_ranking():
    alone = explain(REVISION, record("reserved", ranked=(SAVER, SAVER_TEXT), chosen=CHOSEN))
    earlier = explain(REVISION, record("reserved", ranked=(TIPS,), chosen=CHOSEN))

    assert alone.against_runner_up == ["saver.email had no rival."]
    assert earlier.against_runner_up == ["saver.email was reserved before; it is not in this later ranking."]
    assert earlier.chosen[0]["name"] == "Open a saver"


def test_a_drop_says_its_condition_what_it_read_and_why():
    [told] = explain(REVISION, record("nothing_qualified", drops=(BY_AGE,))).dropped

    assert (told.when, told.values, told.reason, told.verdict) == (
        "profile.age >= 18",
        {"profile.age": 17},
        "Adults only.",
        "fails",
    )


def test_a_drop_of_a_treatment_reads_the_signal():
    by_mood = Drop(
        action="loan", treatment="loan.email", level="treatment:loan.email", kind="suitability", condition="calm"
    )

    [told] = explain(REVISION, record("nothing_qualified", drops=(by_mood,))).dropped

    assert (told.treatment, told.values, told.reason) == (
        "loan.email",
        {"signal.properties.category": "debt"},
        "Not now.",
    )


@pytest.mark.parametrize(
    ("condition", "words"),
    [("active_window", "active window"), ("brand", "brand's"), ("contact_point", "contact point")],
)
def test_every_drop_by_validity_says_why(condition, words):
    drop = Drop(action="loan", level="rule", kind="validity", condition=condition)

    [told] = explain(REVISION, record("nothing_qualified", drops=(drop,))).dropped

    assert words in told.reason
    assert (told.when, told.values) == ("", {})


def test_what_was_withheld_says_the_count_and_until_when():
    cap = Withheld(
        treatment="saver.email", rule="weekly", kind="cap", count=3, limit=2, allowed_at=NOW + timedelta(days=1)
    )
    consent = Withheld(treatment="tips.email", rule="consent", kind="consent")

    first, second = explain(REVISION, record("all_withheld", ranked=(SAVER, TIPS), withheld=(cap, consent))).withheld

    assert (first.reason, first.until) == ("At most two a week. (3 of 2)", "2026-03-03T12:00:00+00:00")
    assert (second.reason, second.until) == ("No consent.", None)


def test_conflicts_of_identity_are_told():
    conflict = Conflict(namespace="cookie_id", person_id="p-2", reason="cookie_id points at another person")

    told = explain(REVISION, record("nothing_qualified", conflicts=(conflict,)))

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
