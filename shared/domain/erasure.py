"""Erasure of a person: what is kept of it, and what it cannot reach yet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from shared.domain.errors import ErasedError, InvalidError
from shared.domain.identity.links import Identifier
from shared.domain.instant import Instant

ERASED = "erased"
"""The rule of an identifier that stands for nobody any more, and why a signal that it names ends."""

IN_FLIGHT = timedelta(minutes=2)
"""How long a request that had read the person before the erasure may still write."""

RECOVERY_DAYS = 7
"""For how long Firestore's point-in-time recovery has what was deleted, where it is switched on."""

BACKUP_DAYS = 14
"""How long backups of Firestore are kept."""

TOPIC_DAYS = 7
"""How long Pub/Sub keeps what nobody acknowledged, dead letters included."""

PARKED_DAYS = 30
"""How long Firestore keeps what is parked in quarantine."""

WAVE_DAYS = 30
"""How long Firestore keeps the pages of a wave that was not reconciled."""

LOG_DAYS = 30
"""How long logs are kept."""

READMITTED_AFTER = timedelta(days=TOPIC_DAYS + 1)
"""When no signal from before an erasure comes any more: what Pub/Sub keeps unacknowledged, and a day."""


_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/#-]{0,59}")


class Erasure(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One erasure, as an auditor may see it.

    Attributes:
        id: random: nothing about the person follows from it.
        begun_at: when it began, UTC.
        by: the operator who asked, by the name of the key.
        case: the reference of the person's request in the operator's own files.
        person_ids: whom it erases, until it is finished; then nobody.
        erased: what was erased, by where it was: how many documents.
        again_at: from when on another run finds everything that was in flight, and finishes it.
        finished_at: when that was.
    """

    id: str
    begun_at: Instant
    by: str
    case: str
    person_ids: tuple[str, ...] = ()
    erased: dict[str, int] = {}
    again_at: Instant
    finished_at: Instant | None = None

    @classmethod
    def begun(cls, erasure_id: str, person_ids: Sequence[str], *, by: str, case: str, now: datetime) -> Erasure:
        """An erasure at its beginning."""
        return cls(
            id=erasure_id, begun_at=now, by=by, case=case, person_ids=tuple(person_ids), again_at=now + IN_FLIGHT
        )

    def is_due(self, now: datetime) -> bool:
        """Whether it is not finished, and another run now would finish it."""
        return self.finished_at is None and now >= self.again_at

    def after(self, erased: Mapping[str, int], now: datetime) -> Erasure:
        """The erasure after a run that went through: finished, if nothing can have been in flight."""
        total = {
            where: count
            for where in (*self.erased, *erased)
            if (count := self.erased.get(where, 0) + erased.get(where, 0))
        }
        done = now >= self.again_at
        return msgspec.structs.replace(
            self, erased=total, person_ids=() if done else self.person_ids, finished_at=now if done else None
        )


class Remaining(msgspec.Struct, frozen=True, kw_only=True):
    """Where something of an erased person remains, what, and until when; None where it stays, being anonymous."""

    where: str
    what: str
    until: datetime | None


def check_case(case: str) -> None:
    """Take the reference of a person's request, and no more: what is kept of a request names nobody.

    Raises:
        InvalidError: it is none.
    """
    if not _REFERENCE.fullmatch(case):
        raise InvalidError("is no reference such as DSR-2026/17: at most 60 letters, digits, ._/#-", field="case")


def alive(keys: Sequence[str], known: Mapping[str, Identifier]) -> list[str]:
    """A signal's identifiers without those that stand for somebody who was erased.

    Its strongest identifier decides: a customer who uses a browser that was somebody's who is erased is a customer, and
    whoever was erased does not come back as a new person with a weaker identifier that nobody knew.

    Args:
        keys: the identifiers', strongest first.
        known: what is known of them, by key.

    Raises:
        ErasedError: the strongest is one of those.
    """
    buried = {key for key, identifier in known.items() if identifier.rule == ERASED}
    if keys and keys[0] in buried:
        raise ErasedError("the signal's strongest identifier is of somebody who was erased")
    return [key for key in keys if key not in buried]


def tombstone(identifier: Identifier, erasure_id: str, at: datetime) -> Identifier:
    """What stands in an identifier's place, so that a late signal does not bring the person back."""
    return Identifier(
        namespace=identifier.namespace,
        value=identifier.value,
        person_id="",
        signal_id=erasure_id,
        source="erasure",
        at=at,
        rule=ERASED,
        epoch=identifier.epoch,
        shared=identifier.shared,
    )


def carrying(identifiers: Iterable[Identifier]) -> set[str]:
    """The keys of those of a person's identifiers on which others of the person may hang: what hangs on a shared one
    is nobody's.
    """
    return {each.key for each in identifiers if not each.shared and not each.anchor}


def remaining(erasure: Erasure) -> tuple[Remaining, ...]:
    """What an erasure cannot reach, and until when it is there."""
    at = erasure.finished_at or erasure.again_at

    def after(days: int) -> datetime:
        return at + timedelta(days=days)

    return (
        Remaining(
            where="database person-keys, earlier versions",
            what="the key; only by reading the database as of a past minute",
            until=at + timedelta(hours=1),
        ),
        Remaining(
            where="functions' memory", what="the key, in instances that had used it", until=at + timedelta(minutes=1)
        ),
        Remaining(
            where="Firestore, point-in-time recovery",
            what="profile, contact points and deferrals, sealed under the destroyed key; identifiers as keyed hashes; "
            "contacts",
            until=after(RECOVERY_DAYS),
        ),
        Remaining(where="Firestore, backups", what="the same", until=after(BACKUP_DAYS)),
        Remaining(
            where="Pub/Sub",
            what="messages that nobody acknowledged, and dead letters: readable; they end at identity or delivery",
            until=after(TOPIC_DAYS),
        ),
        Remaining(
            where="quarantine",
            what="messages parked since, or of which only the beginning was kept: readable",
            until=after(TOPIC_DAYS + PARKED_DAYS),
        ),
        Remaining(
            where="Firestore, pages of waves",
            what="the random person id, and by channel what a message would have been worth",
            until=after(WAVE_DAYS),
        ),
        Remaining(
            where="BigQuery, history and its time travel",
            what="records, sealed under the destroyed key; a random person id with actions, channels and outcomes; of "
            "somebody who was taken apart from another, what was decided on the other while they were one",
            until=None,
        ),
        Remaining(where="logs", what="decision ids, and the random person id in errors", until=after(LOG_DAYS)),
        Remaining(
            where="identifiers",
            what="a tombstone for each: its keyed hash and the time, so that late signals bring nobody back; the hash "
            "also in the links of whoever was told or taken apart from the person",
            until=None,
        ),
    )
