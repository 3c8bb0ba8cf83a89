"""A release: one revision on its way into one environment, with every step that was taken and by whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import msgspec

from shared.domain.instant import Instant

State = Literal["draft", "checked", "simulated", "approved", "canary", "live", "retired"]
Ended = Literal["superseded", "rolled_back", "withdrawn"]

REVIEWED_WITHIN = timedelta(days=2)
"""When somebody else must have looked at what went live in an emergency."""


class Actor(msgspec.Struct, frozen=True):
    """Who calls: a person by name, or a program that people set up.

    Attributes:
        name: of the person, whichever of their keys they used; of the program.
        is_person: whether it can answer for an approval.
    """

    name: str
    is_person: bool = True


class Result(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a check or a simulation came to.

    Attributes:
        figures: what it measured, as who measured tells it.
        against: the revision that was live then; empty where none was.
    """

    passed: bool
    by: str
    at: Instant
    why: str = ""
    figures: dict[str, Any] = {}
    against: str = ""


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody who is not the author takes responsibility too."""

    by: str
    at: Instant
    why: str


class Emergency(msgspec.Struct, frozen=True, kw_only=True):
    """That it went live at once, without approval."""

    by: str
    at: Instant
    why: str


class Review(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody else thinks of an emergency, afterwards; until then, that it is due."""

    due_at: Instant
    by: str = ""
    at: Instant | None = None
    accepted: bool | None = None
    why: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nobody has given it yet."""
        return not self.by


class Release(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One revision on its way into one environment.

    Attributes:
        author: who proposed it.
        check, simulation: what they came to last.
        acknowledged: the limits that its author says it is meant to loosen.
        share: of persons that it decides for as a canary, in per cent; what it had come to where it is live.
        canary_at: when it first decided for somebody.
        share_at: since when it decides for that share.
        live_from: when it is, or was, live from.
        replaced: the release that was live before it.
        ended: why it is retired.
    """

    id: str
    environment: str
    revision: str
    state: State
    author: str
    why: str
    proposed_at: Instant
    check: Result | None = None
    simulation: Result | None = None
    approval: Approval | None = None
    share: int = 0
    canary_at: Instant | None = None
    share_at: Instant | None = None
    acknowledged: tuple[str, ...] = ()
    live_from: Instant | None = None
    replaced: str = ""
    retired_at: Instant | None = None
    ended: Ended | None = None
    emergency: Emergency | None = None
    review: Review | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is still on its way."""
        return self.state not in ("live", "retired")

    @property
    def was_live(self) -> bool:
        """Whether it was live before."""
        return self.state == "retired" and self.live_from is not None
