"""Starting a wave: once, and within the budget of its audience."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec

from functions.waves.holding import Held
from shared.domain.catalogue import Audience
from shared.domain.errors import AlreadyExistsError, InvalidError, StaleError
from shared.domain.outbound.wave import PAGE, OutboundWave, decoded_parameters
from shared.domain.part import seconds
from shared.ports import Catalogues
from shared.ports.waves import Audiences, Query, Waves

GIGABYTE = 1_000_000_000
MOST_PAGE = 400
LATEST_READ = 200
"""Waves looked through for the last of an audience that is done."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Nothing is known of an earlier time."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,119}")


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a wave is started with.

    Attributes:
        audience: of the catalogue, or a name that profiles carry.
        execution: who goes on with it.
        wave: its id; the audience and this hour, UTC, where it is not given.
        until: the end of the time that is looked at; now where it is not given.
        parameters: what the SQL of the audience reads.
        per_minute: persons decided a minute, in place of what the audience says.
        page_persons: persons of a page; a minute's worth, and no more than `PAGE`, where it is not given.
    """

    audience: str
    execution: str
    wave: str = ""
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    parameters: dict[str, Any] = {}
    per_minute: int | None = None
    page_persons: int | None = None


class Begun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A wave, and whether the execution that asked goes on with it: where not, there is nothing for it to do."""

    go: bool
    wave: OutboundWave


class Start:
    """The use case over its ports."""

    def __init__(self, waves: Waves, audiences: Audiences, catalogues: Catalogues) -> None:
        """Start `waves` for `audiences` of the live revision."""
        self._waves = waves
        self._held = Held(waves)
        self._audiences = audiences
        self._catalogues = catalogues

    def __call__(self, asked: Asked, by: str, now: datetime) -> Begun:
        """Start a wave, or go on with one that nobody has; of one that somebody has, or that waits or has ended,
        nothing.

        Raises:
            InvalidError: what is asked for cannot be, or would read more than its audience may.
            TransientError: a store did not answer, or somebody else started it at this moment.
        """
        if not asked.audience or not asked.execution:
            raise InvalidError("is missing", field="audience" if not asked.audience else "execution")
        wave_id = asked.wave or f"{asked.audience}-{now:%Y-%m-%dT%H}"
        if not _ID.fullmatch(wave_id):
            raise InvalidError("is made of letters, 0-9, ':', '.', '_' and '-', at most 120", field="wave")
        found = self._waves.get(wave_id)
        if found is None:
            wave = self._new(wave_id, asked, by, now)
            try:
                self._waves.create(wave)
            except AlreadyExistsError as error:
                raise StaleError(f"the wave {wave_id} was started at this moment") from error
            return Begun(go=True, wave=wave)
        if found.value.audience != asked.audience:
            raise InvalidError(f"is a wave of the audience {found.value.audience}", field="wave")
        if not found.value.may_be_taken(asked.execution, now):
            return Begun(go=False, wave=found.value)
        return Begun(go=True, wave=self._held.write(found, now, execution=asked.execution))

    def _new(self, wave_id: str, asked: Asked, by: str, now: datetime) -> OutboundWave:
        for field, value, most in (
            ("per_minute", asked.per_minute, 1_000_000),
            ("page_persons", asked.page_persons, MOST_PAGE),
        ):
            if value is not None and not 1 <= value <= most:
                raise InvalidError(f"is from 1 to {most:,}", field=field)
        audience = self._catalogues.current().revision.audiences.get(asked.audience)
        per_minute = asked.per_minute or (audience.per_minute if audience else None)
        wave = OutboundWave(
            id=wave_id,
            audience=asked.audience,
            by=by,
            begun_at=now,
            seen_at=now,
            execution=asked.execution,
            parameters=decoded_parameters(audience.parameters if audience else {}, asked.parameters),
            per_minute=per_minute,
            page_persons=asked.page_persons or min(PAGE, per_minute or PAGE),
        )
        if audience is None:
            if asked.until is not None:
                raise InvalidError("is for an audience of audiences.yaml; profiles are as they are now", field="until")
            return wave
        until = min(asked.until or now, now)
        if until < EARLIEST:
            raise InvalidError(f"is {EARLIEST:%Y-%m-%d} or later", field="until")
        wave = msgspec.structs.replace(wave, since=self._since(audience, wave.parameters, until), until=until)
        estimated = self._audiences.estimate(query_of(audience, wave))
        if estimated is not None and estimated > most_bytes(audience):
            raise InvalidError(
                f"finding it would read {estimated / GIGABYTE:,.1f} GB, and may read {audience.most_gigabytes:,.1f}: "
                "shorten its window, or raise most_gigabytes",
                field="audience",
            )
        return msgspec.structs.replace(wave, estimated_bytes=estimated)

    def _since(self, audience: Audience, parameters: Mapping[str, Any], until: datetime) -> datetime:
        since = until - timedelta(seconds=seconds(audience.window))
        if not audience.incremental:
            return since
        done = [
            wave.until
            for wave in self._waves.latest(LATEST_READ, audience.id)
            if wave.state == "done" and wave.until is not None and wave.parameters == parameters and wave.until <= until
        ]
        return max([since, *done])


def query_of(audience: Audience, wave: OutboundWave) -> Query:
    """The SQL of an audience, for a wave."""
    return Query(audience.sql, {**wave.parameters, "since": wave.since, "until": wave.until})


def most_bytes(audience: Audience) -> int:
    """What an audience may read."""
    return int(audience.most_gigabytes * GIGABYTE)
