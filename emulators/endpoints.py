"""`.kairos/endpoints.json`: where the local platform that runs now is reached, and with which headers."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any


def runs(state: Path) -> bool:
    """Whether the platform that wrote the file of a state folder runs still: whoever does holds the folder's lock."""
    try:
        with (state / "lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


class EndpointsFile:
    """The file of one state folder, written by at most one platform at a time."""

    def __init__(self, state: Path) -> None:
        self.path = state / "endpoints.json"
        self._lock: IO[bytes] | None = None

    def claim(self) -> bool:
        """Take the folder for this process until `remove`, or until the process ends; False when another has it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        lock = (self.path.parent / "lock").open("wb")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            return False
        self._lock = lock
        self.path.unlink(missing_ok=True)  # left by a platform that was killed
        return True

    def write(self, content: Mapping[str, Any]) -> None:
        """Replace the file at once; it holds keys, so only its owner may read it."""
        fresh = self.path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
        fresh.replace(self.path)

    def remove(self) -> None:
        """Delete the file and let the folder go; nothing happens when this platform never claimed it."""
        if self._lock is not None:
            self.path.unlink(missing_ok=True)
            self._lock.close()
            self._lock = None
