"""Suppression: reserve the first ranked treatments that contact policy lets through.

One read of the person's contact history and one commit guarded by its version, whatever the number of rules. Who loses
the race reads again: the cap that was free a moment ago may be taken. A repeated decision finds its reservation and
repeats its answer. What volumes and budgets give is taken before the commit, from blocks that this process holds, and
given back where nothing came of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple, TypeVar

from functions.suppression.records import make_delivery, record_of, reservation, row_of
from shared.domain.catalogue import Revision
from shared.domain.contact import Contact
from shared.domain.contact_folding import REPEATED_WITHIN, fold, settled
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_policy import Closed, Deferred, Selection, select
from shared.domain.contact_read import Standing, read_of
from shared.domain.decision import DecisionRecord, Result, delivery_id
from shared.domain.deferral import Deferral
from shared.domain.delivery import Delivery
from shared.domain.errors import ErasedError, NotFoundError, StaleError, TransientError
from shared.domain.governance.switches import SwitchedOff
from shared.domain.offered import BestFirst, Offer
from shared.domain.offering import offer, to_send
from shared.domain.policy.policy import Policy
from shared.domain.ranking import unpacked
from shared.messages import ActionsRanked, ContactReserved, HistoryRow
from shared.messages.rows import erased_row
from shared.ports import Allowances, Catalogues, Contacts, Folding, Taken, Versioned

ATTEMPTS = 12
"""Tries of the guarded commit before the message is given back to be delivered again."""

FOLD_WITH_OFFER = 32
"""Settled entries of a history that an offer folds."""

T = TypeVar("T")


class _Allowed(NamedTuple):
    """What was taken of volumes and budgets for a choice, and which of them had too little left for another."""

    taken: Taken
    closed: Mapping[str, Closed]


class Suppress:
    """The use case over its ports."""

    def __init__(
        self, catalogues: Catalogues, contacts: Contacts, allowances: Allowances, pause: Callable[[int], None]
    ) -> None:
        """Reserve in `contacts` what `allowances` give; `pause(n)` waits, with jitter, before the n-th try again."""
        self._catalogues = catalogues
        self._contacts = contacts
        self._allowances = allowances
        self._pause = pause

    def __call__(self, ranked: ActionsRanked, now: datetime) -> tuple[ContactReserved | HistoryRow, ...]:
        """The contact reserved and the decision's record, or the record alone where nothing may go out.

        Raises:
            TransientError: contention did not end, or the store did not answer.
        """
        policy, off = self._policy(ranked), self._catalogues.switched_off()
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(attempt)
            history = self._contacts.history(ranked.holder)
            repeated = self._repeat(policy, ranked, history.value, now, off)
            if repeated is not None:
                return repeated
            choose = _choice(policy, ranked, history.value, now, off)
            selection, allowed = self._allowed(policy, now, choose, _selected)
            read = read_of(policy, history.value, now, closed=allowed.closed, off=off)
            folded = fold(history.value.part(ranked.holder), policy.revision.catalogue.rules, now)
            try:
                if selection.chosen:
                    contact = Contact.of(make_delivery(policy, ranked, selection.chosen[0], now))
                    self._contacts.reserve(ranked.holder, history.version, [contact], fold=folded)
                    withheld = selection.withheld
                    return reservation(
                        policy, ranked, contact, ranked.holder, withheld, read=read, at=now, repeated=False
                    )
                if selection.deferred is not None:
                    deferral = _deferral(ranked, selection.deferred, now)
                    self._contacts.defer(ranked.holder, history.version, deferral, forget=folded.withheld)
                    record = record_of(
                        policy,
                        ranked,
                        "deferred",
                        now,
                        (),
                        withheld=selection.withheld,
                        read=read,
                        deferred=selection.deferred,
                    )
                    return (row_of(policy, ranked, record),)
            except StaleError:
                self._allowances.give_back(allowed.taken)
                continue
            except ErasedError:  # just now: a signal of which nothing is told would be held to be lost
                return (erased_row(ranked.decision_id, now),)
            self._contacts.withhold(ranked.holder, ranked.decision_id, now, forget=folded.withheld)
            record = record_of(policy, ranked, "all_withheld", now, (), withheld=selection.withheld, read=read)
            return (row_of(policy, ranked, record),)
        raise TransientError(f"the contact history of {ranked.holder} is contended")

    def offer(self, ranked: ActionsRanked, now: datetime) -> tuple[tuple[Delivery, ...], HistoryRow]:
        """What an inbound channel may show in the slots it asked for.

        Nothing is reserved: an inbound treatment counts as contact when its impression comes back. Of volumes and
        budgets it takes when it is offered, since what is on show cannot be taken back.
        """
        policy, off = self._policy(ranked), self._catalogues.switched_off()
        revision = policy.revision
        found = self._contacts.history(ranked.holder)
        history = found.value
        policy.checked(unpacked(ranked.ranking.candidate_rows))
        best_first = BestFirst(ranked.ranking.rows(), ranked.ranking.weights())
        choose = partial(offer, policy, best_first, ranked.slots, ranked.profile, history, now, off=off)
        offered, allowed = self._allowed(policy, now, choose, _offered)
        deliveries = [
            make_delivery(policy, ranked, each.treatment, now, placement=each.placement, rank=each.rank)
            for each in offered.offered
        ]
        try:
            self._contacts.present(deliveries, folding=_folding(ranked.holder, found, revision, now))
        except TransientError:  # whoever asked is given nothing
            self._allowances.give_back(allowed.taken)
            raise
        result: Result = "offered" if deliveries else "all_withheld"
        read = read_of(policy, history, now, closed=allowed.closed, off=off)
        record = record_of(
            policy, ranked, result, now, deliveries, withheld=offered.withheld, read=read, filling="together"
        )
        if not deliveries:
            return (), row_of(policy, ranked, record)
        first = deliveries[0]
        return tuple(deliveries), row_of(policy, ranked, record, first, value=first.value)

    def _allowed(
        self,
        policy: Policy,
        now: datetime,
        choose: Callable[..., T],
        chosen: Callable[[T], Sequence[str]],
    ) -> tuple[T, _Allowed]:
        """Choose, and take of volumes and budgets for what is chosen; where too little is left, choose otherwise.

        Raises:
            TransientError: others take what is left, again and again, or the store did not answer.
        """
        closed = self._allowances.closed(policy.revision, now)
        for _ in range(ATTEMPTS):
            made = choose(closed=closed)
            taken = self._allowances.take(policy.revision, chosen(made), now)
            if not taken.closed:
                return made, _Allowed(taken, closed)
            closed = {**closed, **taken.closed}
        raise TransientError("what is left of volumes and budgets is contended")

    def _policy(self, ranked: ActionsRanked) -> Policy:
        try:
            return self._catalogues.get(ranked.revision)
        except NotFoundError as error:
            raise TransientError(str(error)) from error

    def _repeat(
        self,
        policy: Policy,
        ranked: ActionsRanked,
        history: ContactHistory,
        now: datetime,
        off: Sequence[SwitchedOff],
    ) -> tuple[ContactReserved | HistoryRow, ...] | None:
        """The answer this decision had before, None where it is decided for the first time."""
        withheld_at = history.withheld.get(ranked.decision_id)
        if withheld_at is not None:
            nothing = self._chose_nothing(policy, ranked, history, withheld_at, off)
            return (row_of(policy, ranked, nothing, repeated=True),)
        earlier = history.of_decision(ranked.decision_id) or _folded(ranked, history, now)
        if not earlier:
            return None
        reserved = earlier[0]
        at = reserved.expires_at - policy.revision.deadline(reserved.treatment) if reserved.expires_at else reserved.at
        past = history.before(reserved, at)
        again = _choice(policy, ranked, past, at, off)()
        stands = None if again.chosen == (reserved.treatment,) else Standing(treatment=reserved.treatment)
        read = read_of(policy, past, at, stands=stands, off=off)
        holder = history.holder(reserved.delivery_id, ranked.holder)
        return reservation(policy, ranked, reserved, holder, again.withheld, read=read, at=at, repeated=True)

    def _chose_nothing(
        self,
        policy: Policy,
        ranked: ActionsRanked,
        history: ContactHistory,
        at: datetime,
        off: Sequence[SwitchedOff],
    ) -> DecisionRecord:
        """The record of this decision, which had deferred what it chose, or withheld everything."""
        deferral = self._contacts.deferral(ranked.decision_id)
        deferred = deferral.deferred if deferral is not None else None
        closed = self._allowances.closed(policy.revision, at)
        again = _choice(policy, ranked, history, at, off)(closed=closed)
        same = not again.chosen and again.deferred == deferred
        stands = None if same else Standing(deferred=deferred)
        read = read_of(policy, history, at, stands=stands, closed=closed, off=off)
        result: Result = "all_withheld" if deferred is None else "deferred"
        return record_of(policy, ranked, result, at, (), withheld=again.withheld, read=read, deferred=deferred)


def _choice(
    policy: Policy, ranked: ActionsRanked, history: ContactHistory, at: datetime, off: Sequence[SwitchedOff]
) -> Callable[..., Selection]:
    """What contact policy lets through of a ranking, for volumes and budgets that are yet to be given."""
    since = ranked.signal.waiting_since
    return lambda **left: select(
        policy, to_send(policy, _ids(policy, ranked)), ranked.profile, history, at, since=since, off=off, **left
    )


def _selected(selection: Selection) -> Sequence[str]:
    return selection.chosen


def _offered(made: Offer) -> Sequence[str]:
    return [each.treatment for each in made.offered]


def _deferral(ranked: ActionsRanked, deferred: Deferred, now: datetime) -> Deferral:
    return Deferral(
        decision_id=ranked.decision_id, person_id=ranked.holder, at=now, deferred=deferred, signal=ranked.signal
    )


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
                    **contact.facts(),
                )
            )
    return found


def _folding(person_id: str, found: Versioned[ContactHistory], revision: Revision, now: datetime) -> Folding | None:
    """The fold that an offer brings along once there is enough for it: it costs a write more."""
    own = found.value.part(person_id)
    if found.version is None or len(own.late) + len(own.contacts) < FOLD_WITH_OFFER:
        return None
    if settled(own, now) < FOLD_WITH_OFFER:
        return None
    return Folding(person_id, found.version, fold(own, revision.catalogue.rules, now))


def _ids(policy: Policy, ranked: ActionsRanked) -> Iterator[str]:
    """The treatments' ids, best first."""
    policy.checked(unpacked(ranked.ranking.candidate_rows))
    return policy.ids(ranked.ranking.rows())
