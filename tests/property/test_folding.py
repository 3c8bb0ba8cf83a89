"""Folding changes no answer of contact policy: of the rules it was folded by none at all, of any others only to more
caution.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.adapters import memory
from shared.domain import contact_folding
from shared.domain.catalogue import Revision, facts
from shared.domain.contact import Contact
from shared.domain.contact_policy import first_stop
from shared.domain.contact_policy.windows import LONGEST_SECONDS
from shared.domain.contact_read import ContactRead, read_of
from shared.domain.delivery import RESERVATION_TTL
from shared.domain.outcome import Outcome
from shared.domain.policy.policy import Policy
from shared.domain.rules import Cap, Cooldown, Scope
from tests.contract.samples import Counted, delivery, take
from tests.unit.domain.situations import NOW, person, policy

BANK = policy().revision
TREATMENTS = sorted(BANK.treatments)
OUTCOMES = ("sent", "delivered", "impression", "click", "dismiss", "convert")
DAY = 86400
SETTINGS = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)

some_outcomes = st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=3, unique=True).map(tuple)
scopes = st.builds(
    Scope,
    channels=st.sampled_from([(), ("email",), ("email", "sms")]),
    actions=st.sampled_from([(), ("saver",), ("loan", "tips")]),
)
levels = st.sampled_from([None, "action", "channel", "group"])
lengths = st.sampled_from([DAY, 7 * DAY, 30 * DAY, 36525 * DAY])
caps = st.builds(
    Cap,
    id=st.just("cap"),
    limit=st.integers(0, 4),
    outcomes=some_outcomes,
    window_seconds=lengths,
    reason=st.just("-"),
    scope=scopes,
    per=levels,
)
cooldowns = st.builds(
    Cooldown,
    id=st.just("cooldown"),
    outcomes=some_outcomes,
    period_seconds=lengths,
    reason=st.just("-"),
    after=scopes,
    blocks=scopes,
    same=levels,
)


def with_probes(rules, window):
    """Rules, and for each outcome one that tells when a treatment last had it."""
    probe = Cap(id="probe", limit=1, outcomes=(), window_seconds=window, reason="-", per="treatment")
    return [*rules, *(msgspec.structs.replace(probe, outcomes=(outcome,)) for outcome in OUTCOMES)]


several = st.builds(
    Cooldown,
    id=st.just("several"),
    outcomes=some_outcomes,
    period_seconds=lengths,
    reason=st.just("-"),
    same=levels,
    count=st.integers(1, 3),
    within_seconds=st.sampled_from([DAY, 14 * DAY]),
    without=st.sampled_from([(), ("click",), ("click", "convert")]),
)
calendars = st.builds(
    Cap,
    id=st.just("calendar"),
    limit=st.integers(0, 4),
    outcomes=some_outcomes,
    window_seconds=st.just(LONGEST_SECONDS["month"]),
    calendar=st.just("month"),
    reason=st.just("-"),
    per=levels,
)
policies = st.builds(with_probes, st.lists(caps | cooldowns | several | calendars, max_size=3), lengths)

hours = st.floats(0, 24 * 20, allow_nan=False).map(lambda h: timedelta(seconds=round(h * 3600)))
contacts = st.fixed_dictionaries(
    {
        "after": st.sampled_from([timedelta(minutes=10), timedelta(hours=7), timedelta(hours=55), timedelta(days=9)]),
        "treatment": st.sampled_from(TREATMENTS),
        "becomes": st.sampled_from(["claimed", "claimed", "claimed", "claimed twice", "released", "nothing"]),
        "outcomes": st.dictionaries(st.sampled_from(OUTCOMES[1:]), hours, max_size=3),
        "folds": st.sampled_from([True, True, False]),
    }
)
lives = st.lists(contacts, min_size=2, max_size=14)


class Person:
    """One person's documents, in memory."""

    def __init__(self, rules, *, folds):
        store = memory.Store()
        self.contacts, self.outcomes = memory.Contacts(store, Counted()), memory.Outcomes(store, Counted())
        self._rules, self._folds = rules, folds

    def reserve(self, of, now, *, folds):
        read = self.contacts.history("p-1")
        folded = contact_folding.fold(read.value, self._rules, now) if folds and self._folds else None
        self.contacts.reserve("p-1", read.version, [Contact.of(of)], fold=folded)

    def claim(self, of, now, *, release):
        found = self.contacts.delivery(of.delivery_id)
        claimed = (found.value if found else of).claimed(now)
        version = self.contacts.claim(claimed, found.version if found else None)
        if release:
            self.contacts.settle(claimed.settled("failed", now), version, release=True)

    def observe(self, of, name, at, number):
        contact = Contact.of(of) if of.state == "presented" else None
        outcome = Outcome(id=f"{of.delivery_id} {name} {number}", outcome=name, delivery_id=of.delivery_id, at=at)
        for _ in range(2):
            take(self.outcomes, outcome, of, contact)


