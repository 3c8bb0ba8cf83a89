"""Steering waves: what there is, and one paused, resumed or cancelled by an operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from functions.waves.holding import Held
from shared.domain.errors import InvalidError, StaleError
from shared.domain.outbound.wave import OutboundWave
from shared.ports import Versioned
from shared.ports.waves import Waves

LISTED = 50
ATTEMPTS = 8


class Steer:
    """The use cases over their port."""

    def __init__(self, waves: Waves) -> None:
        """Steer `waves`."""
        self._waves = waves
        self._held = Held(waves)

    def latest(self) -> Sequence[OutboundWave]:
        """Those begun last, the latest first."""
        return self._waves.latest(LISTED)

    def show(self, wave_id: str) -> OutboundWave:
        """One of them.

        Raises:
            NotFoundError: there is none of this id.
        """
        return self._held.load(wave_id).value

    def pause(self, wave_id: str, by: str, now: datetime) -> OutboundWave:
        """Let the execution of a wave end before its next page.

        Raises:
            NotFoundError: there is none of this id.
            InvalidError: it has ended.
            StaleError: it is written to again and again; asking again is safe.
        """
        return self._change(wave_id, lambda wave: wave.paused(by, now))

    def resume(self, wave_id: str, per_minute: int | None, by: str, now: datetime) -> OutboundWave:
        """Let the next execution that is started go on with a wave, from its last page; one that still has it ends.

        Raises:
            NotFoundError: there is none of this id.
            InvalidError: it has ended, or the pace is none.
            StaleError: it is written to again and again; asking again is safe.
        """
        if per_minute is not None and not 1 <= per_minute <= 1_000_000:
            raise InvalidError("is from 1 to 1,000,000", field="per_minute")
        return self._change(wave_id, lambda wave: wave.resumed(per_minute, by, now))

    def cancel(self, wave_id: str, by: str, now: datetime) -> OutboundWave:
        """End a wave for good.

        Raises:
            NotFoundError: there is none of this id.
            InvalidError: it is done.
            StaleError: it is written to again and again; asking again is safe.
        """
        return self._change(wave_id, lambda wave: wave.cancelled(by, now))

    def _change(self, wave_id: str, change: Callable[[OutboundWave], OutboundWave]) -> OutboundWave:
        for _ in range(ATTEMPTS):
            held = self._held.load(wave_id)
            changed = change(held.value)
            if changed == held.value:
                return changed
            try:
                self._waves.update(Versioned(changed, held.version))
            except StaleError:
                continue
            return changed
        raise StaleError(f"the wave {wave_id} is written to again and again")
