"""Who is told what: a customer nothing of how it was weighed, a regulator everything."""

from __future__ import annotations

import hashlib
import re

import msgspec
import pytest

from shared.domain.audiences import tell
from shared.domain.candidates import known
from shared.domain.canonical import canonical
from shared.domain.catalogue import Revision
from shared.domain.decision import DecisionRecord
from shared.domain.policy.policy import Policy
from tests.corpus.keep import RECORDS as KEPT
from tests.corpus.keep import decide
from tests.corpus.tree_bank import revision

POLICY = Policy(revision())
RECORDS = {name: msgspec.json.decode(row.record, type=DecisionRecord) for name, row in decide()}

SAID = {
    "reserved": ["We chose “Take a loan” for you: of what we have, it suits you best now."],
    "all_withheld": ["We made no suggestion.", "We have been in touch often enough lately.", "Two a week."],
    "nothing_qualified": ["We made no suggestion: nothing of what we have suits you at the moment."],
    "excluded": ["We make no suggestions to you at present."],
}
NOT = {
    ("reserved", "loan"): "“Take a loan” is what we chose.",
    ("reserved", "saver"): "Not “Open a saver”: something else suited you better.",
    ("all_withheld", "saver"): "Not “Open a saver”: We have been in touch often enough lately. Two a week.",
    ("nothing_qualified", "loan"): "Not “Take a loan”: it was not meant for you at that moment.",
}


@pytest.mark.parametrize("name", SAID)
def test_a_customer_is_told_in_plain_words(name):
    assert tell(POLICY, RECORDS[name], "customer").says == SAID[name]


@pytest.mark.parametrize(("name", "action"), NOT)
def test_a_customer_is_told_why_not(name, action):
    assert tell(POLICY, RECORDS[name], "customer", action).says[-1] == NOT[name, action]


@pytest.mark.parametrize("name", RECORDS)
def test_a_customer_is_told_no_score_rule_condition_or_flag(name):
    record = RECORDS[name]
    text = msgspec.json.encode(tell(POLICY, record, "customer", "loan")).decode().replace(record.decision_id, "")

    catalogue = POLICY.revision.catalogue
    for rule in catalogue.rules:  # whose words are written for customers
        text = text.replace(rule.reason, "")
    inner = {
        *(rule.id for rule in catalogue.rules),
        *(condition.when for condition in catalogue.conditions),
        *(exclusion.flag for exclusion in catalogue.exclusions),
        *POLICY.revision.treatments,
    }
    assert not [word for word in inner if word in text]
    until = re.sub(r"waits until \d+ \w+ \d{4} \d\d:\d\d GMT;", "", text)  # a customer may know when
    assert not re.search(r"\d", until)


def test_what_propensity_looked_at_and_was_drawn_around_is_told():
    [file] = KEPT.glob("explored_reserved.*.json")
    record = msgspec.json.decode(file.read_bytes(), type=DecisionRecord)
    revision = KEPT / "revisions" / f"{record.revision.removeprefix('sha256:')}.json"
    policy = Policy(Revision.decode(revision.read_bytes()))
    chosen = record.chosen[0].treatment

    regulator = tell(policy, record, "regulator")
    assert [msgspec.to_builtins(each) for each in regulator.predictors] == [
        {"reads": "profile.disposable_income", "value": 800.5, "bin": "500 to 1,500"},
        {"reads": "profile.vip", "value": None, "bin": "missing"},
        {"reads": "signal.properties.category", "value": "savings", "bin": "savings"},
    ]
    assert regulator.means.keys() == {each.treatment for each in regulator.ranked}
    [told] = tell(policy, record, "colleague").chosen
    assert told["mean_propensity"] == regulator.means[chosen] != told["propensity"]
    assert "vip" in tell(policy, record, "customer").looked_at


def test_a_customer_is_told_what_was_looked_at():
    assert tell(POLICY, RECORDS["reserved"], "customer").looked_at == ["age", "brands", "disposable income"]


def test_a_regulator_is_told_everything():
    record = RECORDS["reserved"]
    told = tell(POLICY, record, "regulator", "saver")

    assert told.record == record
    assert told.record_digest == hashlib.sha256(canonical(record)).hexdigest()
    assert told.replay.agrees
    assert {each.treatment for each in told.ranked} == known(POLICY, record).keys()
    assert len(told.conditions) == len(POLICY.revision.catalogue.conditions)
    assert [each.values for each in told.conditions if each.condition == "adult"] == [{"profile.age": 44}]
    assert told.rules == POLICY.revision.catalogue.rules
    assert told.models.startswith("m-")
    assert told.why_not.outcome == "wins"
