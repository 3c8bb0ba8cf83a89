"""Explanations: what was decided, in words that a person can check against the catalogue."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.audiences import tell
from shared.domain.contact_policy import Deferred, Withheld
from shared.domain.decision import Chosen, DecisionRecord
from shared.domain.dropped import values_read
from shared.domain.engagement import Slots
from shared.domain.explanation import explain
from shared.domain.identity.links import Conflict
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
            "signal": signal(properties={"category": "debt"}, context={"call_topic": "loans"}),
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

    assert (first.reason, first.until) == ("At most two a week. (3 of 2 in 7 days)", "2026-03-03T12:00:00+00:00")
    assert (first.scope, first.allowed) == ("all", "after 3 March 2026 12:00 GMT")
    assert (second.reason, second.until) == ("No consent. (service of oak by email)", None)
    assert (second.scope, second.allowed) == ("purposes marketing", "")


EVERY_KIND = policy(
    rules=[
        {"id": "often", "kind": "cap", "limit": 3, "outcomes": ["sent"], "window": "calendar_week", "per": "brand",
         "preference": "messages_wanted", "reason": "Often."},
        {"id": "unseen", "kind": "cooldown", "outcomes": ["sent"], "count": 3, "within": "14d", "without": ["click"],
         "period": "30d", "same": "action", "reason": "Unseen."},
        {"id": "night", "kind": "quiet_hours", "times": [{"from": "21:00", "until": "08:00"}], "max_defer": "12h",
         "scope": {"channels": ["sms"]}, "reason": "Night."},
        {"id": "care", "kind": "exclusion", "flag": "vulnerable", "stops": ["marketing"], "reason": "Care."},
        {"id": "letters", "kind": "volume", "limit": 5000, "period": "day", "reason": "Full."},
        {"id": "texts", "kind": "budget", "pounds": 1250.5, "period": "month", "reason": "Spent."},
        {"id": "control", "kind": "holdout", "share": 0.02, "stops": ["marketing"], "reason": "Control."},
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "kind", "known", "scope", "reason"),
    [
        ("often", "cap", {"count": 3, "limit": 3}, "all; apart per brand", "Often. (3 of 3 in a calendar week)"),
        ("often", "cap", {"count": 2, "limit": 1}, "all; apart per brand",
         "Often. (2 of 1 in a calendar week, as the customer wants)"),
        ("unseen", "cooldown", {}, "all; apart per action",
         "Unseen. (after sent, 3 within 14 days, none with click, for 30 days)"),
        ("night", "quiet_hours", {}, "channels sms", "Night. (it was 2 March 2026 17:30 IST there)"),
        ("care", "exclusion", {}, "purposes marketing", "Care. (flag vulnerable)"),
        ("letters", "volume", {"count": 5000, "limit": 5000}, "all", "Full. (5000 of 5,000 per day)"),
        ("texts", "budget", {}, "all", "Spent. (£1,250.5 per month)"),
        ("control", "holdout", {}, "purposes marketing", "Control. (2 % of persons, this one among them)"),
    ],
)  # fmt: skip
def test_what_each_kind_of_rule_went_by_is_told(rule, kind, known, scope, reason):
    stop = Withheld(treatment="saver.sms", rule=rule, kind=kind, allowed_at=NOW + timedelta(hours=1), **known)
    decided = record("all_withheld", SAVER_TEXT, profile=person(time_zone="Asia/Kolkata"), withheld=(stop,))

    [told] = explain(EVERY_KIND, decided).withheld

    assert (told.scope, told.reason) == (scope, reason)
    assert told.allowed == "after 2 March 2026 18:30 IST"


def test_what_waits_is_told_with_its_time_on_the_customers_clock():
    waits = Deferred(treatment="saver.sms", rule="night", until=NOW + timedelta(hours=15))
    decided = record("deferred", SAVER_TEXT, profile=person(time_zone="Asia/Kolkata"), deferred=waits)

    assert explain(EVERY_KIND, decided).headline == (
        "Nothing yet: Open a saver (saver.sms) waits until 3 March 2026 08:30 IST and is decided again then. Night."
    )
    assert tell(EVERY_KIND, decided, "customer", "saver").says == [
        "“Open a saver” waits until 3 March 2026 08:30 IST; we look again then.",
        "We do not get in touch at this time of day.",
        "“Open a saver” is what waits.",
    ]


def test_a_customer_is_told_that_it_was_as_they_wanted():
    stop = Withheld(treatment="saver.sms", rule="often", kind="cap", count=1, limit=1)

    told = tell(EVERY_KIND, record("all_withheld", SAVER_TEXT, withheld=(stop,)), "customer")

    assert told.says[1:] == ["You asked us to be in touch less often."]


def test_conflicts_of_identity_are_told():
    conflict = Conflict(namespace="cookie_id", person_id="p-2", reason="cookie_id points at another person")

    told = explain(BANK, record("nothing_qualified", conflicts=(conflict,)))

    assert told.conflicts == ["cookie_id: cookie_id points at another person (p-2)"]


SIGNALLED = {"signal.type": "page_viewed", "signal.source": "web"}


@pytest.mark.parametrize(
    ("when", "values"),
    [
        ("profile.age > 1 && profile.age < 9", {"profile.age": 17}),
        ("has(profile.vip) && profile.vip", {"profile.vip": None}),
        ('"oak" in profile.brands', {"profile.brands": ["oak"]}),
        ('context.call_topic == "loans"', {"context.call_topic": "loans"}),
        ('signal.source == "b" || signal.type == "page_viewed"', SIGNALLED),
        ("signal.properties.basket.total > 1.0", {"signal.properties.basket.total": None}),
        ("now > now", {}),
        ('profile.brands.exists(brand, brand == "oak")', {"profile.brands": ["oak"]}),
        ('profile.first_name == "profile.vip"', {"profile.first_name": None}),
    ],
)
def test_the_values_that_a_condition_reads(when, values):
    conditions = [{"name": "c", "when": when, "reason": "-"}]
    bank = policy(only=["saver"], policy={"action:saver": {"eligibility": conditions}})

    assert values_read(bank, when, record("reserved")) == values
