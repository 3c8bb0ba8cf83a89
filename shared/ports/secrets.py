"""Secrets that change while a process runs."""

from __future__ import annotations

from typing import Protocol


class Secrets(Protocol):
    """Secrets by name, of which two values may be valid at once: so a sender can go over to a new one without a gap."""

    def values(self, name: str) -> tuple[bytes, ...]:
        """The newest version, and the one before it unless that was disabled; kept in the process, and looked up again
        from time to time.

        Raises:
            NotFoundError: there is no such secret, or its newest version is disabled.
            TransientError: it was never read and cannot be now.
        """

    def renewed(self, name: str) -> tuple[bytes, ...]:
        """The same, for when none of those fitted: looked up first, unless that was done seconds ago.

        Raises:
            NotFoundError: there is no such secret, or its newest version is disabled.
            TransientError: it was never read and cannot be now.
        """
