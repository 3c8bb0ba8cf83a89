"""Sending a wave: page after page, at its pace, and no page while a channel that it plans with has nothing left."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from functions.waves.holding import Held, Step, ended
from functions.waves.starting import MOST_PAGE
from shared.domain.allowance import cost
from shared.domain.errors import TransientError
from shared.domain.outbound.opening import SCHEDULE
from shared.domain.outbound.pacing import seconds_for
from shared.domain.outbound.wave import (
    LONGEST_WAIT_SECONDS,
    OPEN,
    SOURCE,
    OutboundWave,
    Page,
    left_open,
    properties,
    signal_id,
)
from shared.domain.rules import Budget, Volume
from shared.ports import Allowances, Catalogues
from shared.ports.waves import Waves


class Sent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ingest said of a page."""

    page: Annotated[int, msgspec.Meta(ge=0)]
    accepted: Annotated[int, msgspec.Meta(ge=0, le=MOST_PAGE)]
    rejected: Annotated[int, msgspec.Meta(ge=0, le=MOST_PAGE)]


class Send:
    """The use case over its ports."""

    def __init__(self, waves: Waves, catalogues: Catalogues, allowances: Allowances) -> None:
        """Give the pages of `waves` away, at the pace of the live revision's channels and within `allowances`."""
        self._waves = waves
        self._held = Held(waves)
        self._catalogues = catalogues
        self._allowances = allowances

    def __call__(self, wave_id: str, execution: str, sent: Sent | None, now: datetime) -> Step:
        """Note a page that was sent, and give the next one, or how long to wait for it.

        A page that is not noted is given again; its signals have the same ids, and ingest's are taken once.

        Raises:
            NotFoundError: there is no such wave.
            TransientError: a store did not answer, or somebody wrote the wave meanwhile.
        """
        held = self._held.load(wave_id)
        wave = held.value
        noted = sent is not None and sent.page == wave.sent and wave.execution in ("", execution)
        told = ended(wave, execution)
        if told is not None and not noted:
            return told
        if noted and sent is not None:  # also of one that was paused while it was under way
            wave = self._noted(wave, sent, now)
        if wave.sent == wave.pages and wave.phase == "sending":
            wave = msgspec.structs.replace(wave, phase="reconciling")
        wave = self._held.put(wave, held.version, now)
        told = ended(wave, execution)
        if told is not None:
            return told
        if wave.phase == "reconciling":
            return Step(state="running", complete=True, wave=wave)
        wait = 0.0 if wave.next_at is None else (wave.next_at - now).total_seconds()
        page = self._page(wave)
        if wait <= 0:
            wait = self._closed_for(wave, page, now)
        if wait > 0:
            return Step(state="running", wait_seconds=min(wait, LONGEST_WAIT_SECONDS), wave=wave)
        return Step(state="running", page=wave.sent, signals=_signals(wave, page, now), wave=wave)

    def _noted(self, wave: OutboundWave, sent: Sent, now: datetime) -> OutboundWave:
        page = self._page(wave)
        given = len(_signals(wave, page, now))
        pause = seconds_for(self._catalogues.current().revision, wave, page)
        return msgspec.structs.replace(
            wave,
            sent=wave.sent + 1,
            accepted=wave.accepted + sent.accepted,
            rejected=wave.rejected + sent.rejected,
            left_out=wave.left_out + len(page.person_ids) - given,
            next_at=now + timedelta(seconds=pause) if pause else None,
        )

    def _page(self, wave: OutboundWave) -> Page:
        pages = self._waves.pages(wave.id, wave.sent, wave.sent + 1)
        if not pages:
            raise TransientError(f"page {wave.sent} of the wave {wave.id} is not there")
        return pages[0]

    def _closed_for(self, wave: OutboundWave, page: Page, now: datetime) -> float:
        """Seconds until every channel that the plan gives to persons of a page has something left again."""
        if wave.plan is None:
            return 0.0
        given = {wave.plan.channels[n] for n in page.channels if n != OPEN} & wave.plan.limited.keys()
        if not given:
            return 0.0
        revision = self._catalogues.current().revision
        left = self._allowances.left(revision, now)
        opens = [
            left[rule.id].opens_at
            for rule in revision.catalogue.rules
            if isinstance(rule, Volume | Budget)
            for channel in given & set(rule.scope.channels)
            if left[rule.id].units < cost(rule, revision.dearest[channel])
        ]
        return max(((each - now).total_seconds() for each in opens), default=0.0)


def _signals(wave: OutboundWave, page: Page, now: datetime) -> list[dict[str, object]]:
    """The signals of a page's persons; none of those for whom the plan left nothing open."""
    signals: list[dict[str, object]] = []
    for n, person_id in enumerate(page.person_ids):
        channels = None if wave.plan is None else left_open(wave.plan, page, n)
        if channels is not None and not channels:
            continue
        signals.append(
            {
                "id": signal_id(wave.id, person_id),
                "type": SCHEDULE,
                "at": now.isoformat(),
                "source": SOURCE,
                "identifiers": {"person_id": person_id},
                "properties": properties(wave, channels),
            }
        )
    return signals
