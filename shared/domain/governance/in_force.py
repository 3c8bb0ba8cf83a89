"""What is in force in an environment: all of a release that a deciding function reads, and it reads it seldom."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.domain.governance.switches import SwitchedOff
from shared.domain.instant import Instant
from shared.domain.signal import digest

SHARES = (1, 5, 25)
"""Per cent of persons that a canary decides for, one after another."""

_WHOLE = 16**13


class Next(msgspec.Struct, frozen=True, kw_only=True):
    """The release that will be live from an instant on."""

    revision: str
    release: str
    from_: Instant = msgspec.field(name="from")


class Canary(msgspec.Struct, frozen=True, kw_only=True):
    """The release that decides for some persons.

    Attributes:
        share: of all persons, in per cent.
    """

    revision: str
    release: str
    share: int


class InForce(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What decides, and what is off.

    Attributes:
        revision: of the release that is live.
        release: its id; empty where a revision was let decide past governance.
        next: what takes its place, and when.
        canary: what decides for some persons instead.
        switches: what is off.
    """

    revision: str
    release: str = ""
    next: Next | None = None
    canary: Canary | None = None
    switches: tuple[SwitchedOff, ...] = ()

    def settled(self, now: datetime) -> InForce:
        """The same once the instant of what is next has come."""
        if self.next is None or now < self.next.from_:
            return self
        return InForce(revision=self.next.revision, release=self.next.release, switches=self.switches)


def is_in(canary: Canary, person_id: str) -> bool:
    """Whether a canary decides for a person: by a hash of release and person, so that each release draws anew, and who
    is in a share is in every larger one.
    """
    return int(digest("canary", canary.release, person_id)[:13], 16) * 100 < canary.share * _WHOLE
