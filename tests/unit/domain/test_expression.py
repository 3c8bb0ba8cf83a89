"""Conditions and values: missing is unknown, anything else that is no answer is an error, and neither is ever false."""

from __future__ import annotations

import os
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.authoring import CatalogueError
from shared.domain.policy.policy import Verdict
from tests.unit.domain.situations import NOW, cases, person, policy, signal

ACTIONS = {"saver": {"value": 1}}


def condition(text, level="treatment:saver.email"):
    """A bank that has just this condition, and the condition."""
    bank = policy(
        only=["saver"], actions=ACTIONS, policy={level: {"eligibility": [{"name": "c", "when": text, "reason": "r"}]}}
    )
    return bank, bank.revision.catalogue.conditions[0]


def says(text, *, candidate=None, **known):
    bank, asked = condition(text)
    seen = bank.situation(person(**known.get("profile", {})), signal(**known.get("signal", {})), NOW)
    return bank.verdict(asked, {**seen, **(candidate or {})})


@pytest.mark.parametrize("case", cases("expressions"))
def test_what_a_condition_says(case):
    assert says(case["when"], profile=case.get("profile", {}), signal=case.get("signal", {})) == case["says"]


@pytest.mark.parametrize("text", ["profile.age >", "profile.age >= 18 18", "nobody.knows == 1", "profile.age + 1"])
def test_what_is_no_condition_is_refused(text):
    with pytest.raises(CatalogueError):
        condition(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("profile.age * 2", 36.0),
        ("2.5", 2.5),
        ("has(profile.vip) ? 1.0 : 2.0", 2.0),
        ("profile.disposable_income * 0.5", None),
        ("profile.age / 0", None),
    ],
)
def test_a_number_or_none(text, number):
    bank = policy(only=["saver"], actions={"saver": {"value": text}})

    assert bank.number(text, bank.situation(person(age=18), signal(), NOW)) == number


def test_a_candidate_is_seen_by_one_evaluation_and_not_by_the_next():
    text = 'action.id == "saver" && treatment.channel == "sms"'

    assert says(text, candidate={"action": {"id": "saver"}, "treatment": {"channel": "sms"}}) is Verdict.HOLDS
    assert says(text, candidate={"action": {"id": "saver"}, "treatment": {"channel": "email"}}) is Verdict.FAILS
    assert says(text, candidate={"action": {"id": "saver"}, "treatment": {}}) is Verdict.UNKNOWN
    assert says(text) is Verdict.UNKNOWN


def test_a_time_without_a_zone_is_the_same_instant_wherever_the_machine_stands():
    before = os.environ.get("TZ")
    try:
        for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
            os.environ["TZ"] = zone
            time.tzset()
            said = says(
                'profile.deal_ends_at == timestamp("2026-03-02T01:00:00Z")',
                profile={"deal_ends_at": "2026-03-02T01:00:00"},
            )
            assert said is Verdict.HOLDS, zone
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


JSON = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
READERS = {
    "age": "profile.age >= 18",
    "vip": "profile.vip",
    "hobbies": '"a" in profile.hobbies',
    "deal_ends_at": "profile.deal_ends_at > now",
    "disposable_income": "profile.disposable_income * 2.0 > 1.0",
}


@settings(max_examples=60, deadline=None)
@given(value=JSON, name=st.sampled_from(sorted(READERS)))
def test_no_value_of_an_attribute_makes_a_condition_raise_and_none_that_is_there_is_missing(value, name):
    said = says(READERS[name], profile={name: value})

    assert said in ({Verdict.UNKNOWN} if value is None else {Verdict.HOLDS, Verdict.FAILS, Verdict.ERROR})
