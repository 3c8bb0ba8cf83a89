"""Reconciling a wave: every signal that was accepted is decided, has ended, is parked or is under way."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import msgspec

from functions.waves.holding import Held, Step, ended
from shared.domain.errors import InvalidError
from shared.domain.outbound.wave import OutboundWave, Reconciled, decision_of, signal_id
from shared.ports import Place, Quarantine, Versioned, parked_in
from shared.ports.waves import WaveHistory, Waves
from shared.runtime.telemetry import log

PARKED_READ = 100
"""Parked messages read at once: each may be as large as a document."""

BESIDE = timedelta(days=1)
"""How far before and after a wave its rows may lie."""


class Reconcile:
    """The use case over its ports."""

    def __init__(self, waves: Waves, history: WaveHistory, quarantine: Quarantine) -> None:
        """Ask `history`, and of what it does not tell `quarantine`, what became of the signals of `waves`."""
        self._waves = waves
        self._held = Held(waves)
        self._history = history
        self._quarantine = quarantine

    def __call__(self, wave_id: str, execution: str, now: datetime) -> Step:
        """Reconcile; complete where nothing is under way.

        Raises:
            NotFoundError: there is no such wave.
            InvalidError: not every page is sent.
            TransientError: a store or the history did not answer, or somebody wrote the wave meanwhile.
        """
        held = self._held.load(wave_id)
        told = ended(held.value, execution)
        if told is not None:
            return told
        _check_sent(held.value)
        wave = self._held.write(held, now, reconciled=self._found(held.value, now))
        return Step(state="running", complete=_settled(wave), wave=wave)

    def finish(self, wave_id: str, execution: str, now: datetime) -> Step:
        """End a wave with what was found last. What is still under way then is said as loudly as can be.

        Raises:
            NotFoundError: there is no such wave.
            InvalidError: not every page is sent.
            TransientError: a store did not answer, or somebody wrote the wave meanwhile.
        """
        held = self._held.load(wave_id)
        wave = held.value
        if wave.state != "done":
            told = ended(wave, execution)
            if told is not None:
                return told
            _check_sent(wave)
            wave = self._held.write(held, now, state="done", execution="", ended_at=now)
        if _settled(wave):  # also where it was done before, and whoever did it died at this line
            self._waves.forget_pages(wave_id, wave.pages)
        else:
            lost = wave.reconciled.in_flight if wave.reconciled else wave.accepted
            log("CRITICAL", "a wave ended with signals of which nothing is told", wave=wave_id, in_flight=lost)
        return Step(state="done", complete=True, wave=wave)

    def report(self, wave_id: str, now: datetime) -> OutboundWave:
        """A wave with what became of its signals, asked for again as long as some are under way.

        Raises:
            NotFoundError: there is no such wave.
            TransientError: a store or the history did not answer.
        """
        held = self._held.load(wave_id)
        if _settled(held.value) and held.value.state == "done":
            return held.value
        return self._again(held, now)

    def _again(self, held: Versioned[OutboundWave], now: datetime) -> OutboundWave:
        wave = msgspec.structs.replace(held.value, reconciled=self._found(held.value, now))
        if wave.state not in ("done", "cancelled"):
            return wave
        self._waves.update(Versioned(wave, held.version))
        if _settled(wave):
            self._waves.forget_pages(wave.id, wave.pages)
        return wave

    def _found(self, wave: OutboundWave, now: datetime) -> Reconciled:
        people = [person for page in self._waves.pages(wave.id, 0, wave.sent) for person in page.person_ids]
        by_decision = {decision_of(wave.id, person_id): person_id for person_id in people}
        found, untold = self._history.tally(list(by_decision), wave.begun_at - BESIDE, now + BESIDE)
        missing = {signal_id(wave.id, by_decision[each]) for each in untold}
        parked = len(missing & self._parked(wave)) if missing else 0
        told = found.decided + sum(found.ended.values()) + parked
        return msgspec.structs.replace(
            found, accepted=wave.accepted, quarantined=parked, in_flight=max(0, wave.accepted - told)
        )

    def _parked(self, wave: OutboundWave) -> set[str]:
        """The signals of a wave that messages parked since it began tell of."""
        named = re.compile(re.escape(wave.id.encode()) + rb"-[A-Za-z0-9-]+")
        began = Place(wave.begun_at - BESIDE, "q-")  # before every id of that instant
        parked = parked_in(self._quarantine, PARKED_READ, began)
        return {name.decode() for each in parked for name in named.findall(each.data)}


def _check_sent(wave: OutboundWave) -> None:
    if wave.phase != "reconciling":
        raise InvalidError(f"is not all sent: {wave.sent} of {wave.pages} pages are", field="wave")


def _settled(wave: OutboundWave) -> bool:
    return not wave.accepted or (wave.reconciled is not None and not wave.reconciled.in_flight)
