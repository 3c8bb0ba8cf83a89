"""Usage: what a decision has cost so far in the operations that are paid for."""

from __future__ import annotations

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Operations counted on the way of one decision: Firestore documents read and written, messages and their bytes."""

    reads: int = 0
    writes: int = 0
    messages: int = 0
    bytes: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        return Usage(
            reads=self.reads + other.reads,
            writes=self.writes + other.writes,
            messages=self.messages + other.messages,
            bytes=self.bytes + other.bytes,
        )
