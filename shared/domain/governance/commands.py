"""Commands: what people and workflows ask of an environment's governance. The audit log keeps each that did something,
as it was asked.
"""

from __future__ import annotations

from typing import Any

import msgspec

from shared.domain.governance.switches import SwitchKind
from shared.domain.instant import Instant


class Command(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="do"):
    """Something asked, and why."""

    why: str = ""


class Begin(Command, frozen=True, kw_only=True, tag="begin"):
    """Let the first revision of an environment decide, where there is nothing yet that could be held against it."""

    revision: str


class Propose(Command, frozen=True, kw_only=True, tag="propose"):
    """Begin a release.

    Attributes:
        acknowledged: the limits that it is meant to loosen, as `kairos catalogue diff` names them.
    """

    revision: str
    acknowledged: tuple[str, ...] = ()


class Check(Command, frozen=True, kw_only=True, tag="check"):
    """Note what the check came to.

    Attributes:
        against: the revision that it was compared with; empty for the one that is live.
    """

    release: str
    passed: bool
    figures: dict[str, Any] = {}
    against: str = ""


class Simulate(Command, frozen=True, kw_only=True, tag="simulation"):
    """Note what simulation came to, with its gates of fairness and cost.

    Attributes:
        against: the revision that it was compared with; empty for the one that is live.
    """

    release: str
    passed: bool
    figures: dict[str, Any] = {}
    against: str = ""


class Approve(Command, frozen=True, kw_only=True, tag="approve"):
    """Take responsibility too."""

    release: str


class StartCanary(Command, frozen=True, kw_only=True, tag="canary"):
    """Decide by it for some per cent of persons."""

    release: str
    share: int


class Promote(Command, frozen=True, kw_only=True, tag="promote"):
    """Decide by it for everybody, at once or from an instant on."""

    release: str
    effective_at: Instant | None = None


class Rollback(Command, frozen=True, kw_only=True, tag="rollback"):
    """Decide by what was live before.

    Attributes:
        to: the revision; empty for the one that this release replaced.
    """

    release: str
    to: str = ""


class Withdraw(Command, frozen=True, kw_only=True, tag="withdraw"):
    """End a release that decides nothing yet."""

    release: str


class GoLiveAtOnce(Command, frozen=True, kw_only=True, tag="emergency"):
    """Decide by it for everybody at once, and be reviewed afterwards."""

    release: str


class ReviewEmergency(Command, frozen=True, kw_only=True, tag="review"):
    """Say afterwards what one thinks of an emergency."""

    release: str
    accepted: bool


class DeclareFreeze(Command, frozen=True, kw_only=True, tag="freeze"):
    """Let nothing go canary or live for a while."""

    from_: Instant = msgspec.field(name="from")
    until: Instant


class LiftFreeze(Command, frozen=True, kw_only=True, tag="lift"):
    """End a freeze early."""

    freeze: str


class SetSwitch(Command, frozen=True, kw_only=True, tag="switch"):
    """Switch something off, or on again."""

    kind: SwitchKind
    id: str
    off: bool


AnyCommand = (
    Begin
    | Propose
    | Check
    | Simulate
    | Approve
    | StartCanary
    | Promote
    | Rollback
    | Withdraw
    | GoLiveAtOnce
    | ReviewEmergency
    | DeclareFreeze
    | LiftFreeze
    | SetSwitch
)
