"""Secrets in memory."""

from __future__ import annotations

import threading

from shared.domain.errors import NotFoundError


class Secrets:
    """The port `Secrets`."""

    def __init__(self) -> None:
        """Hold none yet."""
        self._lock = threading.Lock()
        self._versions: dict[str, list[bytes | None]] = {}

    def add(self, name: str, value: bytes) -> int:
        """Add a version, the newest from now on, and give its number."""
        with self._lock:
            versions = self._versions.setdefault(name, [])
            versions.append(value)
            return len(versions)

    def disable(self, name: str, version: int) -> None:
        """Let a version be valid no more."""
        with self._lock:
            self._versions[name][version - 1] = None

    def values(self, name: str) -> tuple[bytes, ...]:
        """The newest version, and the one before it unless that was disabled."""
        with self._lock:
            newest = self._versions.get(name, [])[-2:]
        values = tuple(value for value in reversed(newest) if value is not None)
        if not newest or newest[-1] is None:
            raise NotFoundError(f"there is no secret {name}, or its newest version is disabled")
        return values

    def renewed(self, name: str) -> tuple[bytes, ...]:
        """The same: nothing is kept."""
        return self.values(name)
