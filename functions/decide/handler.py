"""Decide: identity, eligibility, arbitration and suppression in one process, for an inbound channel that waits."""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Any

import msgspec

from functions.arbitration.handler import Arbitrate
from functions.decide.answer import DecisionAnswer, FilledPlacement, filled
from functions.eligibility.handler import Qualify
from functions.identity.handler import Identify
from functions.suppression.handler import Suppress
from shared.domain.audiences import Audience, Told, tell
from shared.domain.catalogue import Revision
from shared.domain.content import NO_FRAGMENTS, Fragments, render
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Slots
from shared.domain.errors import InvalidError, NotFoundError, TransientError
from shared.domain.explanation import Explanation, explain
from shared.domain.identifiers import PERSON_ID, check_source, normalise, stored
from shared.domain.personal import Scrubber
from shared.domain.ready import ready
from shared.domain.replay import Replay, replay
from shared.domain.retrace import FullRecord, full
from shared.domain.signal import DECISION_REQUESTED, Signal, decision_id
from shared.messages import ActionsQualified, HistoryRow, SignalIdentified, SignalReceived, stamped
from shared.ports import Catalogues, DecisionHistory, Meter, NewId, Publisher, Timer

SOURCE = "decide"
MAX_COUNT = 20
MAX_DEPTH = 32
"""Levels of a context, as ingest has it for a signal."""

_STARTED_NONE = {
    "late_signal": "it came too late to start one",
    "no_trigger": "no trigger of the catalogue lets such a signal start one",
    "re_entry": "its trigger had started one lately, and waits before it starts another",
}


class WantedPlacement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A placement to fill, and with how many treatments."""

    id: str
    count: int = 1


class DecisionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a channel asks: for whom, as which brand, where, and what it knows of the moment."""

    identifiers: dict[str, Any]
    channel: str
    brand: str | None = None
    placements: tuple[WantedPlacement, ...] = ()
    context: dict[str, Any] = {}


_decoder = msgspec.json.Decoder(ready(DecisionRequest))


