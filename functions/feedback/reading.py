"""What a provider reports: its events, each as an outcome of a message that is known by some id, or as nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from shared.domain.catalogue import Callback, Catalogue, Revision
from shared.domain.catalogue.callbacks import DELIVERY_ID, REFERENCE
from shared.domain.catalogue.formats import Format
from shared.domain.errors import InvalidError
from shared.domain.normalising.formats import FormatReader, completed, opened
from shared.domain.normalising.raw import RawSignal
from shared.domain.normalising.shaped import Declared
from shared.domain.outcome import check as may_be
from shared.domain.signal import EARLY_BEYOND
from shared.runtime.body import check, decode, split

_DELIVERY = re.compile(r"v-[0-9a-f]{32}")


class Event(NamedTuple):
    """An outcome as a provider reports it.

    Attributes:
        outcome: its name here.
        key: what tells it from other events of the message.
        at: when it happened, UTC; None where the provider does not say.
        delivery_id: of the delivery, where the message carried it; else empty.
        references: what the provider may have called the message when it took it.
        value: what it was worth, in pounds.
    """

    outcome: str
    key: str
    at: datetime | None
    delivery_id: str
    references: tuple[str, ...]
    value: float | None


class Readers:
    """The formats of callbacks, those of a revision compiled once."""

    def __init__(self) -> None:
        """Know none yet."""
        self._compiled: tuple[Revision, dict[str, tuple[Format, FormatReader]]] | None = None

    def of(self, revision: Revision, callback: Callback) -> tuple[Format, FormatReader]:
        """The format that reads what a provider sends, and its reader."""
        if self._compiled is None or self._compiled[0] is not revision:
            self._compiled = revision, _compiled(revision.catalogue)
        return self._compiled[1][callback.format]


def _compiled(catalogue: Catalogue) -> dict[str, tuple[Format, FormatReader]]:
    schema = Declared(catalogue.profile_schema, catalogue.context_schema, catalogue.signals)
    wanted = {callback.format for callback in catalogue.callbacks}
    return {form.id: (form, FormatReader(form, schema)) for form in catalogue.formats if form.id in wanted}


def events(
    form: Format, reader: FormatReader, callback: Callback, body: bytes, query: Mapping[str, str], now: datetime
) -> dict[int, Event | InvalidError | None]:
    """The events of a body by their places: an outcome, why it is none that can be read, or None where it says nothing.

    Args:
        form: of the body.
        reader: reads its items.
        callback: whose it is.
        body: JSON.
        query: what stood behind the question mark of the address, which every item has as its `query`.
        now: when it was received, UTC.

    Raises:
        InvalidError: the body as a whole cannot be read.
    """
    parts = split(body, form.batch)
    shared = {**parts.shared, **({"query": dict(query)} if query else {})}
    found: dict[int, Event | InvalidError | None] = {}
    for index, item in enumerate(parts.items):
        try:
            payload = decode(item, shared_bytes=parts.shared_bytes)
            if form.encoded:
                payload = opened(payload, form.encoded)
                check(payload)
            found[index] = _event(callback, reader(completed(payload, shared)), now)
        except InvalidError as error:
            found[index] = error
    return found


def _event(callback: Callback, raw: RawSignal, now: datetime) -> Event | None:
    outcome = callback.outcomes.get(raw.type)
    if outcome is None:
        return None
    delivery_id, reference = (_text(raw.identifiers.get(name)) for name in (DELIVERY_ID, REFERENCE))
    if not _DELIVERY.fullmatch(delivery_id):
        delivery_id = ""
    if not delivery_id and not reference:
        raise InvalidError("of which message this is it does not say", field=DELIVERY_ID)
    told = raw.properties.get("value")
    value = float(told) if isinstance(told, int | float) and not isinstance(told, bool) else None
    may_be(raw.at, value)
    return Event(
        outcome=outcome,
        key=f"{callback.id} {raw.id or f'{raw.type} {raw.at.isoformat() if raw.at else str()}'}",
        at=min(raw.at, now) if raw.at is not None and raw.at > now + EARLY_BEYOND else raw.at,
        delivery_id=delivery_id,
        references=_references(callback, reference),
        value=value,
    )


def _references(callback: Callback, reference: str) -> tuple[str, ...]:
    """What a message may be called: as it stands, or up to what ends it."""
    if not reference:
        return ()
    before = reference.partition(callback.reference_ends)[0] if callback.reference_ends else reference
    return tuple(dict.fromkeys(each for each in (reference, before) if each))


def _text(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
