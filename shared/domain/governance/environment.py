"""An environment: its releases, what decides in it, what is off, and when nothing may change."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shared.domain.errors import NotFoundError
from shared.domain.governance.in_force import Canary, InForce, Next
from shared.domain.governance.release import Ended, Release
from shared.domain.governance.switches import Switch
from shared.domain.instant import Instant

ENDED_KEPT = 20
"""Retired releases that were live, and as many that never were, kept to be shown and rolled back to; the audit log has
them all.
"""


LATELY = 8
"""Revisions of which contacts may be in flight: what decides, and what did before it."""


class Freeze(msgspec.Struct, frozen=True, kw_only=True):
    """A while in which nothing goes canary or live, but in an emergency."""

    id: str
    from_: Instant = msgspec.field(name="from")
    until: Instant
    by: str
    why: str

    def holds(self, at: datetime) -> bool:
        """Whether it is on at an instant."""
        return self.from_ <= at < self.until


class Environment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that governs an environment.

    Attributes:
        releases: in the order in which they were proposed.
        begun: how many releases there have been.
        live: the release that decides; empty before the first.
        canary: the release that decides for some persons; empty where none does.
        next: the release that will be live from an instant on; empty where none will.
        switches: what is off.
        freezes: those that are not over, and how many there have been.
    """

    name: str
    releases: tuple[Release, ...] = ()
    begun: int = 0
    live: str = ""
    canary: str = ""
    next: str = ""
    switches: tuple[Switch, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    frozen: int = 0

    def release(self, release_id: str) -> Release:
        """A release by its id.

        Raises:
            NotFoundError: there is none, or it is so long over that only the audit log has it.
        """
        found = next((each for each in self.releases if each.id == release_id), None)
        if found is None:
            raise NotFoundError(f"there is no release {release_id or '(none)'} of {self.name}")
        return found

    @property
    def revision(self) -> str:
        """The revision that is live; empty before the first."""
        return self.release(self.live).revision if self.live else ""

    def freeze_at(self, at: datetime) -> Freeze | None:
        """The freeze that is on at an instant."""
        return next((each for each in self.freezes if each.holds(at)), None)

    def overdue(self, now: datetime) -> list[Release]:
        """The releases whose review should have been given by now."""
        return [each for each in self.reviews() if each.review is not None and each.review.due_at <= now]

    def reviews(self) -> list[Release]:
        """The releases that wait for their review, the most urgent first."""
        waiting = [each for each in self.releases if each.review is not None and each.review.is_open]
        return sorted(waiting, key=lambda each: each.review.due_at if each.review else each.proposed_at)

    def in_force(self) -> InForce | None:
        """What deciding functions read of it; None before the first release is live."""
        if not self.live:
            return None
        coming, canary = (self.release(each) if each else None for each in (self.next, self.canary))
        return InForce(
            revision=self.revision,
            release=self.live,
            next=Next(revision=coming.revision, release=coming.id, from_=coming.live_from)
            if coming is not None and coming.live_from is not None
            else None,
            canary=Canary(revision=canary.revision, release=canary.id, share=canary.share) if canary else None,
            switches=tuple(sorted(each.off for each in self.switches)),
        )

    def decided_lately(self) -> list[str]:
        """The revisions that decide, and before them some of those that did, the latest first."""
        deciding = [self.release(each) for each in (self.live, self.canary, self.next) if each]
        over = [each for each in self.releases if each.retired_at is not None and (each.was_live or each.canary_at)]
        over.sort(key=lambda each: each.retired_at or each.proposed_at, reverse=True)
        return list(dict.fromkeys(each.revision for each in (*deciding, *over)))[:LATELY]

    def settled(self, now: datetime) -> Environment:
        """The same by now: what was to be live by then is, and freezes that are over are gone."""
        settled = self
        if self.next:
            coming = self.release(self.next)
            if coming.live_from is not None and coming.live_from <= now:
                settled = self.with_live(coming, coming.live_from)
        freezes = tuple(each for each in self.freezes if now < each.until)
        return settled if freezes == self.freezes else msgspec.structs.replace(settled, freezes=freezes)

    def with_live(self, release: Release, at: datetime, *, back: bool = False, **changes: Any) -> Environment:
        """The same with a release live, in place of what was live or, with `back`, for what was to replace it; any
        canary beside it is over.
        """
        if not back:
            changes["replaced"] = self.live
        live = msgspec.structs.replace(release, state="live", live_from=at, retired_at=None, ended=None, **changes)
        over: dict[str, Ended] = {self.canary: "superseded", self.next: "superseded"}
        over[self.live] = "rolled_back" if back else "superseded"
        known = tuple(
            live if each.id == release.id else retired(each, at, over[each.id]) if each.id in over else each
            for each in self.releases
        )
        return msgspec.structs.replace(self, releases=known, live=release.id, canary="", next="")

    def with_release(self, release: Release) -> Environment:
        """The same with another state of a release."""
        known = tuple(release if each.id == release.id else each for each in self.releases)
        return msgspec.structs.replace(self, releases=known)

    def trimmed(self) -> Environment:
        """The same without releases that are long over."""
        over = [each for each in self.releases if each.state == "retired" and not (each.review and each.review.is_open)]
        over.sort(key=lambda each: each.retired_at or each.proposed_at)
        gone = {
            each.id
            for kind in ([each for each in over if each.was_live], [each for each in over if not each.was_live])
            for each in kind[:-ENDED_KEPT]
        }
        if not gone:
            return self
        return msgspec.structs.replace(self, releases=tuple(each for each in self.releases if each.id not in gone))


def retired(release: Release, at: datetime, ended: Ended) -> Release:
    """A release that is over; one that was to be live later never was."""
    live_from = release.live_from if release.state == "live" else None
    return msgspec.structs.replace(release, state="retired", retired_at=at, ended=ended, live_from=live_from)
