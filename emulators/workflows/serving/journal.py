"""What a server remembers when it is killed: workflows as they were deployed, and every execution with what came of its
effects, each kept before anybody acts upon it.

A file for each execution, of records one after the other: how it began, what came of its effects, what came to its
callbacks, how it ended. A record that was cut off when the server died is as if it had not been written, and whatever
it would have told of is done again: requests are sent at least once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, unquote

import msgspec

from emulators.workflows.running.outside import Answer
from emulators.workflows.running.past import Outcome
from shared.domain.ready import ready

_LENGTH = 4


class Begun(msgspec.Struct, frozen=True, kw_only=True, tag="begun"):
    """How an execution began."""

    name: str
    argument: str
    revision: str
    started: float
    labels: dict[str, str]
    source: str


class Came(msgspec.Struct, frozen=True, tag="came", omit_defaults=True):
    """What came of one effect; `kind` says what the value stands for."""

    turn: int
    task: int
    value: Any
    kind: str = "value"

    @classmethod
    def of(cls, outcome: Outcome) -> Came:
        """An outcome as it is kept."""
        if outcome.error is not None:
            return cls(outcome.turn, outcome.task, outcome.error, "error")
        if isinstance(outcome.value, Answer):
            return cls(outcome.turn, outcome.task, tuple(outcome.value), "answer")
        return cls(outcome.turn, outcome.task, outcome.value)

    def outcome(self) -> Outcome:
        """The outcome as it was."""
        if self.kind == "error":
            return Outcome(self.turn, self.task, None, self.value)
        return Outcome(self.turn, self.task, Answer(*self.value) if self.kind == "answer" else self.value)


class Listens(msgspec.Struct, frozen=True, tag="listens"):
    """A callback that was made."""

    name: str
    url: str
    method: str


class Arrived(msgspec.Struct, frozen=True, tag="arrived"):
    """What came to a callback's address."""

    key: str
    value: Any


class Ended(msgspec.Struct, frozen=True, kw_only=True, tag="ended"):
    """How an execution ended."""

    state: str
    at: float
    result: str | None = None
    error: dict[str, Any] | None = None


Record = Begun | Came | Listens | Arrived | Ended


class Log:
    """The file of one execution, to be written to."""

    def __init__(self, path: Path) -> None:
        """Write to a file, from where it ends."""
        self._path = path
        self._lock = threading.Lock()
        self._file: IO[bytes] | None = None

    def write(self, record: Record) -> None:
        """Keep a record: a kill of the server leaves it, if not one of the machine."""
        data = msgspec.msgpack.encode(record)
        with self._lock:
            if self._file is None:
                self._file = self._path.open("ab")
            self._file.write(len(data).to_bytes(_LENGTH) + data)
            self._file.flush()

    def came(self, outcome: Outcome) -> None:
        """Keep what came of an effect."""
        self.write(Came.of(outcome))

    def ended(self, ended: Ended) -> None:
        """Keep how it ended; nothing comes after."""
        self.write(ended)
        with self._lock:
            if self._file is not None:
                self._file.close()


class Journal:
    """A folder of what is to be remembered."""

    def __init__(self, folder: Path) -> None:
        """Keep in a folder, which is made if it is not there."""
        self._executions, self._workflows = folder / "executions", folder / "workflows"
        for each in (self._executions, self._workflows):
            each.mkdir(parents=True, exist_ok=True)

    def deployed(self, name: str, kept: Mapping[str, Any]) -> None:
        """Keep a workflow as it is deployed."""
        path = self._workflows / quote(name, safe="")
        half = path.with_suffix(".half")
        half.write_bytes(msgspec.json.encode(kept))
        half.replace(path)

    def deleted(self, name: str) -> None:
        """Forget a workflow."""
        (self._workflows / quote(name, safe="")).unlink(missing_ok=True)

    def workflows(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The workflows by name."""
        for path in sorted(self._workflows.iterdir()):
            if path.suffix != ".half":
                yield unquote(path.name), msgspec.json.decode(path.read_bytes())

    def log(self, execution_id: str) -> Log:
        """Where an execution is kept."""
        return Log(self._executions / execution_id)

    def forget(self, execution_id: str) -> None:
        """Forget an execution."""
        (self._executions / execution_id).unlink(missing_ok=True)

    def executions(self) -> list[list[Record]]:
        """The records of each execution, in the order in which they began. What was cut off is cut away."""
        found = [records for path in self._executions.iterdir() if (records := _read(path))]
        return sorted(found, key=lambda records: _began(records).started)


def _began(records: list[Record]) -> Begun:
    first = records[0]
    assert isinstance(first, Begun), "an execution begins with its beginning"
    return first


def _read(path: Path) -> list[Record]:
    data, at, records = path.read_bytes(), 0, list[Record]()
    decoder = msgspec.msgpack.Decoder(ready(Record))
    while at + _LENGTH <= len(data):
        end = at + _LENGTH + int.from_bytes(data[at : at + _LENGTH])
        if end > len(data):
            break
        try:
            records.append(decoder.decode(data[at + _LENGTH : end]))
        except msgspec.MsgspecError:  # the machine died: what was written last may be anything
            break
        at = end
    if at < len(data):
        with path.open("r+b") as file:
            file.truncate(at)
    return records


def moment(seconds: float) -> datetime:
    """A time that was kept, UTC."""
    return datetime.fromtimestamp(seconds, UTC)
