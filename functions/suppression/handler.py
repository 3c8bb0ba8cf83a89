"""Suppression: reserve the first ranked treatments that contact policy lets through.

One read of the person's contact history and one commit guarded by its version, whatever the number of rules. Who loses
the race reads again: the cap that was free a moment ago may be taken. A repeated decision finds its reservation and
repeats its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from shared.domain.catalogue import Revision, facts
from shared.domain.contact_folding import REPEATED_WITHIN, fold, settled
from shared.domain.contact_history import Contact, ContactHistory
from shared.domain.contact_policy import Withheld, select
from shared.domain.contact_read import ContactRead, Standing, read_of
from shared.domain.decision import Chosen, DecisionRecord, Result, delivery_id, kept
from shared.domain.delivery import RESERVATION_TTL, Delivery
from shared.domain.errors import NotFoundError, StaleError, TransientError
from shared.domain.offering import offer
from shared.domain.policy.policy import Policy
from shared.domain.propensity import model_id
from shared.messages import ActionsRanked, ContactReserved, HistoryRow
from shared.messages.rows import decision_row
from shared.ports import Catalogues, Contacts, Folding, Versioned

ATTEMPTS = 12
"""Tries of the guarded commit before the message is given back to be delivered again."""


FOLD_WITH_OFFER = 32
"""Settled entries of a history that an offer folds."""


class Suppress:
    """The use case over its ports."""

    def __init__(self, catalogues: Catalogues, contacts: Contacts, pause: Callable[[int], None]) -> None:
        """Reserve in `contacts`; `pause(n)` waits, with jitter, before the n-th try again."""
        self._catalogues = catalogues
        self._contacts = contacts
        self._pause = pause

    def __call__(self, ranked: ActionsRanked, now: datetime) -> tuple[ContactReserved | HistoryRow, ...]:
        """The contact reserved and the decision's record, or the record alone where nothing may go out.

        Raises:
            TransientError: contention did not end, or the store did not answer.
        """
        policy = self._policy(ranked)
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(attempt)
            history = self._contacts.history(ranked.person_id)
            repeated = self._repeat(policy, ranked, history.value, now)
            if repeated is not None:
                return repeated
            selection = select(policy.revision, ranked.ranking.treatments, ranked.profile, history.value, now)
            if not selection.chosen:
                forget = history.value.withheld_to_forget(now)
                self._contacts.withhold(ranked.person_id, ranked.decision_id, now, forget=forget)
                read = read_of(policy.revision, history.value, now)
                return (decision_row(_record(ranked, "all_withheld", now, (), selection.withheld, read)),)
            contact = Contact.of(make_delivery(policy.revision, ranked, selection.chosen[0], now))
            folded = fold(history.value, policy.revision.catalogue.rules, now)
            try:
                self._contacts.reserve(ranked.person_id, history.version, [contact], fold=folded)
            except StaleError:
                continue
            read = read_of(policy.revision, history.value, now)
            return _reserved(ranked, contact, selection.withheld, read, now, repeated=False)
        raise TransientError(f"the contact history of {ranked.person_id} is contended")

    def offer(self, ranked: ActionsRanked, now: datetime) -> tuple[tuple[Delivery, ...], HistoryRow]:
        """What an inbound channel may show in the slots it asked for.

        Nothing is reserved: an inbound treatment counts as contact when its impression comes back.
        """
        revision = self._policy(ranked).revision
        read = self._contacts.history(ranked.person_id)
        history = read.value
        offered, withheld = offer(revision, ranked.ranking.treatments, ranked.slots, ranked.profile, history, now)
        deliveries = [
            make_delivery(revision, ranked, each.treatment, now, placement=each.placement, rank=each.rank)
            for each in offered
        ]
        self._contacts.present(deliveries, folding=_folding(ranked.person_id, read, revision, now))
        result: Result = "offered" if deliveries else "all_withheld"
        record = _record(ranked, result, now, deliveries, withheld, read_of(revision, history, now))
        return tuple(deliveries), decision_row(record, deliveries[0] if deliveries else None)

    def _policy(self, ranked: ActionsRanked) -> Policy:
        try:
            return self._catalogues.get(ranked.revision)
        except NotFoundError as error:
            raise TransientError(str(error)) from error

    def _repeat(
        self, policy: Policy, ranked: ActionsRanked, history: ContactHistory, now: datetime
    ) -> tuple[ContactReserved | HistoryRow, ...] | None:
        """The answer this decision had before, None where it is decided for the first time."""
        withheld_at = history.withheld.get(ranked.decision_id)
        if withheld_at is not None:
            again = select(policy.revision, ranked.ranking.treatments, ranked.profile, history, withheld_at)
            read = read_of(policy.revision, history, withheld_at, stands=Standing() if again.chosen else None)
            record = _record(ranked, "all_withheld", withheld_at, (), again.withheld, read)
            return (decision_row(record, repeated=True),)
        earlier = history.of_decision(ranked.decision_id) or _folded(ranked, history, now)
        if not earlier:
            return None
        reserved = earlier[0]
        at = reserved.expires_at - RESERVATION_TTL if reserved.expires_at else reserved.at
        past = history.before(reserved, at)
        again = select(policy.revision, ranked.ranking.treatments, ranked.profile, past, at)
        stands = None if again.chosen == (reserved.treatment,) else Standing(treatment=reserved.treatment)
        read = read_of(policy.revision, past, at, stands=stands)
        return _reserved(ranked, reserved, again.withheld, read, at, repeated=True)


def _folded(ranked: ActionsRanked, history: ContactHistory, now: datetime) -> list[Contact]:
    """What an old decision reserved, from the past: a message that was parked may be redriven days later."""
    if ranked.decided_at > now - REPEATED_WITHIN:
        return []
    found = []
    for treatment_id in {contact.treatment for contact in history.past.contacts}:
        delivery = delivery_id(ranked.decision_id, treatment_id)
        if (contact := history.past.find(delivery)) is not None:
            found.append(
                Contact(
                    delivery_id=delivery,
                    decision_id=ranked.decision_id,
                    revision=ranked.revision,
                    state=contact.state,
                    at=contact.at,
                    outcomes=contact.outcomes,
                    **contact.known,
                )
            )
    return found


def _folding(person_id: str, read: Versioned[ContactHistory], revision: Revision, now: datetime) -> Folding | None:
    """The fold that an offer brings along once there is enough for it: it costs a write more."""
    if read.version is None or settled(read.value, now) < FOLD_WITH_OFFER:
        return None
    return Folding(person_id, read.version, fold(read.value, revision.catalogue.rules, now))


def _reserved(
    ranked: ActionsRanked,
    contact: Contact,
    withheld: Sequence[Withheld],
    read: ContactRead,
    at: datetime,
    *,
    repeated: bool,
) -> tuple[ContactReserved | HistoryRow, ...]:
    """What a reservation made at `at` publishes; once its delivery is claimed, the record alone is told again."""
    delivery = contact.delivery(ranked.person_id)
    row = decision_row(_record(ranked, "reserved", at, [delivery], withheld, read), delivery, repeated=repeated)
    if contact.state != "reserved":
        return (row,)
    reserved = ContactReserved(
        message_id=f"{ranked.decision_id}:contact.reserved",
        decision_id=ranked.decision_id,
        occurred_at=at,
        delivery=delivery,
    )
    return reserved, row


def make_delivery(
    revision: Revision,
    ranked: ActionsRanked,
    treatment_id: str,
    now: datetime,
    *,
    placement: str | None = None,
    rank: int = 1,
) -> Delivery:
    """The delivery of a chosen treatment: outbound ones are reserved, inbound ones presented."""
    action, treatment = revision.treatment(treatment_id)
    outbound = revision.channels[treatment.channel].direction == "outbound"
    return Delivery(
        delivery_id=delivery_id(ranked.decision_id, treatment.id, placement),
        decision_id=ranked.decision_id,
        person_id=ranked.person_id,
        revision=ranked.revision,
        model=model_id(treatment.id, treatment.channel),
        state="reserved" if outbound else "presented",
        at=now,
        placement=treatment.placement,
        rank=rank,
        expires_at=now + RESERVATION_TTL if outbound else None,
        **facts(action, treatment),
    )


def _record(
    ranked: ActionsRanked,
    result: Result,
    at: datetime,
    deliveries: Sequence[Delivery],
    withheld: Sequence[Withheld],
    read: ContactRead,
) -> DecisionRecord:
    return DecisionRecord(
        **ranked.carried(),
        reserved_at=at,
        result=result,
        chosen=tuple(
            Chosen(treatment=d.treatment, delivery_id=d.delivery_id, rank=d.rank, placement=d.placement)
            for d in deliveries
        ),
        slots=ranked.slots,
        **kept(ranked.ranking),
        read=read,
        withheld=tuple(withheld),
    )
