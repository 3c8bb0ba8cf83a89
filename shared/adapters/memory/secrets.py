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
        self._valid: dict[str, tuple[bytes, ...]] = {}

    def add(self, name: str, value: bytes) -> int:
        """Add a version, the newest from now on, and give its number."""
        with self._lock:
            versions = self._versions.setdefault(name, [])
            versions.append(value)
            self._settle(name)
            return len(versions)

    def disable(self, name: str, version: int) -> None:
        """Let a version be valid no more."""
        with self._lock:
            self._versions[name][version - 1] = None
            self._settle(name)

    def values(self, name: str) -> tuple[bytes, ...]:
        """The newest version, and the one before it unless that was disabled."""
        values = self._valid.get(name)
        if not values:
            raise NotFoundError(f"there is no secret {name}, or its newest version is disabled")
        return values

    def renewed(self, name: str) -> tuple[bytes, ...]:
        """The same: nothing is kept."""
        return self.values(name)

    def _settle(self, name: str) -> None:
        *_, before, newest = [None, *self._versions[name]]
        self._valid[name] = () if newest is None else (newest,) if before is None else (newest, before)
