"""The compiled rules say what the definition says, and keep its laws, for any rules, person, history and time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import msgspec
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.domain.catalogue import Revision, facts
from shared.domain.consent import Consent
from shared.domain.contact import Contact
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_policy import Closed, select
from shared.domain.contact_policy.windows import LONGEST_SECONDS, instant, period
from shared.domain.contact_read import read_of
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.rules import (
    Budget,
    Cap,
    ConsentRule,
    Cooldown,
    ExclusionRule,
    Holdout,
    QuietHours,
    QuietTime,
    Scope,
    Volume,
)
from shared.domain.zones import zone
from tests.corpus.tree_bank import revision
from tests.property import contact_reference

BANK = revision()
TREATMENTS = sorted(BANK.treatments)
ZONES = ("Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Havana", "Africa/Cairo")
TURNS = tuple(
    datetime(*day, tzinfo=UTC)
    for day in (
        (2026, 3, 29, 1),
        (2026, 10, 25, 1),
        (2026, 3, 8, 7),
        (2026, 10, 3, 15, 30),
        (2026, 4, 24),
        (2028, 3, 1),
    )
)
"""When clocks are put on or back somewhere, and after a leap day."""

purposes = st.sampled_from(["marketing", "service", "regulatory", "targeted_support"])
some_purposes = st.lists(purposes, min_size=1, max_size=3, unique=True).map(tuple)
outcomes = st.lists(
    st.sampled_from(["sent", "impression", "click", "accept", "reject"]), min_size=1, max_size=2, unique=True
)
dimensions = st.none() | st.sampled_from(["brand", "issue", "group", "action", "treatment", "channel", "purpose"])
flags = st.sampled_from(["vulnerable", "bereavement"])
days = st.sampled_from([1, 2, 7, 30])
moments = st.tuples(st.sampled_from(TURNS), st.integers(-3 * 86400, 3 * 86400)).map(
    lambda drawn: drawn[0] + timedelta(seconds=drawn[1])
)
clocks = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.sampled_from([0, 15, 30]))


def some(values):
    return st.lists(st.sampled_from(sorted(values)), max_size=2, unique=True).map(lambda drawn: tuple(sorted(drawn)))


scopes = st.one_of(
    st.just(Scope()),
    st.builds(Scope, channels=some(BANK.channels), purposes=st.just(())),
    st.builds(Scope, purposes=some_purposes),
    st.builds(Scope, brands=some(BANK.brands), groups=some(g.id for g in BANK.catalogue.groups)),
    st.builds(Scope, actions=some(BANK.actions)),
)


@st.composite
def rules(draw, number):  # noqa: PLR0911 - one answer per kind of rule
    name, scope = f"r{number}", draw(scopes)
    kind = draw(
        st.sampled_from(["cap", "cap", "cooldown", "cooldown", "quiet", "consent", "flag", "shared", "holdout"])
    )
    if kind == "cap":
        calendar = draw(st.none() | st.sampled_from(["day", "week", "month"]))
        return Cap(
            id=name,
            limit=draw(st.integers(0, 3)),
            outcomes=tuple(draw(outcomes)),
            window_seconds=LONGEST_SECONDS[calendar] if calendar else draw(days) * 86400,
            reason="-",
            scope=scope,
            per=draw(dimensions),
            calendar=calendar,
            preference=draw(st.sampled_from([None, "most"])),
        )
    if kind == "cooldown":
        began = tuple(draw(outcomes))
        return Cooldown(
            id=name,
            outcomes=began,
            period_seconds=draw(days | st.just(36525)) * 86400,
            reason="-",
            after=scope,
            blocks=draw(scopes),
            same=draw(dimensions),
            count=draw(st.integers(1, 3)),
            within_seconds=draw(days) * 86400,
            without=draw(st.sampled_from([(), ("dismiss",), ("click",)])) if "click" not in began else (),
        )
    if kind == "quiet":
        some_days = st.lists(st.sampled_from([*contact_reference.DAYS, "holiday"]), max_size=3, unique=True).map(tuple)
        return QuietHours(
            id=name,
            times=tuple(
                draw(st.lists(st.builds(QuietTime, days=some_days, from_=clocks, until=clocks), min_size=1, max_size=2))
            ),
            reason="-",
            scope=scope,
            max_defer_seconds=draw(st.sampled_from([0, 6 * 3600, 30 * 3600, 10 * 86400])),
            holidays=("2026-03-28", "2026-10-26"),
        )
    if kind == "consent":
        return ConsentRule(id=name, purposes=draw(some_purposes), reason="-", scope=scope)
    if kind == "flag":
        return ExclusionRule(id=name, flag=draw(flags), stops=draw(some_purposes), reason="-")
    if kind == "holdout":
        return Holdout(
            id=name, share=draw(st.sampled_from([0.1, 0.5])), stops=draw(some_purposes), reason="-", scope=scope
        )
    if draw(st.booleans()):
        return Volume(id=name, limit=100, period="day", reason="-", scope=scope)
    return Budget(id=name, pounds=100, period="day", reason="-", scope=scope)


@st.composite
def policies(draw):
    made = tuple(draw(rules(number)) for number in range(draw(st.integers(1, 5))))
    return Policy(Revision(msgspec.structs.replace(BANK.catalogue, rules=made)))


@st.composite
def people(draw, now):
    keys = st.builds(
        "{}:{}:{}".format, st.sampled_from([*BANK.brands, "*"]), purposes, st.sampled_from([*BANK.channels, "*"])
    )
    words = st.builds(
        lambda granted, hours: Consent(granted=granted, at=now - timedelta(hours=hours), source="-"),
        st.booleans(),
        st.integers(0, 3),
    )
    known = {
        "time_zone": draw(st.sampled_from([*ZONES, "Nowhere/At_All", "../etc", 5])),
        "most": draw(st.sampled_from([0, 1, 2, -1, True, "1", 1.0])),
    }
    return Profile(
        person_id=draw(st.sampled_from(["p-1", "p-2", "p-3", "p-4"])),
        version=1,
        created_at=now,
        attributes={name: known[name] for name in draw(st.sets(st.sampled_from(sorted(known))))},
        flags=tuple(draw(st.sets(flags))),
        consents=draw(st.dictionaries(keys, words, max_size=6)),
    )


@st.composite
def contacts(draw, now, number):
    before = st.integers(-3600, 40 * 86400) | st.sampled_from([0, 86400, 7 * 86400, 30 * 86400])
    at = now - timedelta(seconds=draw(before))
    names = st.sampled_from(["impression", "click", "accept", "reject", "dismiss", "sent"])
    state = draw(st.sampled_from(["sending", "sending", "presented", "released", "reserved"]))
    return Contact(
        delivery_id=f"v-{number}",
        decision_id=f"d-{number}",
        revision=BANK.id,
        state=state,
        at=at,
        expires_at=at + timedelta(hours=draw(st.sampled_from([1, 2000]))) if state == "reserved" else None,
        outcomes={name: now - timedelta(seconds=draw(before)) for name in draw(st.sets(names, max_size=3))},
        **facts(*BANK.treatment(draw(st.sampled_from(TREATMENTS)))),
    )


@st.composite
def histories(draw, now):
    drawn = [draw(contacts(now, number)) for number in range(draw(st.integers(0, 8)))]
    return ContactHistory(contacts={contact.delivery_id: contact for contact in drawn})


@st.composite
def worlds(draw):
    policy, now = draw(policies()), draw(moments)
    ids = [rule.id for rule in policy.revision.catalogue.rules if isinstance(rule, Volume | Budget)]
    closed = {
        each: Closed(opens_at=now + timedelta(hours=1), count=draw(st.sampled_from([None, 7])))
        for each in ids
        if draw(st.booleans())
    }
    return {
        "policy": policy,
        "ranked": tuple(draw(st.permutations(TREATMENTS))),
        "profile": draw(people(now)),
        "history": draw(histories(now)),
        "now": now,
        "count": draw(st.integers(1, 3)),
        "defers": draw(st.booleans()),
        "closed": closed,
    }


@settings(max_examples=200, deadline=None)
@given(worlds())
def test_the_compiled_rules_say_what_the_definition_says(world):
    by_rows = select(**world)

    asked = {key: value for key, value in world.items() if key != "policy"}
    assert by_rows == contact_reference.select(world["policy"].revision, **asked)
    assert by_rows == select(**world)


@settings(max_examples=40, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_a_history_means_nothing(world, random):
    items = list(world["history"].contacts.items())
    random.shuffle(items)

    assert select(**world | {"history": ContactHistory(contacts=dict(items))}) == select(**world)


@settings(max_examples=40, deadline=None)
@given(worlds())
def test_what_a_record_keeps_of_a_history_says_the_same(world):
    read = read_of(world["policy"], world["history"], world["now"], closed=world["closed"])

    again = {"history": read.history(world["policy"].revision), "closed": read.closed}
    assert select(**world | again) == select(**world)


@settings(max_examples=40, deadline=None)
@given(worlds())
def test_other_names_of_rules_brands_groups_and_actions_change_nothing_but_the_names(world):
    policy, profile = world["policy"], world["profile"]
    assume(not any(isinstance(rule, Holdout) for rule in policy.revision.catalogue.rules))
    names = {name: f"x_{name}" for name in (*BANK.brands, *BANK.actions, *(g.id for g in BANK.catalogue.groups))}
    renamed = Renamed(names)

    other = select(
        **world
        | {
            "policy": Policy(Revision(renamed.catalogue(policy.revision.catalogue))),
            "ranked": tuple(renamed.treatment(each) for each in world["ranked"]),
            "profile": msgspec.structs.replace(
                profile, consents={renamed.consent(key): word for key, word in profile.consents.items()}
            ),
            "history": ContactHistory(
                contacts={key: renamed.contact(each) for key, each in world["history"].contacts.items()}
            ),
        }
    )

    same = select(**world)
    assert other.chosen == tuple(renamed.treatment(each) for each in same.chosen)
    assert [(w.treatment, w.rule, w.count, w.limit, w.allowed_at) for w in other.withheld] == [
        (renamed.treatment(w.treatment), w.rule, w.count, w.limit, w.allowed_at) for w in same.withheld
    ]
    assert (other.deferred and other.deferred.until) == (same.deferred and same.deferred.until)


class Renamed:
    """A bank under other names."""

    def __init__(self, names):
        self.names = names

    def name(self, name):
        return self.names.get(name, name)

    def treatment(self, treatment):
        action, _, own = treatment.rpartition(".")
        return f"{self.name(action)}.{own}"

    def consent(self, key):
        brand, _, rest = key.partition(":")
        return f"{self.name(brand)}:{rest}"

    def scope(self, scope):
        fields = {name: tuple(map(self.name, getattr(scope, name))) for name in ("brands", "groups", "actions")}
        return msgspec.structs.replace(scope, **fields)

    def rule(self, rule):
        scopes_of = [name for name in ("scope", "after", "blocks") if hasattr(rule, name)]
        return msgspec.structs.replace(rule, **{name: self.scope(getattr(rule, name)) for name in scopes_of})

    def contact(self, contact):
        names = {name: self.name(getattr(contact, name)) for name in ("brand", "group", "action")}
        return msgspec.structs.replace(contact, treatment=self.treatment(contact.treatment), **names)

    def catalogue(self, catalogue):
        named = {
            part: tuple(msgspec.structs.replace(each, id=self.name(each.id)) for each in getattr(catalogue, part))
            for part in ("brands", "groups")
        }
        actions = tuple(
            msgspec.structs.replace(
                action,
                id=self.name(action.id),
                brand=self.name(action.brand),
                group=self.name(action.group),
                treatments=tuple(msgspec.structs.replace(t, id=self.treatment(t.id)) for t in action.treatments),
            )
            for action in catalogue.actions
        )
        rules_ = tuple(map(self.rule, catalogue.rules))
        return msgspec.structs.replace(catalogue, **named, actions=actions, rules=rules_, context_weights=())


@pytest.mark.parametrize("name", ZONES)
@settings(max_examples=40, deadline=None)
@given(at=moments, clock=clocks)
def test_a_time_on_a_clock_is_when_the_clock_first_shows_it_or_last(name, at, clock):
    where, day, wanted = zone(name), at.date(), time.fromisoformat(clock)
    local = datetime.combine(day, wanted)
    minutes = [at.replace(hour=0, minute=0, second=0) + timedelta(minutes=m) for m in range(-1500, 3000)]
    shown = [(minute, minute.astimezone(where).replace(tzinfo=None)) for minute in minutes]

    first = instant(day, wanted, where)
    last = instant(day, wanted, where, last=True)

    assert first == next(minute for minute, shows in shown if shows >= local)
    assert last == next(minute for minute, shows in reversed(shown) if shows < local) + timedelta(minutes=1)


@pytest.mark.parametrize("unit", ["hour", "day", "week", "month"])
@pytest.mark.parametrize("name", [*ZONES, "America/St_Johns", "Pacific/Apia"])
@settings(max_examples=40, deadline=None)
@given(
    at=moments | st.integers(-35 * 366, 5 * 366).map(lambda days: TURNS[0] + timedelta(days=days, seconds=days % 86400))
)
def test_the_units_of_a_calendar_follow_one_another_without_gap(name, unit, at):
    where = zone(name)
    begin, end = period(unit, at, where)

    assert begin <= at < end
    if unit != "hour":
        assert period(unit, begin, where) == (begin, end)
        assert period(unit, end - timedelta(microseconds=1), where) == (begin, end)
        assert period(unit, end, where)[0] == end
        first: date = begin.astimezone(where).date()
        assert {"day": True, "week": first.weekday() == 0, "month": first.day == 1}[unit]
