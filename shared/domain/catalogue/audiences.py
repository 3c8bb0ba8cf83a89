"""What a catalogue says of audiences: whom a wave goes to, what finding them may cost, and what volume it may take."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.domain.part import Id, Name, Part, Span, Text

ParameterType = Literal["string", "int", "double", "bool"]
MOST_PERSONS = 1_000_000
"""Of one wave."""


class WaveVolume(Part, frozen=True, kw_only=True):
    """Places that a wave has on a channel.

    Attributes:
        most: how many at the most; as many as contact policy leaves where it is not given.
        least: how many it has to fill, as far as there are persons for them.
    """

    most: Annotated[int, Meta(ge=0)] | None = None
    least: Annotated[int, Meta(ge=0)] = 0


class Audience(Part, frozen=True, kw_only=True):
    """Persons whom a wave goes to, found by SQL in the history.

    Attributes:
        id: what waves call it.
        reason: whom it is for, and why.
        sql: a query of BigQuery that gives `person_id`. It reads `{history}`, bounded by `occurred_at >= @since AND
            occurred_at < @until`, so that it is paid for those days alone.
        window: how far back it looks from the moment of the wave.
        incremental: whether it looks no further back than to where the last wave of the same audience and parameters
            ended.
        parameters: what the SQL reads besides, by name, and its type; whoever starts a wave gives them.
        most_gigabytes: what it may read; a wave whose dry run says more is refused before anything is read.
        most_persons: of a wave; with more it is refused.
        per_minute: persons decided a minute, at the most; without it, as many as the channels send.
        volumes: of channels that are scarce, by id: they go to whom they are worth most.
    """

    id: Id
    reason: Text
    sql: Annotated[str, Meta(min_length=1, max_length=20_000)]
    window: Span
    incremental: bool = False
    parameters: dict[Name, ParameterType] = msgspec.field(default_factory=dict)
    most_gigabytes: Annotated[float, Meta(gt=0, le=100_000)]
    most_persons: Annotated[int, Meta(ge=1, le=MOST_PERSONS)] = MOST_PERSONS
    per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    volumes: dict[Id, WaveVolume] = msgspec.field(default_factory=dict)
