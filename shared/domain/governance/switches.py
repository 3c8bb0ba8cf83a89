"""Switches: what is off in an environment until somebody switches it on again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from shared.domain.instant import Instant

SwitchKind = Literal["action", "brand", "channel"]


class SwitchedOff(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """An action, a brand or a channel that is off: as a decision reads it, and its record keeps it."""

    kind: SwitchKind
    id: str

    @property
    def name(self) -> str:
        """What a ledger of what was withheld calls it."""
        return f"{self.kind}:{self.id}"


class Switch(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is off, and who switched it off when and why."""

    kind: SwitchKind
    id: str
    by: str
    at: Instant
    why: str

    @property
    def off(self) -> SwitchedOff:
        """What is off."""
        return SwitchedOff(kind=self.kind, id=self.id)


NOTHING_OFF: tuple[SwitchedOff, ...] = ()


def stopping(off: Iterable[SwitchedOff], *, action: str, brand: str, channel: str) -> SwitchedOff | None:
    """The switch that stops a contact of this action, brand and channel; None where none does."""
    of = {"action": action, "brand": brand, "channel": channel}
    return next((each for each in off if of[each.kind] == each.id), None)