def events(life, *, twice):
    """What happens in a life, in order: when, what, to which delivery, and how."""
    every = []
    now = NOW
    for number, each in enumerate(life):
        now += each["after"]
        action, treatment = BANK.treatment(each["treatment"])
        inbound = BANK.channels[treatment.channel].direction == "inbound"
        of = delivery(
            number,
            at=now,
            expires_at=None if inbound else now + RESERVATION_TTL,
            state="presented" if inbound else "reserved",
            **facts(action, treatment),
        )
        if not inbound:
            every.append((now, "reserve", of, each["folds"]))
            claims = {"claimed": [5], "claimed twice": [5, 60 * 24 * 6], "released": [5], "nothing": []}
            every += [
                (now + timedelta(minutes=minutes), "claim", of, each["becomes"] == "released")
                for minutes in claims[each["becomes"]]
            ]
        if inbound or each["becomes"].startswith("claimed"):
            every += [
                (now + timedelta(minutes=6) + later * (1 + 2 * count), "observe", of, name)
                for name, later in each["outcomes"].items()
                for count in range(1 + twice)
            ]
    return sorted(every, key=lambda event: event[0])


def live(life, people, *, twice):
    """Let people live the same life; the time at its end. With `twice` outcomes are observed again later."""
    now = NOW
    for number, (at, what, of, how) in enumerate(events(life, twice=twice)):
        now = at
        for someone in people:
            if what == "reserve":
                someone.reserve(of, at, folds=how)
            elif what == "claim":
                someone.claim(of, at, release=how)
            else:
                someone.observe(of, how, at, number)
    return now


@contextmanager
def bounds(spare, most):
    """So little room that a short life is enough to fill it."""
    with (
        patch.object(contact_folding, "MERGE_EVERY", 1),
        patch.object(contact_folding, "EXACT_FOR", timedelta(0)),
        patch.object(contact_folding, "SPARE_BYTES", spare),
        patch.object(contact_folding, "MOST_BYTES", most),
    ):
        yield


def answers(rules, history, now):
    """What each rule says of each treatment."""
    found = {}
    for number, rule in enumerate(rules):
        asked = Policy(Revision(msgspec.structs.replace(BANK.catalogue, rules=(rule,))))
        for treatment in TREATMENTS:
            found[number, treatment] = first_stop(asked, treatment, person(), history, now)
    return found


@pytest.mark.parametrize("spare", [0, 250])
@SETTINGS
@given(life=lives, rules=policies, later=hours)
def test_no_rule_says_anything_else_for_folding(spare, life, rules, later):
    whole, folded = Person(rules, folds=False), Person(rules, folds=True)
    with bounds(spare, most=10**6):
        end = live(life, [whole, folded], twice=False)

    before, after = (someone.contacts.history("p-1").value for someone in (whole, folded))

    for now in (end, end + later):
        assert answers(rules, after, now) == answers(rules, before, now)


@SETTINGS
@given(life=lives, rules=policies, others=policies, later=hours)
def test_rules_that_come_later_are_never_more_lenient_for_folding(life, rules, others, later):
    whole, folded = Person(rules, folds=False), Person(rules, folds=True)
    with bounds(spare=0, most=10**6):
        end = live(life, [whole, folded], twice=True)

    before, after = (someone.contacts.history("p-1").value for someone in (whole, folded))

    for now in (end, end + later):
        assert_no_more_lenient(answers(others, after, now), answers(others, before, now))


@SETTINGS
@given(life=lives, rules=policies, later=hours)
def test_with_no_room_at_all_rules_only_grow_more_cautious(life, rules, later):
    whole, folded = Person(rules, folds=False), Person(rules, folds=True)
    with bounds(spare=0, most=0):
        end = live(life, [whole, folded], twice=True)

    before, after = (someone.contacts.history("p-1").value for someone in (whole, folded))

    for now in (end, end + later):
        assert_no_more_lenient(answers(rules, after, now), answers(rules, before, now))


def assert_no_more_lenient(after, before):
    for key, stop in before.items():
        if stop is not None:
            assert after[key] is not None, key
            assert (after[key].count or 0) >= (stop.count or 0)
            assert stop.allowed_at is None or after[key].allowed_at >= stop.allowed_at


@SETTINGS
@given(life=lives, rules=policies, others=policies, later=hours)
def test_what_a_record_keeps_of_a_folded_history_says_the_same(life, rules, others, later):
    folded = Person(rules, folds=True)
    with bounds(spare=0, most=10**6):
        now = live(life, [folded], twice=True) + later
    history = folded.contacts.history("p-1").value
    asked = Policy(Revision(msgspec.structs.replace(BANK.catalogue, rules=tuple(others))))

    kept = msgspec.json.decode(msgspec.json.encode(read_of(asked, history, now)), type=ContactRead)

    assert answers(others, kept.history(asked.revision), now) == answers(others, history, now)
