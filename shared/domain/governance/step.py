"""A step: one command on its way through an environment."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from shared.domain.errors import ForbiddenError
from shared.domain.governance.environment import Environment, Freeze
from shared.domain.governance.release import Actor, Release
from shared.domain.governance.switches import Switch


class Governed(NamedTuple):
    """What came of a command: the environment after it, and the release, freeze or switch that it was about."""

    environment: Environment
    about: Release | Freeze | Switch | None


class Step:
    """One command on its way: what it finds, who asks, and when."""

    def __init__(self, environment: Environment, by: Actor, now: datetime) -> None:
        """Take a step in an environment, as it was settled by `now`."""
        self.environment, self.by, self.now = environment, by, now

    def _person(self, what: str) -> None:
        if not self.by.is_person:
            raise ForbiddenError(f"{self.by.name} is a program, and only a person may {what}")

    def _other(self, than: str, because: str) -> None:
        if self.by.name == than:
            raise ForbiddenError(f"{because}: somebody other than {than} has to")
