"""Governing: what a command makes of an environment, and when it may not (`domain.md` 11).

A command that says what is so already changes nothing, so it may come twice. One that does not fit the state, because
a step is missing or somebody else was faster, is refused and changes nothing either.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from shared.domain.errors import InvalidError
from shared.domain.governance.advancing import Advancing
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
from shared.domain.governance.environment import Environment
from shared.domain.governance.release import Actor
from shared.domain.governance.step import Governed
from shared.domain.governance.stopping import Stopping

MOST_WORDS = 2_000
"""Characters of a reason."""

_NOT_ONE_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What would let a reason look like an entry of its own where the log is shown."""


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
    if _NOT_ONE_LINE.search(command.why):
        raise InvalidError("is one line of text, without control characters", field="why")
    if not command.why.strip() and not isinstance(command, Check | Simulate | StartCanary | Promote):
        raise InvalidError("say why: it is kept in the audit log", field="why")
    done = _take(command, environment, by, now)
    return Governed(done.environment.trimmed(), done.about) if done.environment is not environment else done


_ADVANCING: dict[type, Callable[[Advancing, Any], Governed]] = {
    Begin: Advancing.begin,
    Propose: Advancing.propose,
    Check: Advancing.check,
    Simulate: Advancing.simulate,
    Approve: Advancing.approve,
    StartCanary: Advancing.canary,
    Promote: Advancing.promote,
    Rollback: Advancing.rollback,
    Withdraw: Advancing.withdraw,
    GoLiveAtOnce: Advancing.emergency,
    ReviewEmergency: Advancing.review,
}
_STOPPING: dict[type, Callable[[Stopping, Any], Governed]] = {
    DeclareFreeze: Stopping.freeze,
    LiftFreeze: Stopping.lift,
    SetSwitch: Stopping.switch,
}


def _take(command: AnyCommand, environment: Environment, by: Actor, now: datetime) -> Governed:
    """Take the step that a command asks for."""
    if advance := _ADVANCING.get(type(command)):
        return advance(Advancing(environment, by, now), command)
    return _STOPPING[type(command)](Stopping(environment, by, now), command)
