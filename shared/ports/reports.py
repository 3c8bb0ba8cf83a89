"""What is kept of what was worked out, to be looked at later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol

Kind = Literal["models", "challengers", "evidence", "learning", "measures", "pairs"]
"""What models knew on a day; estimators that are held against them; how each did; what was learnt on a day; what a time
came to; how often those who were given something on a day were in two bins at once.
"""


class Reports(Protocol):
    """Reports by kind and name. One that is put again takes the other's place."""

    def put(self, kind: Kind, name: str, data: bytes, at: datetime | None = None) -> None:
        """Keep a report, until long after `at`; without, until it is removed."""

    def get(self, kind: Kind, name: str) -> bytes | None:
        """A report, None where there is none."""

    def names(self, kind: Kind) -> Sequence[str]:
        """The names of those there are, the last in the order of their letters first."""

    def remove(self, kind: Kind, name: str) -> None:
        """Forget a report."""
