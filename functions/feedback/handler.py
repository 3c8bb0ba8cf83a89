"""Feedback: take what became of a treatment, once, into the contact history and the counts of its model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import itemgetter
from typing import Any

import msgspec

from functions.feedback.attributing import Attribute, UnaskedError
from functions.feedback.rejecting import rejection
from functions.feedback.taking import TakeOutcomes, Told, heard
from shared.domain.consequences import consequence, unasked
from shared.domain.delivery import Delivery
from shared.domain.errors import InvalidError, NotFoundError
from shared.domain.outcome import OUTCOMES, Outcome, check
from shared.domain.ready import ready
from shared.domain.signal import EARLY_BEYOND, digest
from shared.messages import HistoryRow, SignalReceived, TreatmentDelivered
from shared.messages.rows import outcome_row
from shared.ports import Contacts

MAX_ITEMS = 500

UNASKED = frozenset({"accept", "convert"})
"""Outcomes that somebody may bring about whom nobody asked."""


class ReportedOutcome(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outcome as a channel reports it: of a delivery, or of the latest treatment of an action to a person.

    Without an id of its own, (delivery, outcome, at) is its id.
    """

    outcome: str
    delivery_id: str = ""
    identifiers: dict[str, Any] = {}
    action: str = ""
    at: datetime | None = None
    value: float | None = None
    id: str | None = None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What became of each item of a request."""

    accepted: list[dict[str, Any]]
    rejected: list[dict[str, Any]]


def note_delivery(delivered: TreatmentDelivered, now: datetime) -> tuple[HistoryRow | SignalReceived, ...]:
    """The row of the interaction history for the end of a delivery; the contact was counted by its claim. Where the
    provider said at once that the address is none, identity hears of it too.
    """
    delivery = delivered.delivery
    row_id = digest("outcome", delivery.delivery_id, delivery.state)
    detail = {"reason": delivery.reason, "reference": delivery.reference, "attempts": delivery.attempts}
    row = outcome_row(delivery, delivery.state, delivery.at, row_id=row_id, detail=detail)
    if not delivery.bounced:
        return (row,)
    told = digest("outcome", delivery.delivery_id, "bounced at once")
    bounce = Outcome(id=f"o-{told}", outcome="bounce", delivery_id=delivery.delivery_id, at=delivery.at)
    return row, heard(consequence(bounce, delivery, (), now), now)


class RecordOutcomes:
    """The use case over its ports."""

    def __init__(self, contacts: Contacts, attribute: Attribute, take: TakeOutcomes) -> None:
        """Look deliveries up in `contacts`, and those that are not named by `attribute`."""
        self._contacts = contacts
        self._attribute = attribute
        self._take = take

    def __call__(self, body: bytes, now: datetime) -> Recorded:
        """Take one outcome or an array; each item by itself.

        Raises:
            InvalidError: the body as a whole is not JSON, is empty or holds too many.
            TransientError: the store did not answer; what was recorded before stays, and repeating is safe.
        """
        reported, rejected = _read(body, now)
        named = sorted({item.delivery_id for item in reported.values() if item.delivery_id})
        deliveries = self._contacts.deliveries(named) if named else {}
        told: dict[int, Told] = {}
        not_asked: dict[int, HistoryRow] = {}
        done: list[SignalReceived] = []
        for index, item in reported.items():
            try:
                delivery = self._delivery(item, deliveries)
            except InvalidError as error:
                rejected.append(rejection(index, 400, error))
            except UnaskedError as error:
                if item.outcome in UNASKED:
                    row = not_asked[index] = _unasked(item, error)
                    if item.outcome == "convert":
                        done.append(
                            heard(unasked(row.row_id, error.person_id, error.action, row.occurred_at, now), now)
                        )
                else:
                    rejected.append(rejection(index, 404, InvalidError(str(error), field="action")))
            except NotFoundError as error:
                field = "delivery_id" if item.delivery_id else "action"
                rejected.append(rejection(index, 404, InvalidError(str(error), field=field)))
            else:
                told[index] = Told(_outcome(item, delivery, item.at or now), delivery)
        taken = self._take(list(told.values()), now)
        accepted = []
        for index, each in told.items():
            outcome_id = each.outcome.id
            duplicate = taken.pop(outcome_id, True)  # the same twice in one request is a duplicate too
            accepted.append({"index": index, "outcome_id": outcome_id, "duplicate": duplicate})
        self._take.note([*done, *not_asked.values()])
        accepted += [{"index": place, "outcome_id": row.row_id, "duplicate": False} for place, row in not_asked.items()]
        accepted.sort(key=itemgetter("index"))
        return Recorded(accepted=accepted, rejected=sorted(rejected, key=lambda r: int(r["index"])))

    def _delivery(self, item: ReportedOutcome, deliveries: Mapping[str, Delivery]) -> Delivery:
        """The delivery that an outcome is of.

        Raises:
            InvalidError: what it says instead of a delivery cannot be.
            NotFoundError: there is none.
        """
        if not item.delivery_id:
            assert item.at is not None, "whoever names no delivery says when"
            return self._attribute(item.identifiers, item.action, item.at, partial(_id_of, item, item.at))
        if item.delivery_id not in deliveries:
            raise NotFoundError("no such delivery; use the delivery_id that came with the treatment")
        return deliveries[item.delivery_id]


def _unasked(item: ReportedOutcome, error: UnaskedError) -> HistoryRow:
    """The row of what somebody did without being asked: it is nobody's contact and teaches no model, and is what those
    who were asked are measured against.
    """
    assert item.at is not None, "whoever names no delivery says when"
    action, name = error.action, item.id or f"{item.outcome} {item.at.isoformat()}"
    return HistoryRow(
        row_id="o-" + digest("unasked", error.person_id, action.id, name),
        kind="outcome",
        occurred_at=item.at,
        person_id=error.person_id,
        outcome=item.outcome,
        brand=action.brand,
        issue=action.issue,
        group_id=action.group,
        action=action.id,
        value=item.value,
    )


def _id_of(item: ReportedOutcome, at: datetime, delivery_id: str) -> str:
    return "o-" + digest("outcome", delivery_id, item.id or f"{item.outcome} {at.isoformat()}")


def _outcome(item: ReportedOutcome, delivery: Delivery, at: datetime) -> Outcome:
    return Outcome(
        id=_id_of(item, at, delivery.delivery_id),
        outcome=item.outcome,
        delivery_id=delivery.delivery_id,
        at=at,
        value=item.value,
    )


def _read(body: bytes, now: datetime) -> tuple[dict[int, ReportedOutcome], list[dict[str, Any]]]:
    try:
        given = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidError(f"not JSON: {error}") from error
    except RecursionError:
        raise InvalidError("is nested too deep") from None
    items: Sequence[Any] = given if isinstance(given, list) else [given]
    if not 1 <= len(items) <= MAX_ITEMS:
        raise InvalidError(f"send 1 to {MAX_ITEMS} outcomes, not {len(items)}")
    reported: dict[int, ReportedOutcome] = {}
    rejected = []
    for index, item in enumerate(items):
        try:
            reported[index] = _one(item, now)
        except InvalidError as error:
            rejected.append(rejection(index, 400, error))
    return reported, rejected


def _check_nameless(outcome: ReportedOutcome) -> None:
    """Raise InvalidError unless an outcome that names no delivery says of whom, of what and when it is."""
    if not outcome.identifiers and not outcome.action:
        raise InvalidError("is missing; or send identifiers, action and at", field="delivery_id")
    for field in ("identifiers", "action", "at"):
        if not getattr(outcome, field):
            raise InvalidError("is missing, and no delivery_id is given", field=field)


def _one(item: Any, now: datetime) -> ReportedOutcome:
    try:
        outcome = msgspec.convert(item, ready(ReportedOutcome))
    except msgspec.ValidationError as error:
        detail, _, path = str(error).partition(" - at `$")
        raise InvalidError(detail, field=path.strip("`.")) from error
    if outcome.outcome not in OUTCOMES:
        raise InvalidError(f"unknown outcome; one of {', '.join(sorted(OUTCOMES))}", field="outcome")
    if not outcome.delivery_id:
        _check_nameless(outcome)
    elif not outcome.delivery_id.startswith("v-") or len(outcome.delivery_id) != 34:
        raise InvalidError("not a delivery id", field="delivery_id")
    if outcome.at is not None and outcome.at.tzinfo is None:
        raise InvalidError("has no time zone", field="at")
    check(outcome.at, outcome.value)
    if outcome.at is not None and outcome.at > now + EARLY_BEYOND:
        return msgspec.structs.replace(outcome, at=now)
    return outcome
