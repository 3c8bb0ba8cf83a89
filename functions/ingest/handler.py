"""Ingest: read what sources send, refuse precisely what does not fit, publish the rest without personal data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from functions.ingest.consents import consented
from functions.ingest.formats import Format, RawSignal, formats_of
from functions.ingest.identified import Identified
from functions.ingest.suggestions import unknown
from shared.domain.catalogue import Revision, Source
from shared.domain.errors import ForbiddenError, InvalidError, NotFoundError
from shared.domain.normalising.formats import completed, opened
from shared.domain.normalising.raw import beside
from shared.domain.personal import Scrubber
from shared.domain.signal import CONSENT_UNREADABLE, Signal, decision_id, digest, event_time
from shared.messages import SignalReceived
from shared.ports import Catalogues, Publisher
from shared.runtime.body import Body, UnreadableError, check, decode, split, with_headers
from shared.runtime.problems import TooLargeError, status_of

MAX_ID = 256


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """An item that was accepted."""

    index: int
    signal_id: str
    decision_id: str


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """An item that was not, and why, as RFC 9457 has it."""

    index: int
    problem: dict[str, Any]


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each item of a request, by its index."""

    accepted: tuple[Taken, ...]
    rejected: tuple[Refused, ...]


class Ingest:
    """Takes signals in."""

    def __init__(self, catalogues: Catalogues, publisher: Publisher, identifier_key: bytes) -> None:
        """Take signals of the sources the live revision declares; `identifier_key` keys the hashes of identifiers."""
        self._catalogues = catalogues
        self._publisher = publisher
        self._key = identifier_key
        self._compiled: tuple[Revision, Mapping[str, Format]] | None = None

    def __call__(
        self,
        source_id: str,
        body: bytes,
        *,
        allowed_sources: frozenset[str] | None,
        trace: str,
        now: datetime,
        headers: Mapping[str, str] | None = None,
    ) -> Accepted:
        """Take in a body of one item or many; each is accepted or refused by itself.

        Args:
            source_id: of the declared source whose format the body has.
            body: JSON: an object, an array of at most 500, or the format's own batch.
            allowed_sources: the sources that the caller may name in a canonical body, None for any.
            trace: `traceparent` of the request.
            now: when it was received, UTC.
            headers: of the request, for formats whose events have fields there.

        Raises:
            NotFoundError: no such source is declared.
            TooLargeError: there are too many items.
            InvalidError: the body as a whole cannot be read.
            TransientError: not all may have been published; sending the same again does no harm.
        """
        revision = self._catalogues.current().revision
        source = revision.sources.get(source_id)
        if source is None:
            raise NotFoundError(unknown("source", revision.sources, source_id))
        form = self._format(revision, source)
        if form.headers is not None and headers:
            body = with_headers(body, headers, form.headers)
        parts = split(body, form.batch)
        taken: list[Taken] = []
        refused: list[Refused] = []
        messages: dict[str, SignalReceived] = {}
        for index in range(len(parts.items)):
            try:
                signal = self._signal(revision, source, form, parts, index, allowed_sources=allowed_sources, now=now)
            except (InvalidError, ForbiddenError) as error:
                refused.append(Refused(index=index, problem=_problem(error, index)))
                continue
            decision = decision_id(signal.source, signal.id)
            message_id = f"{decision}:signal.received"
            taken.append(Taken(index=index, signal_id=signal.id, decision_id=decision))
            messages.setdefault(
                message_id,
                SignalReceived(
                    message_id=message_id, decision_id=decision, trace=trace, occurred_at=now, signal=signal
                ),
            )
        if messages:
            self._publisher.publish(list(messages.values()))
        return Accepted(accepted=tuple(taken), rejected=tuple(refused))

    def _format(self, revision: Revision, source: Source) -> Format:
        """What reads a source; the formats of a revision are compiled once."""
        if self._compiled is None or self._compiled[0] is not revision:
            self._compiled = revision, formats_of(revision.catalogue)
        formats = self._compiled[1]
        if source.format not in formats:
            raise NotFoundError(unknown("format", formats, source.format))
        return formats[source.format]

    def _signal(
        self,
        revision: Revision,
        source: Source,
        form: Format,
        body: Body,
        index: int,
        *,
        allowed_sources: frozenset[str] | None,
        now: datetime,
    ) -> Signal:
        payload = decode(body.items[index], shared_bytes=body.shared_bytes)
        if form.encoded:
            payload = opened(payload, form.encoded)
            check(payload)
        raw = form.read(completed(payload, body.shared))
        sent_by = raw.source or source.id
        if sent_by != source.id and allowed_sources is not None and sent_by not in allowed_sources:
            raise ForbiddenError("the caller may not send as this source")
        brand = raw.brand if raw.brand in revision.brands else None
        if raw.brand is not None and brand is None and form.is_strict:
            raise InvalidError(unknown("brand", revision.brands, raw.brand), field="brand")
        whose = Identified(revision, source, form, raw, sent_by, self._key)
        scrubber = Scrubber(
            self._key, emails=whose.emails, phones=whose.phones, identifiers=whose.raw, names=raw.personal
        )
        if scrubber.text(raw.type) != raw.type:
            raise InvalidError("contains an address or a number of the person", field="type")
        at, flags = event_time(raw.at, now)
        properties = scrubber.value(raw.properties)
        if raw.brand is not None and brand is None:
            properties = beside(properties, {"brand": scrubber.text(raw.brand)})
        if whose.others:
            others = {scrubber.text(name): hashes for name, hashes in whose.others.items()}
            properties = beside(properties, {"other_identifiers": others})
        consent = consented(revision, form, raw, at, scrubber)
        if consent.unreadable is not None:
            flags = (*flags, CONSENT_UNREADABLE)
            properties = beside(properties, {CONSENT_UNREADABLE: str(consent.unreadable)})
        return Signal(
            id=_id(raw, sent_by, payload, scrubber, is_strict=form.is_strict),
            type=raw.type,
            at=at,
            received_at=now,
            source=sent_by,
            identifiers=whose.kept,
            brand=brand,
            context=scrubber.value(raw.context),
            properties=properties,
            consent=consent.changes,
            flags=(*flags, *raw.flags),
            attributes=scrubber.value(raw.attributes),
        )


def _id(raw: RawSignal, sent_by: str, payload: Any, scrubber: Scrubber, *, is_strict: bool) -> str:
    """The source's own id; a digest of it where it tells who the person is, or a foreign one is too long; and where
    there is none, a digest of what was sent, whose it is and when: a batch may say these once for all its items.
    """
    if raw.id is None:
        whose = msgspec.json.encode([raw.identifiers, raw.at], order="sorted")
        return digest(sent_by, msgspec.json.encode(payload, order="sorted").decode(), whose.decode())
    is_long = len(raw.id) > MAX_ID
    if is_long and is_strict:
        raise InvalidError(f"is longer than {MAX_ID} characters", field="id")
    return digest(sent_by, raw.id) if is_long or scrubber.text(raw.id) != raw.id else raw.id


def _problem(error: InvalidError | ForbiddenError, index: int) -> dict[str, Any]:
    """An item's problem, of RFC 9457, with its index and the field that did not fit."""
    status, title = status_of(error)
    if isinstance(error, ForbiddenError):
        detail, field = str(error), "source"
    else:
        detail, field = error.detail, error.field
        if not isinstance(error, TooLargeError | UnreadableError):
            status, title = 422, "Invalid signal"
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail, "index": index}
    return {**told, "field": field} if field else told
