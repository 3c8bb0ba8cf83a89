"""Governing: what a command makes of an environment, and when it may not (`domain.md` 11).

A command that says what is so already changes nothing, so it may come twice. One that does not fit the state, because
a step is missing or somebody else was faster, is refused and changes nothing either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from shared.domain.canonical import canonical
from shared.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from shared.domain.governance.commands import (
    AnyCommand,
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
from shared.domain.governance.environment import Environment, Freeze, retired
from shared.domain.governance.in_force import SHARES
from shared.domain.governance.release import REVIEWED_WITHIN, Actor, Approval, Emergency, Release, Result, Review
from shared.domain.governance.switches import Switch
from shared.domain.signal import digest

MOST_FIGURES = 8_000
"""Bytes of what a check or a simulation measured: the whole report belongs beside it."""

MOST_WORDS = 2_000
"""Characters of a reason."""

MOST_OFF = 1_000
"""Switches that are off at once."""


class Governed(NamedTuple):
    """What came of a command: the environment after it, and the release, freeze or switch that it was about."""

    environment: Environment
    about: Release | Freeze | Switch | None


def govern(environment: Environment, command: AnyCommand, by: Actor, now: datetime) -> Governed:
    """What a command makes of an environment; the same environment where it says what is so already.

    Args:
        environment: as it was settled by `now`.
        command: what is asked.
        by: who asks.
        now: when, UTC.

    Raises:
        InvalidError: the command cannot be meant.
        ForbiddenError: who asks may not do this.
        NotFoundError: what it names is not there.
        ConflictError: it does not fit the state that things have by now.
    """
    if len(command.why) > MOST_WORDS:
        raise InvalidError(f"has more than {MOST_WORDS} characters", field="why")
    if not command.why.strip() and not isinstance(command, Check | Simulate | StartCanary | Promote):
        raise InvalidError("say why: it is kept in the audit log", field="why")
    done: Governed = _STEPS[type(command)](_Step(environment, by, now), command)
    return Governed(done.environment.trimmed(), done.about) if done.environment is not environment else done


class _Step:
    """One command on its way."""

    def __init__(self, environment: Environment, by: Actor, now: datetime) -> None:
        self.environment, self.by, self.now = environment, by, now

    def begin(self, command: Begin) -> Governed:
        if self.environment.live:
            live = self.environment.release(self.environment.live)
            if live.revision == command.revision:
                return Governed(self.environment, live)
            raise ConflictError(f"{live.revision} is live in {self.environment.name}: propose a release")
        proposed, first = self.propose(Propose(revision=command.revision, why=command.why))
        assert isinstance(first, Release)
        return self._done(proposed.with_live(first, self.now), first.id)

    def propose(self, command: Propose) -> Governed:
        environment = self.environment
        for each in environment.releases:
            if each.revision == command.revision and (each.is_open or each.state == "live"):
                return self._proposed_again(each, command)
        number = environment.begun + 1
        release = Release(
            id="r-" + digest("release", environment.name, command.revision, str(number))[:16],
            environment=environment.name,
            revision=command.revision,
            state="draft",
            author=self.by.name,
            why=command.why,
            proposed_at=self.now,
            acknowledged=command.acknowledged,
        )
        known = (*environment.releases, release)
        return Governed(msgspec.structs.replace(environment, releases=known, begun=number), release)

    def _proposed_again(self, release: Release, command: Propose) -> Governed:
        """The release that there is; it is checked again where its author acknowledges more than before."""
        more = [each for each in command.acknowledged if each not in release.acknowledged]
        if not more or release.state == "live":
            return Governed(self.environment, release)
        if self.by.name != release.author or release.state not in ("draft", "checked"):
            raise ConflictError(
                f"{release.author} proposed it as {release.id}, which is {release.state} and does not say that "
                f"{', '.join(more)} is meant to be looser: withdraw that one first"
            )
        known = (*release.acknowledged, *dict.fromkeys(more))
        return self._with(release, state="draft", acknowledged=known)

    def check(self, command: Check) -> Governed:
        release = self._release(command.release, "draft", "checked")
        result = self._result(command)
        if _same(release.check, result):
            return Governed(self.environment, release)
        return self._with(release, state="checked" if result.passed else "draft", check=result)

    def simulate(self, command: Simulate) -> Governed:
        """Before approval, or again after it where something else is live meanwhile: then it is approved again too."""
        release = self._release(command.release, "checked", "simulated", "approved")
        result = self._result(command)
        if _same(release.simulation, result):
            return Governed(self.environment, release)
        state = "simulated" if result.passed else "checked"
        return self._with(release, state=state, simulation=result, approval=None)

    def approve(self, command: Approve) -> Governed:
        self._person("approve")
        release = self.environment.release(command.release)
        if release.approval is not None and release.approval.by == self.by.name:
            return Governed(self.environment, release)
        release = self._release(command.release, "simulated")
        self._other(release.author, "the author does not approve their own release")
        self._current(release)
        return self._with(release, state="approved", approval=Approval(by=self.by.name, at=self.now, why=command.why))

    def canary(self, command: StartCanary) -> Governed:
        if command.share not in SHARES:
            raise InvalidError(f"is one of {', '.join(map(str, SHARES))} per cent", field="share")
        release = self._release(command.release, "approved", "canary")
        if release.share == command.share:
            return Governed(self.environment, release)
        if release.share > command.share:
            raise ConflictError(f"{release.id} decides for {release.share} % already, and a share only rises")
        environment = self.environment
        if not environment.live:
            raise ConflictError("nothing is live that a canary could be compared with: promote it")
        if environment.canary not in ("", release.id):
            raise ConflictError(f"{environment.canary} is a canary already, and there is one at a time")
        if environment.next:
            raise ConflictError(f"{environment.next} is to be live from an instant on already")
        self._current(release)
        self._thawed(self.now)
        changed = msgspec.structs.replace(
            release,
            state="canary",
            share=command.share,
            canary_at=release.canary_at or self.now,
            share_at=self.now,
        )
        return self._done(msgspec.structs.replace(environment.with_release(changed), canary=release.id), release.id)

    def promote(self, command: Promote) -> Governed:
        environment, at = self.environment, command.effective_at
        release = environment.release(command.release)
        if release.state == "live" or (environment.next == release.id and release.live_from == at):
            return Governed(environment, release)
        release = self._release(command.release, *(("canary",) if environment.live else ("approved", "canary")))
        if at is not None and at <= self.now:
            at = None
        self._thawed(at or self.now)
        self._current(release)
        if at is None or not environment.live:
            return self._live(release, at or self.now)
        coming = environment.with_release(msgspec.structs.replace(release, live_from=at))
        return self._done(msgspec.structs.replace(coming, next=release.id), release.id)

    def rollback(self, command: Rollback) -> Governed:
        environment = self.environment
        release = environment.release(command.release)
        if release.state == "retired" and release.ended == "rolled_back":
            return Governed(environment, release)
        if release.state == "canary":
            if command.to:
                raise ConflictError(f"{release.id} is a canary: it ends, and what is live stays so")
            ended = environment.with_release(retired(release, self.now, "rolled_back"))
            return self._done(msgspec.structs.replace(ended, canary="", next=""), release.id)
        if release.state != "live":
            raise ConflictError(f"{release.id} is {release.state}: only what decides is rolled back")
        earlier = self._earlier(release, command.to)
        back = environment.with_live(earlier, self.now, back=True)
        return self._done(back, release.id)

    def withdraw(self, command: Withdraw) -> Governed:
        release = self.environment.release(command.release)
        if release.ended == "withdrawn":
            return Governed(self.environment, release)
        release = self._release(command.release, "draft", "checked", "simulated", "approved")
        return self._done(self.environment.with_release(retired(release, self.now, "withdrawn")), release.id)

    def emergency(self, command: GoLiveAtOnce) -> Governed:
        self._person("take an emergency path")
        release = self.environment.release(command.release)
        if release.state == "live":
            return Governed(self.environment, release)
        release = self._release(command.release, "checked", "simulated", "approved", "canary")
        return self._live(
            release,
            self.now,
            emergency=Emergency(by=self.by.name, at=self.now, why=command.why),
            review=Review(due_at=self.now + REVIEWED_WITHIN),
        )

    def review(self, command: ReviewEmergency) -> Governed:
        self._person("review")
        release = self.environment.release(command.release)
        if release.review is None or release.emergency is None:
            raise ConflictError(f"{release.id} was no emergency")
        if not release.review.is_open:
            if (release.review.by, release.review.accepted) == (self.by.name, command.accepted):
                return Governed(self.environment, release)
            raise ConflictError(f"{release.review.by} has reviewed {release.id}")
        for involved in (release.author, release.emergency.by):
            self._other(involved, "who made an emergency does not review it")
        given = msgspec.structs.replace(
            release.review, by=self.by.name, at=self.now, accepted=command.accepted, why=command.why
        )
        return self._with(release, review=given)

    def freeze(self, command: DeclareFreeze) -> Governed:
        environment = self.environment
        if not command.from_ < command.until:
            raise InvalidError("is not after `from`", field="until")
        if command.until <= self.now:
            raise InvalidError("is past", field="until")
        for each in environment.freezes:
            if (each.from_, each.until, each.by, each.why) == (
                command.from_,
                command.until,
                self.by.name,
                command.why,
            ):
                return Governed(environment, each)
        number = environment.frozen + 1
        freeze = Freeze(id=f"f-{number}", from_=command.from_, until=command.until, by=self.by.name, why=command.why)
        if environment.next:
            coming = environment.release(environment.next)
            if coming.live_from is not None and freeze.holds(coming.live_from):
                raise ConflictError(
                    f"{coming.id} is to be live from {coming.live_from.isoformat()}: roll it back first"
                )
        freezes = tuple(sorted((*environment.freezes, freeze), key=lambda each: each.from_))
        return Governed(msgspec.structs.replace(environment, freezes=freezes, frozen=number), freeze)

    def lift(self, command: LiftFreeze) -> Governed:
        self._person("lift a freeze")
        environment = self.environment
        found = next((each for each in environment.freezes if each.id == command.freeze), None)
        if found is None:
            if command.freeze in {f"f-{number}" for number in range(1, environment.frozen + 1)}:
                return Governed(environment, None)  # it is over
            raise NotFoundError(f"there is no freeze {command.freeze} of {environment.name}")
        self._other(found.by, "who declared a freeze does not lift it")
        freezes = tuple(each for each in environment.freezes if each is not found)
        return Governed(msgspec.structs.replace(environment, freezes=freezes), found)

    def switch(self, command: SetSwitch) -> Governed:
        environment = self.environment
        known = {(each.kind, each.id): each for each in environment.switches}
        key = command.kind, command.id
        found = known.get(key)
        if command.off:
            if found is not None:
                return Governed(environment, found)
            if len(known) >= MOST_OFF:
                raise ConflictError(f"{MOST_OFF} switches are off already: release a revision without those actions")
            found = Switch(kind=command.kind, id=command.id, by=self.by.name, at=self.now, why=command.why)
            return Governed(_switched(environment, (*environment.switches, found)), found)
        self._person("switch something on again")
        if found is None:
            return Governed(environment, None)
        return Governed(_switched(environment, (each for each in environment.switches if each is not found)), found)

    def _release(self, release_id: str, *states: str) -> Release:
        """A release in one of these states.

        Raises:
            NotFoundError: there is none.
            ConflictError: it is in another.
        """
        release = self.environment.release(release_id)
        if release.state in states:
            return release
        detail = f" ({release.ended})" if release.ended else ""
        raise ConflictError(f"{release.id} is {release.state}{detail}, and must be {' or '.join(states)} for this")

    def _result(self, command: Check | Simulate) -> Result:
        live = self.environment.revision
        if command.against not in ("", live):
            raise ConflictError(
                f"{live or 'nothing'} is live by now, and it was compared with {command.against}: again"
            )
        if len(canonical(command.figures)) > MOST_FIGURES:
            raise InvalidError(f"has more than {MOST_FIGURES} bytes; keep the report elsewhere", field="figures")
        return Result(
            passed=command.passed,
            by=self.by.name,
            at=self.now,
            why=command.why,
            figures=command.figures,
            against=live,
        )

    def _person(self, what: str) -> None:
        if not self.by.is_person:
            raise ForbiddenError(f"{self.by.name} is a program, and only a person may {what}")

    def _other(self, than: str, because: str) -> None:
        if self.by.name == than:
            raise ForbiddenError(f"{because}: somebody other than {than} has to")

    def _current(self, release: Release) -> None:
        """Raise unless what it was compared with is live still: a revision is a whole catalogue, and would undo what
        was released meanwhile.
        """
        against = release.simulation.against if release.simulation else ""
        if against != self.environment.revision:
            raise ConflictError(
                f"{self.environment.revision} is live by now, and {release.id} was simulated against "
                f"{against or 'nothing'}: make sure that it has what was released meanwhile, and simulate it again"
            )

    def _thawed(self, at: datetime) -> None:
        freeze = self.environment.freeze_at(at)
        if freeze is not None:
            raise ConflictError(
                f"frozen until {freeze.until.isoformat()} by {freeze.by}: {freeze.why}. In an emergency take its path"
            )

    def _earlier(self, release: Release, to: str) -> Release:
        """The release that is to be live again."""
        environment = self.environment
        if not to:
            if not release.replaced:
                raise ConflictError(f"nothing was live before {release.id}: switch off what must not go out")
            return environment.release(release.replaced)
        if to == release.revision:
            raise ConflictError(f"{to} is live")
        for each in reversed(environment.releases):
            if each.revision == to and each.was_live:
                if each.ended == "rolled_back":
                    raise ConflictError(f"{to} was rolled back itself: propose it again")
                return each
        raise NotFoundError(f"{to} was not live in {environment.name} lately: propose it")

    def _live(self, release: Release, at: datetime, **changes: Any) -> Governed:
        return self._done(self.environment.with_live(release, at, **changes), release.id)

    def _with(self, release: Release, **changes: Any) -> Governed:
        changed = msgspec.structs.replace(release, **changes)
        return Governed(self.environment.with_release(changed), changed)

    def _done(self, environment: Environment, release_id: str) -> Governed:
        return Governed(environment, environment.release(release_id))


_STEPS: dict[type, Callable[[_Step, Any], Governed]] = {
    Begin: _Step.begin,
    Propose: _Step.propose,
    Check: _Step.check,
    Simulate: _Step.simulate,
    Approve: _Step.approve,
    StartCanary: _Step.canary,
    Promote: _Step.promote,
    Rollback: _Step.rollback,
    Withdraw: _Step.withdraw,
    GoLiveAtOnce: _Step.emergency,
    ReviewEmergency: _Step.review,
    DeclareFreeze: _Step.freeze,
    LiftFreeze: _Step.lift,
    SetSwitch: _Step.switch,
}


def _same(known: Result | None, result: Result) -> bool:
    """Whether a result was noted before: the same, by the same, against the same."""
    return known is not None and msgspec.structs.replace(known, at=result.at) == result


def _switched(environment: Environment, switches: Iterable[Switch]) -> Environment:
    ordered = sorted(switches, key=lambda each: each.off)
    return msgspec.structs.replace(environment, switches=tuple(ordered))
