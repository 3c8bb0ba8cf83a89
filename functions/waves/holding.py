"""A wave in the hands of an execution: read, gone on with, and written on condition that nobody wrote it meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shared.domain.errors import NotFoundError
from shared.domain.outbound.wave import OutboundWave
from shared.ports import Versioned
from shared.ports.waves import Waves


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What came of a step, and what its execution does now.

    Attributes:
        state: `running`, or why the execution ends: what the wave is, or `superseded` where another has it.
        complete: whether the next step may begin; otherwise this one is asked for again.
        wait_seconds: how long to wait before.
        page: the number of a page that is to be sent.
        signals: of its persons; ingest takes them.
        wave: the wave as it is now.
    """

    state: str
    complete: bool = False
    wait_seconds: float = 0.0
    page: int | None = None
    signals: list[dict[str, Any]] = []
    wave: OutboundWave


class Held:
    """Waves as steps find them."""

    def __init__(self, waves: Waves) -> None:
        """Read and write `waves`."""
        self._waves = waves

    def load(self, wave_id: str) -> Versioned[OutboundWave]:
        """A wave.

        Raises:
            NotFoundError: there is none of this id.
        """
        found = self._waves.get(wave_id)
        if found is None:
            raise NotFoundError(f"there is no wave {wave_id}")
        return found

    def write(self, held: Versioned[OutboundWave], now: datetime, **changes: Any) -> OutboundWave:
        """Write what has changed of a wave that was read.

        Raises:
            StaleError: somebody paused or cancelled it meanwhile, or another execution took it over.
        """
        return self.put(msgspec.structs.replace(held.value, **changes), held.version, now)

    def put(self, wave: OutboundWave, version: str | None, now: datetime) -> OutboundWave:
        """Write a wave that was read in a version.

        Raises:
            StaleError: somebody paused or cancelled it meanwhile, or another execution took it over.
        """
        changed = msgspec.structs.replace(wave, seen_at=now)
        self._waves.update(Versioned(changed, version))
        return changed


def ended(wave: OutboundWave, execution: str) -> Step | None:
    """What an execution is told that may not go on with a wave; None where it may."""
    if wave.goes_on(execution):
        return None
    return Step(state="superseded" if wave.state == "running" else wave.state, wave=wave)
