"""Contact policy: what may go out, what is withheld, by which rule and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.contact_policy import Closed, Withheld, select, still_allowed
from tests.unit.domain.situations import NOW, cases, history, person, policy, said, span, written

FILE = "contact_policy"


def in_words(withheld: Withheld) -> str:
    counted = "" if withheld.limit is None else f" {withheld.count} of {withheld.limit}"
    until = "" if withheld.allowed_at is None else f", in {said(withheld.allowed_at - NOW)}"
    return f"{withheld.treatment}: {withheld.rule}{counted}{until}"


def closed(case):
    """Volumes and budgets of which nothing is left."""
    return {
        rule: Closed(opens_at=NOW + span(known["opens in"]), count=known.get("count"))
        for rule, known in case.get("closed", {}).items()
    }


def may_be_foretold(case) -> bool:
    """Whether something is withheld, and by nothing that may lapse before its time."""
    return (
        "withheld" in case
        and "closed" not in case
        and not any(" reserved " in line for line in case.get("history", []))
    )


@pytest.mark.parametrize("case", cases(FILE, "rules"))
def test_what_may_go_out_and_what_is_withheld(case):
    bank = policy(rules=case["rules"])

    selection = select(
        bank,
        case["ranked"],
        person(**case.get("person", {})),
        history(bank.revision, case.get("history", [])),
        NOW,
        count=case.get("count", 1),
        closed=closed(case),
    )

    assert list(selection.chosen) == case.get("chosen", [])
    assert [in_words(each) for each in selection.withheld] == case.get("withheld", [])


@pytest.mark.parametrize("case", [each for each in cases(FILE, "rules") if may_be_foretold(each.values[0])])
def test_a_rule_that_names_a_time_lets_through_then_and_not_a_second_before(case):
    bank = policy(rules=case["rules"])
    someone, past = person(**case.get("person", {})), history(bank.revision, case.get("history", []))

    def stops(at, treatment):
        return [w.rule for w in select(bank, [treatment], someone, past, at).withheld]

    for line in case["withheld"]:
        treatment, rule = line.split(": ")[0], line.split(": ")[1].split(",")[0].split(" ")[0]
        [withheld] = select(bank, [treatment], someone, past, NOW).withheld
        if withheld.allowed_at is None:
            assert stops(NOW + timedelta(days=3650), treatment) == [rule]
        else:
            assert stops(withheld.allowed_at - timedelta(seconds=1), treatment) == [rule]
            assert rule not in stops(withheld.allowed_at, treatment)


def test_every_group_of_cases_says_what_it_is_about():
    about = [group["about"] for group in written(FILE)]
    assert len(set(about)) == len(about)


CONSENT_AND_CARE = [
    {"id": "consent", "kind": "consent", "purposes": ["marketing"], "reason": "No."},
    {"id": "care", "kind": "exclusion", "flag": "vulnerable", "stops": ["service"], "reason": "No."},
    {"id": "none", "kind": "cap", "limit": 0, "outcomes": ["sent"], "window": "1d", "reason": "No."},
]


@pytest.mark.parametrize(
    ("treatment", "known", "stopped_by"),
    [
        ("saver.email", {}, "consent"),
        ("saver.email", {"consents": {"*:marketing:*": "granted 1d ago"}}, None),
        ("saver.email", {"consents": {"*:marketing:*": "withdrawn 1s ago"}}, "consent"),
        ("tips.email", {"flags": ["vulnerable"]}, "care"),
        ("tips.email", {}, None),
        ("notice.letter", {"flags": ["deceased"]}, "deceased"),
    ],
)
def test_delivery_asks_again_for_consent_and_exclusions_and_not_for_caps(treatment, known, stopped_by):
    exclusions = [{"flag": "deceased", "reason": "Has died."}]
    revision = policy(rules=CONSENT_AND_CARE, exclusions=exclusions).revision

    stop = still_allowed(revision, treatment, person(**known))

    assert (stop.rule if stop else None) == stopped_by


@settings(max_examples=50, deadline=None)
@given(
    ages=st.lists(st.integers(0, 20 * 86400), max_size=8),
    limit=st.integers(1, 4),
    days=st.integers(1, 14),
)
def test_a_cap_is_a_count_of_what_is_younger_than_its_window(ages, limit, days):
    rule = {"id": "cap", "kind": "cap", "limit": limit, "outcomes": ["sent"], "window": f"{days}d", "reason": "No."}
    bank = policy(rules=[rule])
    past = history(bank.revision, [f"saver.email sent {age}s ago" for age in ages])

    selection = select(bank, ["tips.email"], person(), past, NOW)

    young = sorted(age for age in ages if age < days * 86400)
    assert bool(selection.chosen) == (len(young) < limit)
    if selection.withheld:
        [withheld] = selection.withheld
        assert withheld.count == len(young)
        assert withheld.allowed_at == NOW + timedelta(seconds=days * 86400 - young[limit - 1])
