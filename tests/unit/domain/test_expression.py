"""Expressions: missing is unknown, anything else that is no answer is an error, and neither is ever false."""

from __future__ import annotations

import os
import time

import pytest
from cel_expr_python import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.expression import Language, Verdict
from tests.corpus.tree_bank import revision
from tests.unit.domain.situations import NOW, cases, person, signal

LANGUAGE = Language(revision().catalogue.profile_schema)


def situation(case):
    arrived = signal(**case.get("signal", {}))
    return LANGUAGE.situation(person(**case.get("profile", {})), arrived, arrived.context, NOW)


@pytest.mark.parametrize("case", cases("expressions"))
def test_what_an_expression_says(case):
    expression = LANGUAGE.compile(case["when"])

    assert expression.verdict(situation(case).bound) == case["says"]


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        ("profile.age > 1", 'NOT_FOUND: Key not found in map : "age"'),
        ("now > now", 'UNKNOWN: No value with name "now" found in Activation'),
        ("1 / 0 == 1", "INVALID_ARGUMENT: divide by zero"),
    ],
)
def test_the_library_words_what_is_missing_as_we_read_it(text, wording):
    """That a value is missing can be told from the wording alone; where a release words it anew, this says so."""
    variables = {"profile": cel.Type.Map(cel.Type.STRING, cel.Type.DYN), "now": cel.Type.TIMESTAMP}
    environment = cel.NewEnv(variables=variables)

    result = environment.compile(text).eval(environment.Activation({"profile": {}}))

    assert result.type() == cel.Type.ERROR
    assert str(result.value()).startswith(wording)


@pytest.mark.parametrize("text", ["profile.age >", "", "profile.age >= 18 18", "nobody.knows == 1"])
def test_what_is_not_cel_is_refused(text):
    with pytest.raises(ValueError, match=r"\S"):
        LANGUAGE.compile(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("profile.age * 2", 36.0),
        ("2.5", 2.5),
        ("has(profile.vip) ? 1.0 : 2.0", 2.0),
        ("profile.disposable_income * 0.5", None),
        ("profile.age / 0", None),
        ("1.0 / 0.0", None),
        ("0.0 / 0.0", None),
        ("true", None),
        ('"12"', None),
    ],
)
def test_a_number_or_none(text, number):
    assert LANGUAGE.compile(text).number(situation({"profile": {"age": 18}}).bound) == number


def test_a_candidate_is_seen_by_one_evaluation_and_not_by_the_next():
    expression = LANGUAGE.compile('action.id == "saver" && treatment.channel == "sms"')
    here = situation({})

    assert expression.verdict(here.with_candidate({"id": "saver"}, {"channel": "sms"})) is Verdict.HOLDS
    assert expression.verdict(here.with_candidate({"id": "saver"}, {"channel": "email"})) is Verdict.FAILS
    assert expression.verdict(here.with_candidate({"id": "saver"}, {})) is Verdict.UNKNOWN
    assert expression.verdict(here.bound) is Verdict.UNKNOWN


def test_what_is_read_of_the_candidate_is_known():
    expression = LANGUAGE.compile('action.group == "loans" && treatment.channel != "sms" && profile.age > 1')

    assert expression.reads_of_candidate == (("action", "group"), ("treatment", "channel"))
    assert LANGUAGE.compile("profile.age > 1").reads_of_candidate == ()


def test_a_time_without_a_zone_is_the_same_instant_wherever_the_machine_stands():
    before = os.environ.get("TZ")
    expression = LANGUAGE.compile('profile.deal_ends_at == timestamp("2026-03-02T01:00:00Z")')
    try:
        for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
            os.environ["TZ"] = zone
            time.tzset()
            said = expression.verdict(situation({"profile": {"deal_ends_at": "2026-03-02T01:00:00"}}).bound)
            assert said is Verdict.HOLDS, zone
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


READERS = {
    "age": LANGUAGE.compile("profile.age >= 18"),
    "vip": LANGUAGE.compile("profile.vip"),
    "hobbies": LANGUAGE.compile('"a" in profile.hobbies'),
    "deal_ends_at": LANGUAGE.compile("profile.deal_ends_at > now"),
    "disposable_income": LANGUAGE.compile("profile.disposable_income * 2.0 > 1.0"),
}


@settings(max_examples=60, deadline=None)
@given(value=JSON, name=st.sampled_from(sorted(READERS)))
def test_no_value_of_an_attribute_makes_an_expression_raise_and_none_that_is_there_is_missing(value, name):
    said = READERS[name].verdict(situation({"profile": {name: value}}).bound)

    assert said in ({Verdict.UNKNOWN} if value is None else {Verdict.HOLDS, Verdict.FAILS, Verdict.ERROR})
