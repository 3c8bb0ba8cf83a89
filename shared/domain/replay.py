"""Replay: a decision made again from its record and its revision, and compared byte for byte (`domain.md` 10).

What a record holds is either what the decision read, which is taken as it is, or what it came to, which is worked out
again by the same functions that worked it out first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from shared.domain.candidates import is_packed, known, means, named, of_rows
from shared.domain.canonical import canonical, plain
from shared.domain.catalogue import Revision
from shared.domain.contact_policy import Deferred, select
from shared.domain.contact_read import ContactRead
from shared.domain.decision import Chosen, DecisionRecord, Result, delivery_id, kept
from shared.domain.engagement import Slots, qualify
from shared.domain.errors import InvalidError
from shared.domain.experiments import is_held_out
from shared.domain.non_sends import as_kept, by_name
from shared.domain.offered import BestFirst, Offer
from shared.domain.offering import offer, to_send
from shared.domain.offering_in_turn import offer_in_turn
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import Rows
from shared.domain.ranking import halves

if TYPE_CHECKING:
    from shared.domain.scoring import Scoring

MOST_DIFFERENCES = 20
"""Fields named at the most: a record that differs in more differs altogether."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A field of which the record says one thing and the replay another; None where one of them has it not."""

    field: str
    recorded: Any
    replayed: Any


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a replay.

    Attributes:
        agrees: whether both are the same, byte for byte in canonical form.
        differences: the first fields in which they are not.
    """

    decision_id: str
    revision: str
    agrees: bool
    differences: tuple[Difference, ...] = ()


def replay(policy: Policy, record: DecisionRecord) -> Replay:
    """Make a decision again and compare.

    Args:
        policy: the revision that the record names.
        record: the decision.

    Raises:
        InvalidError: the policy is of another revision.
    """
    made = replayed(policy, record)
    agrees = canonical(made) == canonical(record)
    found = [] if agrees else list(_differences("", plain(_told(policy, record)), plain(_told(policy, made))))
    return Replay(
        decision_id=record.decision_id,
        revision=record.revision,
        agrees=agrees,
        differences=tuple(found[:MOST_DIFFERENCES]),
    )


def replayed(policy: Policy, record: DecisionRecord) -> DecisionRecord:
    """The record that the decision leaves when it is made again.

    Raises:
        InvalidError: the policy is of another revision.
    """
    from shared.domain.arbitration import reranking  # noqa: PLC0415 - numpy, which sealing and verifying do without

    if policy.revision.id != record.revision:
        raise InvalidError(f"is {record.revision}, and the policy is of {policy.revision.id}", field="revision")
    qualified = qualify(policy, record.profile, record.signal, record.slots, record.decided_at)
    if not qualified.rows:
        return _with(
            record,
            reserved_at=record.decided_at,
            result="excluded" if qualified.excluded_by else "nothing_qualified",
            excluded_by=qualified.excluded_by,
        )
    given = known(policy, record)
    propensities = of_rows(policy, qualified.rows, given)
    situation = policy.situation(record.profile, record.signal, record.decided_at)
    way, decision = policy.experiments.way(record.arms), record.decision_id
    ranking = reranking(policy, qualified.rows, propensities, situation, record.models, way=way, decision=decision)
    came_to = answer(policy, record, BestFirst(ranking.rows(), ranking.weights()))
    around = halves(of_rows(policy, qualified.rows, means(policy, record))) if record.means else b""
    drawn = {"means": around, "evidence": record.evidence, "said_by": record.said_by, "instead": record.instead}
    made = as_kept(policy, msgspec.structs.replace(came_to, **{**kept(ranking), **drawn}, read=record.read), record)
    return (
        made
        if is_packed(record)
        else named(made, dict(zip(policy.treatments(qualified.rows), propensities, strict=True)))
    )


def rerank(policy: Policy, rows: Rows, record: DecisionRecord) -> Scoring:
    """Rank rows by the propensities of a record; one that the record has none of stands as a new model does."""
    from shared.domain.arbitration import scoring  # noqa: PLC0415 - see above

    propensities = of_rows(policy, rows, known(policy, record))
    situation = policy.situation(record.profile, record.signal, record.decided_at)
    way = policy.experiments.way(record.arms)
    return scoring(policy, rows, propensities, situation, record.models, way=way, decision=record.decision_id)


def is_offer(revision: Revision, slots: Slots) -> bool:
    """Whether the slots are those of a channel that asks and is answered."""
    return any(each.direction == "inbound" for each in revision.catalogue.channels if each.id in slots.channels)


def answer(policy: Policy, record: DecisionRecord, ranked: BestFirst) -> DecisionRecord:
    """What contact policy comes to by what a record says was read: result, chosen, withheld, deferred.

    Args:
        policy: the compiled revision.
        record: the decision.
        ranked: the candidates, best first.
    """
    answered = _answered(policy, record, ranked)
    if not is_held_out(record.arms):
        return answered
    return msgspec.structs.replace(answered, held_back=held_back(policy, answered, ranked, record.read))


def held_back(policy: Policy, record: DecisionRecord, ranked: BestFirst, read: ContactRead | None) -> str | None:
    """The treatment that somebody who is held out would have been given but for that, None where it is what they are
    given.

    Args:
        policy: the compiled revision.
        record: the decision.
        ranked: the candidates, best first.
        read: what contact policy read.
    """
    read = read or ContactRead()
    history, at = read.history(policy.revision), record.reserved_at
    if is_offer(policy.revision, record.slots):
        made = offer(
            policy, ranked, record.slots, record.profile, history, at, closed=read.closed, off=read.off, holds_out=False
        ).offered
        first = made[0].treatment if made else None
    else:
        best_first, since = to_send(policy, policy.ids(ranked.rows)), record.signal.waiting_since
        selection = select(
            policy,
            best_first,
            record.profile,
            history,
            at,
            since=since,
            closed=read.closed,
            off=read.off,
            holds_out=False,
        )
        first = _first(selection.chosen, selection.deferred)
    is_given = _first([each.treatment for each in record.chosen], record.deferred)
    return None if first == is_given else first


def _first(chosen: Sequence[str], deferred: Deferred | None) -> str | None:
    return chosen[0] if chosen else deferred.treatment if deferred else None


def _answered(policy: Policy, record: DecisionRecord, ranked: BestFirst) -> DecisionRecord:
    revision = policy.revision
    read = record.read or ContactRead()
    if is_offer(revision, record.slots):
        offered = offers(policy, record, ranked)
        chosen = tuple(
            Chosen(
                treatment=each.treatment,
                delivery_id=delivery_id(record.decision_id, each.treatment, each.placement),
                rank=each.rank,
                placement=revision.treatment(each.treatment)[1].placement,
            )
            for each in offered.offered
        )
        return _with(
            record,
            filling=record.filling,
            result="offered" if chosen else "all_withheld",
            chosen=chosen,
            withheld=offered.withheld,
        )
    history, since = read.history(revision), record.signal.waiting_since
    best_first = to_send(policy, policy.ids(ranked.rows))
    selection = select(
        policy, best_first, record.profile, history, record.reserved_at, since=since, closed=read.closed, off=read.off
    )
    treatments, deferred = selection.chosen, selection.deferred
    if read.stands is not None:  # whatever the ranking is by what is known meanwhile
        treatments = (read.stands.treatment,) if read.stands.treatment else ()
        deferred = read.stands.deferred
    chosen = tuple(Chosen(treatment=t, delivery_id=delivery_id(record.decision_id, t), rank=1) for t in treatments)
    result: Result = "reserved" if chosen else "deferred" if deferred else "all_withheld"
    return _with(record, result=result, chosen=chosen, withheld=selection.withheld, deferred=deferred)


def offers(policy: Policy, record: DecisionRecord, ranked: BestFirst) -> Offer:
    """What fills the slots of a request by what its record says was read, in the way that it says."""
    read = record.read or ContactRead()
    history, at = read.history(policy.revision), record.reserved_at
    if record.filling == "in_turn":
        treatments = tuple(policy.ids(ranked.rows))
        return offer_in_turn(
            policy, treatments, record.slots, record.profile, history, at, closed=read.closed, off=read.off
        )
    return offer(policy, ranked, record.slots, record.profile, history, at, closed=read.closed, off=read.off)


def _with(record: DecisionRecord, **came_to: Any) -> DecisionRecord:
    """What a record says that was read, with what the decision came to."""
    return DecisionRecord(
        decision_id=record.decision_id,
        person_id=record.person_id,
        signal=record.signal,
        profile=record.profile,
        conflicts=record.conflicts,
        fragment=record.fragment,
        arms=record.arms,
        revision=record.revision,
        decided_at=record.decided_at,
        slots=record.slots,
        **{"reserved_at": record.reserved_at, **came_to},
    )


def _told(policy: Policy, record: DecisionRecord) -> DecisionRecord:
    """A record as its differences are told: its candidates, and what was withheld, by their ids."""
    return by_name(policy, named(record, known(policy, record)))


def _differences(field: str, recorded: Any, made: Any) -> Iterator[Difference]:
    """The fields in which two JSON values differ, by path, as deep as both have them."""
    if isinstance(recorded, dict) and isinstance(made, dict):
        for key in sorted({*recorded, *made}):
            yield from _differences(f"{field}.{key}" if field else key, recorded.get(key), made.get(key))
    elif isinstance(recorded, list) and isinstance(made, list) and len(recorded) == len(made):
        for number, (one, other) in enumerate(zip(recorded, made, strict=True)):
            yield from _differences(f"{field}[{number}]", one, other)
    elif recorded != made or isinstance(recorded, bool) != isinstance(made, bool):
        yield Difference(field=field, recorded=recorded, replayed=made)
