"""Governing, through the commands that people and workflows give."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from shared.domain.governance.advancing import MOST_OPEN
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
from shared.domain.governance.environment import ENDED_KEPT, Environment
from shared.domain.governance.governing import govern
from shared.domain.governance.in_force import SHARES, Canary, is_in
from shared.domain.governance.release import Actor
from shared.domain.governance.stopping import MOST_FREEZES
from shared.domain.governance.switches import SwitchedOff

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ADA, GRACE, EDITH = Actor("ada"), Actor("grace"), Actor("edith")
FLOW = Actor("release", is_person=False)
HOUR = timedelta(hours=1)


class World:
    """An environment, and the commands that it was given."""

    def __init__(self) -> None:
        self.environment = Environment(name="live")
        self.now = NOW

    def do(self, command, by=ADA):
        settled = self.environment.settled(self.now)
        self.environment, about = govern(settled, command, by, self.now)
        return about

    def release(self, revision, *, until="live", by=ADA):
        """A revision on its way, as far as it is to come."""
        release = self.do(Propose(revision=revision, why="better"), by).id
        steps = {
            "checked": lambda: self.do(Check(release=release, passed=True), FLOW),
            "simulated": lambda: self.do(Simulate(release=release, passed=True), FLOW),
            "approved": lambda: self.do(Approve(release=release, why="agreed"), GRACE),
            "canary": lambda: self.do(StartCanary(release=release, share=1), FLOW),
            "live": lambda: self.do(Promote(release=release), FLOW),
        }
        if until != "draft":
            for state, step in steps.items():
                assert step().state == state
                if state == until:
                    break
        return release

    def state(self, release):
        return self.environment.settled(self.now).release(release).state

    @property
    def in_force(self):
        return self.environment.settled(self.now).in_force()


@pytest.fixture
def world():
    world = World()
    world.do(Begin(revision="sha256:0", why="first"), FLOW)
    return world


def test_a_release_goes_step_by_step(world):
    release = world.release("sha256:1")

    assert world.in_force.revision == "sha256:1"
    assert [each.state for each in world.environment.releases] == ["retired", "live"]
    assert world.environment.release(release).replaced == world.environment.releases[0].id


@pytest.mark.parametrize(
    ("until", "command"),
    [
        ("draft", lambda r: Simulate(release=r, passed=True)),
        ("draft", lambda r: Approve(release=r, why="-")),
        ("checked", lambda r: Approve(release=r, why="-")),
        ("simulated", lambda r: StartCanary(release=r, share=1)),
        ("simulated", lambda r: Promote(release=r)),
        ("approved", lambda r: Promote(release=r)),
        ("approved", lambda r: Rollback(release=r, why="-")),
        ("canary", lambda r: Withdraw(release=r, why="-")),
        ("canary", lambda r: Check(release=r, passed=False)),
        ("live", lambda r: Withdraw(release=r, why="-")),
        ("live", lambda r: StartCanary(release=r, share=5)),
    ],
)
def test_no_step_is_left_out_and_none_comes_too_late(world, until, command):
    release = world.release("sha256:1", until=until)
    before = world.environment

    with pytest.raises(ConflictError):
        world.do(command(release), GRACE)
    assert world.environment == before


@pytest.mark.parametrize("until", ["checked", "simulated", "approved", "canary", "live"])
def test_a_command_that_comes_twice_does_something_once(world, until):
    release = world.release("sha256:1", until=until)
    again = {
        "checked": (Check(release=release, passed=True), FLOW),
        "simulated": (Simulate(release=release, passed=True), FLOW),
        "approved": (Approve(release=release, why="agreed"), GRACE),
        "canary": (StartCanary(release=release, share=1), FLOW),
        "live": (Promote(release=release), FLOW),
    }[until]
    before = world.environment
    world.now += HOUR

    assert world.do(*again) == before.release(release)
    world.do(Propose(revision="sha256:1", why="better"), GRACE)
    assert world.environment is before


def test_what_its_author_names_later_is_checked_again_and_nobody_else_names_it(world):
    release = world.release("sha256:1", until="checked")
    assert world.do(Propose(revision="sha256:1", why="again", acknowledged=("cap a",))).state == "draft"
    again = world.do(Propose(revision="sha256:1", why="again", acknowledged=("cap b", "cap a")))
    assert (again.id, again.acknowledged) == (release, ("cap a", "cap b"))
    assert world.do(Propose(revision="sha256:1", why="again"), GRACE) == again
    with pytest.raises(ConflictError, match=r"ada proposed it as .* cap c is meant to be looser"):
        world.do(Propose(revision="sha256:1", why="mine", acknowledged=("cap c",)), GRACE)
    world.do(Check(release=release, passed=True), FLOW)
    world.do(Simulate(release=release, passed=True), FLOW)
    with pytest.raises(ConflictError, match="is simulated"):
        world.do(Propose(revision="sha256:1", why="again", acknowledged=("cap c",)))


def test_what_was_compared_with_something_that_is_no_longer_live_is_not_noted(world):
    release = world.release("sha256:1", until="checked")
    with pytest.raises(ConflictError, match="sha256:0 is live by now"):
        world.do(Simulate(release=release, passed=True, against="sha256:x"), FLOW)
    assert world.do(Simulate(release=release, passed=True, against="sha256:0"), FLOW).state == "simulated"


def test_nobody_approves_their_own(world):
    release = world.release("sha256:1", until="simulated")

    for by in (ADA, FLOW):
        with pytest.raises(ForbiddenError):
            world.do(Approve(release=release, why="-"), by)


def test_that_it_passed_is_not_for_its_author_to_say(world):
    release = world.do(Propose(revision="sha256:1", why="better")).id
    for says in (Check(release=release, passed=True), Simulate(release=release, passed=True)):
        with pytest.raises(ForbiddenError, match="somebody other than ada"):
            world.do(says)
        world.do(says, GRACE)
    assert world.do(Simulate(release=release, passed=False, why="I looked again")).state == "checked"


def test_what_failed_goes_no_further(world):
    release = world.do(Propose(revision="sha256:1", why="better")).id
    assert world.do(Check(release=release, passed=False, why="a cap contradicts another")).state == "draft"
    world.do(Check(release=release, passed=True), FLOW)
    world.do(Simulate(release=release, passed=True), FLOW)
    world.do(Approve(release=release, why="agreed"), GRACE)

    failed = world.do(Simulate(release=release, passed=False, why="unfair"))

    assert (failed.state, failed.approval) == ("checked", None)


def test_the_share_of_a_canary_only_rises_and_there_is_one_at_a_time(world):
    release, other = world.release("sha256:1", until="canary"), world.release("sha256:2", until="approved")

    for share in SHARES:
        assert world.do(StartCanary(release=release, share=share)).share == share
    for refused in (StartCanary(release=release, share=5), StartCanary(release=other, share=1)):
        with pytest.raises(ConflictError):
            world.do(refused)
    with pytest.raises(InvalidError):
        world.do(StartCanary(release=release, share=50))
    assert world.in_force.canary == Canary(revision="sha256:1", release=release, share=25)
    assert world.in_force.revision == "sha256:0"


def test_who_is_in_a_canary_stays_in_it_as_it_grows_and_every_release_draws_anew():
    persons = [f"p-{n}" for n in range(20_000)]
    shares = {
        share: {each for each in persons if is_in(Canary(revision="-", release="r-1", share=share), each)}
        for share in SHARES
    }
    other = {each for each in persons if is_in(Canary(revision="-", release="r-2", share=25), each)}

    assert shares[1] < shares[5] < shares[25]
    for share, inside in shares.items():
        assert abs(len(inside) / len(persons) - share / 100) < 0.01
    assert abs(len(shares[25] & other) / len(persons) - 0.0625) < 0.01


def test_what_was_released_meanwhile_is_not_undone_by_what_never_knew_of_it(world):
    release = world.release("sha256:1", until="approved")
    world.release("sha256:2")

    with pytest.raises(ConflictError, match="simulate it again"):
        world.do(StartCanary(release=release, share=1))
    assert world.do(Simulate(release=release, passed=True), FLOW).state == "simulated"
    world.do(Approve(release=release, why="still"), GRACE)
    assert world.do(StartCanary(release=release, share=1)).state == "canary"


def test_it_is_live_from_an_instant_on(world):
    release = world.release("sha256:1", until="canary")
    at = NOW + 5 * HOUR
    world.do(Promote(release=release, effective_at=at))
    world.do(Promote(release=release, effective_at=at))
    coming = world.environment.in_force()

    assert (coming.revision, coming.next.revision, coming.canary.share) == ("sha256:0", "sha256:1", 1)
    assert coming.settled(at - HOUR) is coming
    world.now = at
    assert world.in_force == coming.settled(at)
    assert (world.in_force.revision, world.in_force.next, world.in_force.canary) == ("sha256:1", None, None)
    assert world.state(release) == "live"
    assert world.do(Rollback(release=release, why="worse")).ended == "rolled_back"
    assert world.in_force.revision == "sha256:0"


def test_rolled_back_before_its_instant_it_never_comes(world):
    release = world.release("sha256:1", until="canary")
    world.do(Promote(release=release, effective_at=NOW + HOUR))
    world.do(Rollback(release=release, why="complaints"), FLOW)
    world.now += 2 * HOUR

    assert (world.in_force.revision, world.in_force.next, world.in_force.canary) == ("sha256:0", None, None)
    with pytest.raises(ConflictError):
        world.do(Promote(release=release))


def test_back_to_any_that_was_live_in_one_command(world):
    first = world.release("sha256:1")
    second = world.release("sha256:2")
    world.do(Rollback(release=second, to="sha256:0", why="both were worse"))
    assert world.in_force.revision == "sha256:0"
    assert (world.state(first), world.environment.release(second).ended) == ("retired", "rolled_back")

    live = world.environment.live
    for to, error in (
        ("", ConflictError),
        ("sha256:0", ConflictError),
        ("sha256:2", ConflictError),
        ("sha256:9", NotFoundError),
    ):
        with pytest.raises(error):
            world.do(Rollback(release=live, to=to, why="-"))
    world.do(Rollback(release=second, why="again"))
    assert world.in_force.revision == "sha256:0"


def test_nothing_goes_live_in_a_freeze_but_an_emergency(world):
    release, other = world.release("sha256:1", until="canary"), world.release("sha256:2", until="draft")
    freeze = world.do(DeclareFreeze(from_=NOW, until=NOW + 5 * HOUR, why="year end"))

    for command in (
        StartCanary(release=release, share=5),
        Promote(release=release),
        Promote(release=release, effective_at=NOW + HOUR),
    ):
        with pytest.raises(ConflictError, match="year end"):
            world.do(command)
    with pytest.raises(ForbiddenError):
        world.do(LiftFreeze(freeze=freeze.id, why="-"), ADA)
    assert world.do(GoLiveAtOnce(release=other, why="wrong rate shown"), ADA).state == "live"
    assert world.environment.release(release).ended == "superseded"
    world.do(LiftFreeze(freeze=freeze.id, why="over"), GRACE)
    world.do(LiftFreeze(freeze=freeze.id, why="over"), GRACE)
    assert not world.environment.freezes


def test_a_freeze_does_not_pass_over_what_is_to_be_live_in_it(world):
    release = world.release("sha256:1", until="canary")
    world.do(Promote(release=release, effective_at=NOW + HOUR))

    with pytest.raises(ConflictError, match="roll it back first"):
        world.do(DeclareFreeze(from_=NOW, until=NOW + 2 * HOUR, why="-"))


def test_an_emergency_is_reviewed_by_somebody_else(world):
    release = world.release("sha256:1", until="checked")
    world.do(GoLiveAtOnce(release=release, why="wrong rate shown"), GRACE)

    assert [each.id for each in world.environment.reviews()] == [release]
    assert not world.environment.overdue(NOW + 47 * HOUR)
    assert world.environment.overdue(NOW + 48 * HOUR)
    for by in (ADA, GRACE, FLOW):
        with pytest.raises(ForbiddenError):
            world.do(ReviewEmergency(release=release, accepted=True, why="-"), by)
    world.do(ReviewEmergency(release=release, accepted=False, why="could have waited"), EDITH)
    world.do(ReviewEmergency(release=release, accepted=False, why="could have waited"), EDITH)
    with pytest.raises(ConflictError):
        world.do(ReviewEmergency(release=release, accepted=True, why="-"), EDITH)
    assert not world.environment.reviews()


def test_a_switch_is_off_until_a_person_switches_it_on(world):
    off = SetSwitch(kind="action", id="loan", off=True, why="wrong rate")
    made = world.do(off, FLOW)
    assert world.do(off, GRACE) is made
    assert world.in_force.switches == (SwitchedOff(kind="action", id="loan"),)
    world.release("sha256:1")
    assert world.in_force.switches
    on = SetSwitch(kind="action", id="loan", off=False, why="mended")
    with pytest.raises(ForbiddenError):
        world.do(on, FLOW)
    world.do(on)
    world.do(on)
    assert world.in_force.switches == ()


def test_what_is_long_over_is_in_the_log_alone(world):
    for number in range(ENDED_KEPT + 3):
        release = world.do(Propose(revision=f"sha256:w{number}", why="-")).id
        world.do(Withdraw(release=release, why="no"))

    assert len(world.environment.releases) == ENDED_KEPT + 1
    assert world.environment.begun == ENDED_KEPT + 4
    with pytest.raises(NotFoundError):
        world.do(Withdraw(release=world.release("sha256:0", until="draft") + "x", why="-"))


@pytest.mark.parametrize("why", ["", "  ", "x" * 2001, "a\n  17  grace  approve", "\x1b[2K", "\u202eevil"])
def test_a_reason_is_asked_for_and_is_one_line(world, why):
    with pytest.raises(InvalidError):
        world.do(Propose(revision="sha256:1", why=why))


def test_what_was_live_before_is_there_to_go_back_to_however_many_came_to_nothing(world):
    for number in range(ENDED_KEPT + 1):
        world.do(Withdraw(release=world.release(f"sha256:w{number}", until="draft"), why="no"))
    release = world.release("sha256:1")

    world.do(Rollback(release=release, why="worse"))

    assert world.in_force.revision == "sha256:0"


def test_no_instant_is_past_and_none_waits_while_nothing_is_live(world):
    release = world.release("sha256:1", until="canary")
    with pytest.raises(InvalidError, match="past"):
        world.do(Promote(release=release, effective_at=NOW - HOUR))
    assert world.in_force.revision == "sha256:0"
    world.environment = Environment(name="staging")
    first = world.release("sha256:1", until="approved")
    with pytest.raises(ConflictError, match="nothing is live"):
        world.do(Promote(release=first, effective_at=NOW + HOUR))
    assert world.do(Promote(release=first)).state == "live"


def test_figures_are_neither_long_nor_deep(world):
    release = world.release("sha256:1", until="draft")
    deep = []
    for _ in range(400):
        deep = [deep]
    for figures in ({"a": "x" * 9000}, {"a": deep}):
        with pytest.raises(InvalidError):
            world.do(Check(release=release, passed=True, figures=figures), FLOW)
    assert world.do(Check(release=release, passed=True, figures={"a": {"b": [1, {"c": 2}]}}), FLOW).state == "checked"


def test_what_is_on_its_way_does_not_grow_without_end(world):
    for number in range(MOST_OPEN):
        world.do(Propose(revision=f"sha256:{number + 1}", why="-"))
    with pytest.raises(ConflictError, match="withdraw"):
        world.do(Propose(revision="sha256:99", why="-"))
    for number in range(MOST_FREEZES):
        world.do(DeclareFreeze(from_=NOW + number * HOUR, until=NOW + (number + 1) * HOUR, why="-"))
    with pytest.raises(ConflictError, match="lift"):
        world.do(DeclareFreeze(from_=NOW, until=NOW + HOUR, why="one more"))
    with pytest.raises(InvalidError):
        World().do(Propose(revision="sha256:99", why="-", acknowledged=("x" * 9000,)))