def read_request(body: bytes) -> DecisionRequest:
    """The request in a body.

    Raises:
        InvalidError: with the field that is wrong.
    """
    try:
        request = _decoder.decode(body)
    except (msgspec.ValidationError, UnicodeDecodeError) as error:
        detail, _, path = str(error).partition(" - at `$")
        raise InvalidError(detail, field=path.strip("`.")) from error
    except msgspec.DecodeError as error:
        raise InvalidError(f"not JSON: {error}") from error
    except RecursionError:
        raise InvalidError(f"is nested deeper than {MAX_DEPTH}") from None
    if request.context and _is_deeper(request.context, MAX_DEPTH):
        raise InvalidError(f"is nested deeper than {MAX_DEPTH}", field="context")
    return request


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether a JSON value is nested deeper than so many levels."""
    held: list[Any] = [value]
    for _ in range(levels + 1):
        inside = [item for item in held if isinstance(item, dict | list)]
        if not inside:
            return False
        held = [inner for item in inside for inner in (item.values() if isinstance(item, dict) else item)]
    return any(isinstance(item, dict | list) for item in held)


class Decide:
    """The use case: the same handlers as the chained stages, handing over in memory."""

    def __init__(  # noqa: PLR0913 - its stages and ports
        self,
        identify: Identify,
        qualify: Qualify,
        arbitrate: Arbitrate,
        suppress: Suppress,
        *,
        catalogues: Catalogues,
        publisher: Publisher,
        history: DecisionHistory,
        meter: Meter,
        identifier_key: bytes,
        new_id: NewId,
        timer: Timer,
        fragments: Fragments = NO_FRAGMENTS,
    ) -> None:
        """Compose the stages; records go out by `publisher`, and come back from `history`. Treatments may take texts
        from content services, which `fragments` ask.
        """
        self._identify = identify
        self._qualify = qualify
        self._arbitrate = arbitrate
        self._suppress = suppress
        self._catalogues = catalogues
        self._publisher = publisher
        self._history = history
        self._meter = meter
        self._identifier_key = identifier_key
        self._scrubber = Scrubber(identifier_key)
        self._new_id = new_id
        self._timer = timer
        self._write = partial(render, fragments=fragments, timer=timer)

    def __call__(self, request: DecisionRequest, now: datetime, *, explained: bool, trace: str) -> DecisionAnswer:
        """Decide what an inbound channel shows; a fallback where a store, a topic or the catalogue does not answer.

        Raises:
            InvalidError: the request names what the catalogue does not know.
        """
        started = self._timer()
        request_id = self._new_id()
        decision = decision_id(SOURCE, request_id)
        try:
            revision = self._catalogues.current().revision
            signal = self._signal(request, revision, request_id, now)
            received = SignalReceived(
                message_id=f"{decision}:signal.received", decision_id=decision, occurred_at=now, signal=signal
            )
            slots = _slots(request, revision)
            row, placements = self._decide(received, slots, now)
            explanation = self._explained(row) if explained else None
            row = msgspec.structs.replace(row, elapsed_ms=round((self._timer() - started) * 1000))
            self._publisher.publish(stamped([row], self._meter.spent(), trace))
        except (TransientError, NotFoundError):  # not found is a revision that is not visible here yet
            empty = [FilledPlacement(id=p.id, treatments=[]) for p in request.placements]
            elapsed = self._elapsed_ms(started)
            return DecisionAnswer(
                decision_id=decision, revision=None, placements=empty, elapsed_ms=elapsed, fallback=True
            )
        return DecisionAnswer(
            decision_id=decision,
            revision=row.revision,
            placements=placements,
            elapsed_ms=self._elapsed_ms(started),
            fallback=False,
            explanation=explanation,
        )

    def record(self, decision: str, day: date | None = None) -> FullRecord:
        """A decision's record, of the last 31 days or of around a day, with the ranking of its candidates and why the
        others were none.

        Raises:
            NotFoundError: it is not, or not yet, in the history of these days.
        """
        record = self._kept(decision, day)
        return full(self._catalogues.get(record.revision), record)

    def _kept(self, decision: str, day: date | None) -> DecisionRecord:
        record = self._history.decision(decision, day)
        if record is None:
            raise NotFoundError(self._why_none(decision, day))
        return record

    def _why_none(self, decision: str, day: date | None) -> str:
        """Why there is no such decision, as far as the history knows."""
        ended = self._history.ended(decision, day)
        if ended is not None:
            why = _STARTED_NONE.get(ended.reason, ended.reason)
            return (
                f"there is no decision {decision}: the profile learnt of its signal {ended.signal.type} of "
                f"{ended.signal.source} at {ended.at:%Y-%m-%d %H:%M:%S} UTC, and {why}"
            )
        where = f"of {day} and the days beside it" if day else "of the last 31 days, and ?day= finds an older one"
        return f"no decision {decision} in the history {where}; one made a moment ago may still be on its way"

    def replay(self, decision: str, day: date | None = None) -> Replay:
        """A decision made again from its record, and compared with it."""
        record = self._kept(decision, day)
        return replay(self._catalogues.get(record.revision), record)

    def explanation(
        self,
        decision: str,
        day: date | None = None,
        *,
        audience: Audience = "colleague",
        action: str | None = None,
    ) -> Told:
        """A decision explained by the revision that made it; of an `action`, why it was not chosen.

        Raises:
            NotFoundError: the decision is not in the history of these days, or the revision has no such action.
        """
        record = self._kept(decision, day)
        return tell(self._catalogues.get(record.revision), record, audience, action)

    def _explained(self, row: HistoryRow) -> Explanation | None:
        if row.record is None:
            return None
        record = msgspec.json.decode(row.record, type=ready(DecisionRecord))
        return explain(self._catalogues.get(record.revision), record)

    def _signal(self, request: DecisionRequest, revision: Revision, request_id: str, now: datetime) -> Signal:
        if not request.identifiers:
            raise InvalidError("at least one identifier is needed", field="identifiers")
        if request.brand is not None and request.brand not in revision.brands:
            raise InvalidError(f"unknown brand; one of {', '.join(sorted(revision.brands))}", field="brand")
        identifiers = {}
        for name, value in request.identifiers.items():
            namespace, normalised = normalise(name, value)
            if namespace not in revision.namespaces:
                known = ", ".join(sorted({*revision.namespaces} - {PERSON_ID}))
                raise InvalidError(f"unknown namespace; one of {known}", field=f"identifiers.{name}")
            check_source(namespace, SOURCE, field=f"identifiers.{name}")
            if revision.bad_values.has(value):
                continue
            identifiers[namespace] = stored(self._identifier_key, namespace, normalised)
        if not identifiers:
            raise InvalidError("none of them identifies anybody", field="identifiers")
        scrubbed = self._scrubber.value(request.context) if request.context else {}
        return Signal(
            id=request_id,
            type=DECISION_REQUESTED,
            at=now,
            received_at=now,
            source=SOURCE,
            identifiers=identifiers,
            brand=request.brand,
            context={**scrubbed, "channel": request.channel},
        )

    def _decide(
        self, received: SignalReceived, slots: Slots, now: datetime
    ) -> tuple[HistoryRow, list[FilledPlacement]]:
        wanted = slots.wanted()
        [identified] = self._identify(received, now, asked=True)
        if not isinstance(identified, SignalIdentified):  # whoever asks was erased
            return identified, [FilledPlacement(id=placement, treatments=[]) for placement, _ in wanted]
        [qualified] = self._qualify(identified, now, slots)
        if not isinstance(qualified, ActionsQualified):
            return qualified, [FilledPlacement(id=placement, treatments=[]) for placement, _ in wanted]
        [ranked] = self._arbitrate(qualified, now)
        deliveries, row = self._suppress.offer(ranked, now)
        policy = self._catalogues.get(ranked.revision)
        return row, [filled(policy, ranked.profile, deliveries, placement, self._write) for placement, _ in wanted]

    def _elapsed_ms(self, started: float) -> float:
        return round((self._timer() - started) * 1_000_000) / 1000


def _slots(request: DecisionRequest, revision: Revision) -> Slots:
    channel = revision.channels.get(request.channel)
    if channel is None or channel.direction != "inbound":
        known = ", ".join(c.id for c in revision.catalogue.channels if c.direction == "inbound")
        raise InvalidError(f"not an inbound channel; one of {known}", field="channel")
    named: set[str] = set()
    for index, placement in enumerate(request.placements):
        if revision.placements.get(placement.id) != channel.id:
            known = ", ".join(sorted(p.id for p in channel.placements))
            detail = f"no such placement on {channel.id}; one of {known}"
            raise InvalidError(detail, field=f"placements[{index}].id")
        if placement.id in named:
            raise InvalidError("is named twice; ask for more by its count", field=f"placements[{index}].id")
        named.add(placement.id)
        if not 1 <= placement.count <= MAX_COUNT:
            raise InvalidError(f"between 1 and {MAX_COUNT}", field=f"placements[{index}].count")
    return Slots(
        channels=(channel.id,),
        placements=tuple([p.id for p in request.placements]),
        counts=tuple([p.count for p in request.placements]),
    )
