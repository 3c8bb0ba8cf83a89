"""Finding the persons of a wave: by a query that runs once, or by their profiles, into pages that stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from functions.waves.holding import Held, Step, ended
from functions.waves.starting import most_bytes, query_of
from shared.domain.catalogue import Audience
from shared.domain.errors import InvalidError, NotFoundError
from shared.domain.outbound.wave import OutboundWave, Page
from shared.domain.signal import digest
from shared.ports import Catalogues, Versioned
from shared.ports.waves import Audiences, Members, Waves

PAGES_AT_ONCE = 100
"""Pages written by one request."""


class Find:
    """The use case over its ports."""

    def __init__(self, waves: Waves, audiences: Audiences, members: Members, catalogues: Catalogues) -> None:
        """Find the persons of `waves` by `audiences` of the live revision, or by their profiles in `members`."""
        self._waves = waves
        self._held = Held(waves)
        self._audiences = audiences
        self._members = members
        self._catalogues = catalogues

    def __call__(self, wave_id: str, execution: str, now: datetime) -> Step:
        """Write some pages more.

        Raises:
            NotFoundError: there is no such wave.
            InvalidError: the query failed, or found more persons than a wave may have; or no profile carries a name
                that no file declares.
            TransientError: a store did not answer, or somebody wrote the wave meanwhile.
        """
        held = self._held.load(wave_id)
        wave = held.value
        told = ended(wave, execution)
        if told is not None:
            return told
        if wave.phase != "finding":
            return Step(state=wave.state, complete=True, wave=wave)
        audience = self._catalogues.current().revision.audiences.get(wave.audience)
        if audience is None and wave.since is not None:
            raise InvalidError(f"{wave.audience} is declared no more", field="audience")
        if audience is not None and not wave.job:
            return Step(state="running", wave=self._queried(held, audience, execution, now))
        wanted = PAGES_AT_ONCE * wave.page_persons
        if wave.job:
            try:
                ids = self._audiences.found(wave.job, wave.persons, wanted)
            except NotFoundError:  # BigQuery keeps it for a day: whoever went on so late finds them anew
                again = self._held.write(held, now, job="", persons=0, pages=0, last="")
                return Step(state="running", wave=again)
        else:
            ids = self._members.carrying(wave.audience, wave.last, wanted)
        if audience is None and not ids and not wave.persons:
            raise InvalidError(f"{wave.audience} is of no file, and no profile carries it", field="audience")
        pages = _paged(ids, wave.page_persons)
        self._waves.put_pages(wave_id, {wave.pages + n: page for n, page in enumerate(pages)})
        complete = len(ids) < wanted
        scarce = audience is not None and bool(audience.volumes) and bool(wave.persons + len(ids))
        wave = self._held.write(
            held,
            now,
            persons=wave.persons + len(ids),
            pages=wave.pages + len(pages),
            last=ids[-1] if ids else wave.last,
            phase=("planning" if scarce else "sending") if complete else "finding",
        )
        return Step(state="running", complete=complete, wave=wave)

    def _queried(
        self, held: Versioned[OutboundWave], audience: Audience, execution: str, now: datetime
    ) -> OutboundWave:
        """The wave once its query has run. A repeated request finds the job there; another execution has its own."""
        wave = held.value
        job = f"kairos-wave-{digest(wave.id, execution)}"
        persons = self._audiences.find(job, query_of(audience, wave), most_bytes(audience))
        if persons > audience.most_persons:
            raise InvalidError(
                f"has {persons:,} persons, and a wave of it at most {audience.most_persons:,}", field="audience"
            )
        return self._held.write(held, now, job=job)


def _paged(ids: Sequence[str], size: int) -> list[Page]:
    return [Page(person_ids=tuple(ids[start : start + size])) for start in range(0, len(ids), size)]
