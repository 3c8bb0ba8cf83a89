"""Which messages of a partition are dealt with, when they are dealt with in any order."""

from __future__ import annotations

from collections import deque


class Offsets:
    """One partition, from when it was assigned to when it was taken away."""

    def __init__(self, assignment: int) -> None:
        """Start with nothing read of what was assigned as the n-th."""
        self.assignment = assignment
        self._open: deque[int] = deque()
        self._done: set[int] = set()
        self._next = -1
        self.committed = -1
        """What the group was last told, -1 before."""

    def begin(self, offset: int) -> None:
        """Note a message that was read; they come in order."""
        self._open.append(offset)
        self._next = offset + 1

    def end(self, offset: int) -> None:
        """Note that a message is dealt with."""
        self._done.add(offset)
        while self._open and self._open[0] in self._done:
            self._done.remove(self._open.popleft())

    @property
    def reached(self) -> int:
        """The offset before which all that was read is dealt with: where whoever comes next must begin; -1 before
        anything was read.
        """
        return self._open[0] if self._open else self._next

    @property
    def open(self) -> int:
        """How many were read and are not in the past yet: what would come again, were this process to die now."""
        return len(self._open)
