"""Advancing: what takes a release a step further, back, or to its end."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shared.domain.canonical import canonical
from shared.domain.errors import ConflictError, InvalidError, NotFoundError
from shared.domain.governance.commands import (
    Approve,
    Begin,
    Check,
    GoLiveAtOnce,
    Promote,
    Propose,
    ReviewEmergency,
    Rollback,
    Simulate,
    StartCanary,
    Withdraw,
)
from shared.domain.governance.environment import Environment, retired
from shared.domain.governance.in_force import SHARES
from shared.domain.governance.release import REVIEWED_WITHIN, Approval, Emergency, Release, Result, Review
from shared.domain.governance.results import MOST_FIGURES, is_known, result_of
from shared.domain.governance.step import Governed, Step
from shared.domain.signal import digest

MOST_OPEN = 40
"""Releases on their way at once."""


class Advancing(Step):
    """A step of a release."""

    def begin(self, command: Begin) -> Governed:
        """The first release of an environment, or the one that is live in it already."""
        if self.environment.live:
            live = self.environment.release(self.environment.live)
            if live.revision == command.revision:
                return Governed(self.environment, live)
            raise ConflictError(f"{live.revision} is live in {self.environment.name}: propose a release")
        proposed, first = self.propose(Propose(revision=command.revision, why=command.why))
        assert isinstance(first, Release)
        return self._done(proposed.with_live(first, self.now), first.id)

    def propose(self, command: Propose) -> Governed:
        """A draft, or the release of this revision that is on its way or live already."""
        environment = self.environment
        for each in environment.releases:
            if each.revision == command.revision and (each.is_open or each.state == "live"):
                return self._proposed_again(each, command)
        if sum(each.is_open for each in environment.releases) >= MOST_OPEN:
            raise ConflictError(f"{MOST_OPEN} releases are on their way already: withdraw what comes to nothing")
        if len(canonical(command.acknowledged)) > MOST_FIGURES:
            raise InvalidError(f"has more than {MOST_FIGURES} bytes", field="acknowledged")
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
        return self._with(release, state="draft", check=None, simulation=None, acknowledged=known)

    def check(self, command: Check) -> Governed:
        """Passed, it is checked; failed, a draft again."""
        release = self._release(command.release, "draft", "checked")
        result = self._result(command, release)
        if is_known(release.check, result):
            return Governed(self.environment, release)
        return self._with(release, state="checked" if result.passed else "draft", check=result)

    def simulate(self, command: Simulate) -> Governed:
        """Before approval, or again after it where something else is live meanwhile: then it is approved again too."""
        release = self._release(command.release, "checked", "simulated", "approved")
        result = self._result(command, release)
        if is_known(release.simulation, result):
            return Governed(self.environment, release)
        state = "simulated" if result.passed else "checked"
        return self._with(release, state=state, simulation=result, approval=None)

    def _result(self, command: Check | Simulate, release: Release) -> Result:
        """What a workflow found, or a person: that it passed, anybody but its author."""
        if command.passed and self.by.is_person:
            self._other(release.author, "the author does not vouch for their own release")
        return result_of(command, self.environment.revision, self.by, self.now)

    def approve(self, command: Approve) -> Governed:
        """Somebody who is not its author takes responsibility too."""
        self._person("approve")
        release = self.environment.release(command.release)
        if release.approval is not None and release.approval.by == self.by.name:
            return Governed(self.environment, release)
        release = self._release(command.release, "simulated")
        self._other(release.author, "the author does not approve their own release")
        self._current(release)
        return self._with(release, state="approved", approval=Approval(by=self.by.name, at=self.now, why=command.why))

    def canary(self, command: StartCanary) -> Governed:
        """It decides for a share of persons, which only rises; one release at a time does."""
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
        """It decides for everybody, at once or from an instant on."""
        environment, at = self.environment, command.effective_at
        release = environment.release(command.release)
        if release.state == "live" or (environment.next == release.id and release.live_from == at):
            return Governed(environment, release)
        release = self._release(command.release, *(("canary",) if environment.live else ("approved", "canary")))
        if at is not None and at <= self.now:
            raise InvalidError("is past: leave it out for at once", field="effective_at")
        if at is not None and not environment.live:
            raise ConflictError("nothing is live that could decide until then: promote it at once")
        self._thawed(at or self.now)
        self._current(release)
        if at is None:
            return self._live(release, self.now)
        coming = environment.with_release(msgspec.structs.replace(release, live_from=at))
        return self._done(msgspec.structs.replace(coming, next=release.id), release.id)

    def rollback(self, command: Rollback) -> Governed:
        """A canary ends; in place of what is live, something decides that did before."""
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
        """What decides nothing yet ends."""
        release = self.environment.release(command.release)
        if release.ended == "withdrawn":
            return Governed(self.environment, release)
        release = self._release(command.release, "draft", "checked", "simulated", "approved")
        return self._done(self.environment.with_release(retired(release, self.now, "withdrawn")), release.id)

    def emergency(self, command: GoLiveAtOnce) -> Governed:
        """It decides for everybody at once, and waits for its review."""
        self._person("take an emergency path")
        release = self.environment.release(command.release)
        if release.state == "live":
            return Governed(self.environment, release)
        release = self._release(command.release, "draft", "checked", "simulated", "approved", "canary")
        return self._live(
            release,
            self.now,
            emergency=Emergency(by=self.by.name, at=self.now, why=command.why),
            review=Review(due_at=self.now + REVIEWED_WITHIN),
        )

    def review(self, command: ReviewEmergency) -> Governed:
        """Somebody who did not make an emergency says what they think of it."""
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
