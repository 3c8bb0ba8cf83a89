"""Laws of governance, whatever is asked in whatever order by whomever."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.errors import KairosError
from shared.domain.governance.audit import entry, verify
from shared.domain.governance.commands import (
    Approve,
    Begin,
    Check,
    DeclareFreeze,
    GoLiveAtOnce,
    LiftFreeze,
    Promote,
    Propose,
    ReviewEmergency,
    Rollback,
    SetSwitch,
    Simulate,
    StartCanary,
    Withdraw,
)
from shared.domain.governance.environment import Environment
from shared.domain.governance.governing import govern
from shared.domain.governance.release import Actor

START = datetime(2026, 11, 2, 9, tzinfo=UTC)
KEY = bytes(range(32))
REVISIONS = [f"sha256:{n}" for n in range(4)]

actors = st.sampled_from([Actor("ada"), Actor("grace"), Actor("edith"), Actor("release", is_person=False)])
hours = st.integers(0, 60)
_ASKED = ("propose", "check", "simulate", "approve", "canary", "promote", "rollback", "withdraw")
_TOLD = ("emergency", "review", "freeze", "lift", "off", "on")
WORDS = [*_ASKED, *_TOLD, *["advance"] * 12]
steps = st.tuples(st.sampled_from(WORDS), st.integers(0, 3), st.booleans(), st.sampled_from([1, 5, 25]), hours, actors)


def advancing(environment, step):
    """The step that a release on its way waits for, by somebody who may take it."""
    _, which, _, share, _, by = step
    known = [each for each in environment.releases if each.is_open]
    if not known:
        return ("propose", *step[1:])
    release = known[0 if which else -1]
    word = {"draft": "check", "checked": "simulate", "simulated": "approve", "approved": "canary", "canary": "promote"}
    place = list(reversed(environment.releases)).index(release)
    if release.state == "simulated":
        by = Actor("edith" if release.author == "grace" else "grace")
    return word[release.state], place, release.state != "canary", share, 0, by


def command(environment, now, step):
    """What a step asks, of the releases that there are."""
    word, which, flag, share, later, _ = step
    known = environment.releases
    release = known[-1 - which % len(known)].id
    at = now + timedelta(hours=later)
    return {
        "propose": Propose(revision=REVISIONS[which], why="-"),
        "check": Check(release=release, passed=flag or which > 0),
        "simulate": Simulate(release=release, passed=flag or which > 0),
        "approve": Approve(release=release, why="-"),
        "canary": StartCanary(release=release, share=share),
        "promote": Promote(release=release, effective_at=at if flag else None),
        "rollback": Rollback(release=release, to=REVISIONS[which] if flag else "", why="-"),
        "withdraw": Withdraw(release=release, why="-"),
        "emergency": GoLiveAtOnce(release=release, why="-"),
        "review": ReviewEmergency(release=release, accepted=flag, why="-"),
        "freeze": DeclareFreeze(from_=now, until=at, why="-"),
        "lift": LiftFreeze(freeze=f"f-{which}", why="-"),
        "off": SetSwitch(kind="action", id=str(which), off=True, why="-"),
        "on": SetSwitch(kind="action", id=str(which), off=False, why="-"),
    }[word]


def assert_consistent(environment, now):
    states = [each.state for each in environment.releases]
    in_force = environment.in_force()
    assert states.count("live") == 1
    assert states.count("canary") <= 1
    assert environment.release(environment.live).state == "live"
    assert (in_force.canary is not None) == ("canary" in states)
    assert in_force.next is None or in_force.next.release == in_force.canary.release
    for each in environment.releases:
        assert each.approval is None or each.approval.by != each.author
        if each.live_from is not None and each.live_from <= now and each.author != "kairos":
            assert each.emergency is not None or each.approval is not None
        assert (each.emergency is None) == (each.review is None)
        if each.review is not None and each.review.by:
            assert each.review.by not in (each.author, each.emergency.by)


@settings(max_examples=60)
@given(st.lists(steps, min_size=20, max_size=40))
def test_whatever_is_asked_one_is_live_everything_has_its_second_person_and_the_log_agrees(asked):
    begin, now = Begin(revision=REVISIONS[0], why="first"), START
    kairos = Actor("kairos", is_person=False)
    environment, first = govern(Environment(name="live"), begin, kairos, now)
    entries = [entry("", environment, begin, first.id, by=kairos, now=now, key=KEY)]
    for each in asked:
        step = each
        now += timedelta(hours=step[4] // 7)
        before = environment.settled(now)
        assert before.settled(now) == before
        assert before.in_force() == environment.in_force().settled(now)
        if step[0] == "advance":
            step = advancing(before, step)
        told = command(before, now, step)
        try:
            governed = govern(before, told, step[-1], now)
        except KairosError:
            continue
        if governed.environment is not before:
            environment = governed.environment
            entries.append(entry(entries[-1].head, environment, told, "-", by=step[-1], now=now, key=KEY))
            again = govern(environment, told, step[-1], now)
            assert again.environment is environment
        assert_consistent(environment.settled(now), now)
    assert verify("live", entries, environment, environment.in_force(), KEY).agrees
