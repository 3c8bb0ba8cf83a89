"""What governs an environment, and its audit log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from shared.domain.governance.audit import Entry
from shared.domain.governance.environment import Environment
from shared.domain.governance.in_force import InForce


class Held(NamedTuple):
    """What is held of an environment.

    Attributes:
        environment: its state; None where nothing was asked of it yet.
        in_force: what deciding functions read; None where nothing is live.
        head: of its log; empty where that has no entry.
        version: that a guarded write names; None where there is nothing.
    """

    environment: Environment | None
    in_force: InForce | None
    head: str
    version: str | None


class Releases(Protocol):
    """States of environments, each with its log; nothing of a log is ever changed."""

    def held(self, environment: str) -> Held:
        """What is held of an environment."""

    def environments(self) -> Sequence[str]:
        """The environments that there are, by name."""

    def store(self, environment: Environment, entry: Entry, version: str | None) -> None:
        """Keep a state, what it puts in force and the entry that accounts for it, in one guarded commit.

        Raises:
            StaleError: somebody else was faster, and nothing is kept.
        """

    def log(self, environment: str, *, after: int = 0, limit: int | None = None) -> Sequence[Entry]:
        """Entries of its log that can be read, by number; of one that cannot, its number is missing."""
