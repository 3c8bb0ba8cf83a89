"""What is merged of the past, what stays exact and what is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain import contact_folding
from shared.domain.contact_folding import EXACT_FOR, shrunk
from shared.domain.contact_past import Folded, Past
from shared.domain.rules import Cap, Cooldown
from tests.contract.samples import contact, delivery
from tests.unit.domain.situations import NOW

DAY = 86400


def past(*days_ago, outcome="click", **changes):
    """Contacts so long ago, each with an outcome a minute later."""
    entries = []
    for number, days in enumerate(days_ago):
        at = NOW - timedelta(days=days)
        made = contact(
            delivery(number, **changes), state="sending", at=at, outcomes={outcome: at + timedelta(minutes=1)}
        )
        entries.append(Folded.of(made))
    return Past().of(entries)


@pytest.fixture
def no_room(monkeypatch):
    monkeypatch.setattr(contact_folding, "SPARE_BYTES", 0)


CAP = Cap(id="cap", limit=9, outcomes=("click",), window_seconds=100 * DAY, reason="-")
AFTER_ONE = Cooldown(id="one", outcomes=("click",), period_seconds=100 * DAY, reason="-")
LIFTED = Cooldown(
    id="lifted",
    outcomes=("impression",),
    count=2,
    within_seconds=14 * DAY,
    without=("click",),
    period_seconds=100 * DAY,
    reason="-",
)


@pytest.mark.parametrize(
    ("rules", "entries"),
    [((), 1), ((CAP,), 2), ((LIFTED,), 2), ((AFTER_ONE,), 1), ((AFTER_ONE, CAP), 2)],
    ids=["no rule", "a cap", "what lifts a cooldown of several", "a cooldown after one", "several rules"],
)
def test_contacts_stay_apart_where_a_rule_asks_for_each(no_room, rules, entries):
    merged = shrunk(past(80, 90), rules, NOW)

    assert len(merged.contacts) == entries
    assert sum(each.stands_for for each in merged.contacts) == 2


def test_what_is_merged_says_how_many_there_were_since_when_and_how_late(no_room):
    [one] = shrunk(past(80, 90, 300), (), NOW).contacts

    assert (one.stands_for, one.begun(), one.at) == (3, NOW - timedelta(days=300), NOW - timedelta(days=80))
    assert one.numbers == {"click": 3, "sent": 3}
    assert one.outcomes == {"click": one.at + timedelta(minutes=1), "sent": one.at}


def test_whatever_the_rules_ask_the_last_weeks_stay_exact(no_room):
    merged = shrunk(past(1, 2, EXACT_FOR.days, EXACT_FOR.days + 1, 90), (), NOW)

    assert [each.stands_for for each in merged.contacts] == [2, 1, 1, 1]


def test_treatments_are_forgotten_that_no_rule_asks_for_the_one_longest_ago_first(no_room, monkeypatch):
    old, older, asked = (
        past(days, treatment=name, action=name, outcome=outcome)
        for name, days, outcome in [("old", 90, "click"), ("older", 200, "click"), ("asked", 300, "convert")]
    )
    both = Past().of([*old.contacts, *older.contacts, *asked.contacts])
    monkeypatch.setattr(contact_folding, "WORDS_BYTES", contact_folding._words([*old.contacts, *asked.contacts]))
    for_ever = Cooldown(id="ever", outcomes=("convert",), period_seconds=36525 * DAY, reason="-")

    left = shrunk(both, (for_ever,), NOW)

    assert [each.treatment for each in left.contacts] == ["asked", "old"]
    assert (left.forgotten, left.forgotten_until) == (1, NOW - timedelta(days=200) + timedelta(minutes=1))
    assert Past.decode(left.encode()) == left
