"""A program that the platform runs, as the leader of a process group, and its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Literal

from emulators.probes import Probe

OnDeath = Literal["stop", "report", "restart"]
"""What a child's unasked-for death leads to: `stop` stops all, `report` only says so, `restart` starts it again.

`restart` is what Cloud Run does with a crashed instance. A child that dies before it was ever ready stops everything
all the same, and so does one that dies too often.
"""


@dataclass(frozen=True)
class Child:
    """A program to run: its environment is added to this process's own; its output goes to `NAME.log`."""

    name: str
    command: Sequence[str]
    directory: Path
    ready: Probe
    environment: Mapping[str, str] = field(default_factory=dict)
    on_death: OnDeath = "stop"


@dataclass(frozen=True)
class Death:
    """A child ended that nobody had asked to end."""

    name: str
    code: int
    log: Path
    last_lines: str

    def __str__(self) -> str:
        """Say who died, how, and what it said last."""
        how = (
            f"was killed by {signal.Signals(-self.code).name}" if self.code < 0 else f"ended with exit code {self.code}"
        )
        said = (
            f"Its last lines, of {self.log}:\n{self.last_lines}"
            if self.last_lines
            else f"It wrote nothing to {self.log}."
        )
        return f"{self.name} {how}. {said}"


class StartError(Exception):
    """A child died or did not become ready in time."""


@dataclass
class Running:
    """A child that was started.

    Attributes:
        child: what was started.
        process: its process, which leads the group of the same number.
        was_ready: whether it ever was ready.
        expected_to_end: whether its end was asked for.
        ended: set once it and its group are gone.
    """

    child: Child
    process: subprocess.Popen[bytes]
    was_ready: bool = False
    expected_to_end: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def begin(cls, child: Child, log: IO[bytes]) -> Running:
        """Start a child with its output in a log.

        Raises:
            StartError: the program cannot be run.
        """
        environment = {**os.environ, **child.environment}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # without bytecode a cold start takes three times as long
        try:
            process = subprocess.Popen(
                child.command,
                cwd=child.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise StartError(f"{child.name} cannot be run: {error}") from error
        return cls(child, process)

    def signal(self, number: signal.Signals) -> None:
        """Signal the whole group; a group without members is nobody's mistake."""
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)


def last_lines(log: Path, count: int = 20) -> str:
    """The end of a child's log."""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])
