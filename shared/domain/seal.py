"""Seals: a day's rows of the history chained by hash, so that one that is changed or missing is found (`domain.md` 10).

Rows arrive late, twice and out of order, so the chain is made afterwards: a seal chains the distinct rows of a day that
no seal has yet, in the order of time, row id and digest; what comes later goes into the next seal of that day. Each
seal names the one before it, of whatever day, so that the seals are a chain themselves. Whoever holds the key signs
them: without it nobody can make a chain anew that looks like ours.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple

import msgspec

from shared.domain.canonical import canonical

MOST_FINDINGS = 1000
"""Findings that are told one by one."""


class Entry(NamedTuple):
    """A row by its id and the SHA-256 of its canonical form."""

    row_id: str
    digest: bytes


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a chain.

    Attributes:
        number: seals are counted from 1, over all days.
        day: whose rows it chains, UTC.
        rows: how many.
        previous: the id of the seal before it; empty for the first.
        head: the last link of the chain, in hexadecimal.
        signature: HMAC-SHA-256 of all the above, in hexadecimal.
    """

    number: int
    day: date
    sealed_at: datetime
    rows: int
    previous: str
    head: str
    signature: str = ""

    @property
    def id(self) -> str:
        """The digest of the whole seal."""
        return hashlib.sha256(canonical(self)).hexdigest()

    def signed(self, key: bytes) -> Seal:
        """The same, signed."""
        unsigned = canonical(msgspec.structs.replace(self, signature=""))
        return msgspec.structs.replace(self, signature=hmac.new(key, unsigned, hashlib.sha256).hexdigest())


class Sealed(NamedTuple):
    """A seal and what it chains, in the order of the chain."""

    seal: Seal
    entries: Sequence[Entry]


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is not as it was sealed.

    Attributes:
        kind: a row is `changed` or `missing`; of a seal, the `signature`, the `chain` of its rows or the `link` to the
            seal before it is wrong.
        seal: its number.
    """

    kind: Literal["changed", "missing", "signature", "chain", "link"]
    seal: int
    row_id: str | None = None


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a day.

    Attributes:
        agrees: nothing is wrong; rows that no seal has yet are no fault.
        seals: of this day.
        sealed: rows in them.
        unsealed: rows that came later and wait for the next seal.
        findings: the first of what is wrong.
    """

    day: date
    agrees: bool
    seals: int
    sealed: int
    unsealed: int
    findings: tuple[Finding, ...] = ()


def entry(row_id: str, content: bytes) -> Entry:
    """The entry of a row, by its canonical form."""
    return Entry(row_id, hashlib.sha256(content).digest())


def sealed(
    last: Seal | None, day: date, known: Iterable[Entry], rows: Iterable[Entry], now: datetime, key: bytes
) -> Sealed | None:
    """The next seal of a day; None where it has nothing new.

    Args:
        last: the seal made last, of any day.
        day: to be sealed.
        known: what the earlier seals of the day hold.
        rows: what the history holds of the day, by time, the same perhaps more than once.
        now: the time, UTC.
        key: signs.
    """
    fresh = dict.fromkeys(rows)
    for entry_ in known:
        fresh.pop(entry_, None)
    if not fresh:
        return None
    entries = tuple(fresh)
    previous = last.id if last else ""
    seal = Seal(
        number=last.number + 1 if last else 1,
        day=day,
        sealed_at=now,
        rows=len(entries),
        previous=previous,
        head=head(previous, entries),
    )
    return Sealed(seal.signed(key), entries)


def head(previous: str, entries: Iterable[Entry]) -> str:
    """The last link of a chain: each is the SHA-256 of the one before it and of a row's digest; the first link hashes
    the id of the seal before.
    """
    link = hashlib.sha256(previous.encode()).digest()
    for _, digest in entries:
        link = hashlib.sha256(link + digest).digest()
    return link.hex()


def verify(
    day: date, seals: Sequence[Seal], of_day: Sequence[Sealed], rows: Iterable[Entry], key: bytes
) -> Verification:
    """Compare what a day's seals say with what the history holds.

    Args:
        day: the day.
        seals: all seals of all days, by number.
        of_day: those of the day with their entries.
        rows: what the history holds of the day.
        key: that they were signed with.
    """
    findings = [*_links(seals, key)]
    held = set(rows)
    ids = {row_id for row_id, _ in held}
    expected: set[Entry] = set()
    for seal, entries in of_day:
        if head(seal.previous, entries) != seal.head or len(entries) != seal.rows:
            findings.append(Finding(kind="chain", seal=seal.number))
        for each in entries:
            expected.add(each)
            if each not in held:
                kind: Literal["changed", "missing"] = "changed" if each.row_id in ids else "missing"
                findings.append(Finding(kind=kind, seal=seal.number, row_id=each.row_id))
    changed = {finding.row_id for finding in findings if finding.kind == "changed"}
    return Verification(
        day=day,
        agrees=not findings,
        seals=len(of_day),
        sealed=len(expected),
        unsealed=sum(each.row_id not in changed for each in held - expected),
        findings=tuple(findings[:MOST_FINDINGS]),
    )


def _links(seals: Sequence[Seal], key: bytes) -> Iterable[Finding]:
    previous, number = "", 0
    for seal in seals:
        if not hmac.compare_digest(seal.signature, seal.signed(key).signature):
            yield Finding(kind="signature", seal=seal.number)
        if seal.number != number + 1 or seal.previous != previous:
            yield Finding(kind="link", seal=seal.number)
        previous, number = seal.id, seal.number
