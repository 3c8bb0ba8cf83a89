"""Allowances: how much of a volume or a budget is spent, and how much of it lies in blocks with the processes that
decide (`domain.md` 6).

A process takes from its own block without asking anybody. What it asks the ledger for, when its block does not reach,
is spent with the asking; the block that it gets along with it is for the contacts to come. All blocks together never
hold more than a hundredth of the limit, those of processes that died included: so however many processes there are and
however they end, no more than that is held back, and never is more given out than there is.

A block lapses: who holds one settles it every ten minutes, where it takes from it at all, so that one which is an hour
old is of a process that is idle or dead. Whoever sweeps takes it back, less what is known to have been used of it; a
process that comes back to a block which is gone takes nothing more from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from shared.domain.rules import Budget, Volume

Limit = Volume | Budget

HELD_BACK = 100
"""The part of a limit that blocks may hold all together is one in so many."""

SHARE = 4
"""A block takes one in so many of what blocks may still hold, so that there is something for the others."""

MICROPOUNDS = 1_000_000
"""Money is counted in millionths of a pound."""


class Ledger(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a limit in one period, in its units: contacts of a volume, millionths of a pound of a budget.

    Attributes:
        spent: taken for contacts, as far as those who took it have told.
        blocks: what each process holds, of which it may have used some since.
        since: when each got its block, in seconds since 1970.
    """

    spent: int = 0
    blocks: dict[str, int] = {}
    since: dict[str, int] = {}


class Lease(NamedTuple):
    """What came of asking: the ledger as it is then, and the block to take from; without one, what was free."""

    ledger: Ledger
    block: int


class Refusal(NamedTuple):
    """That there is not enough: what is free for the one who asked, and what is gone."""

    free: int
    gone: int


def whole(limit: Limit) -> int:
    """All of a limit, in its units."""
    return limit.limit if isinstance(limit, Volume) else int(limit.pounds * MICROPOUNDS + 0.5)


def cost(limit: Limit, price: float) -> int:
    """What one contact takes of a limit, in its units.

    Args:
        limit: a volume, of which every contact takes one, or a budget.
        price: of a contact on its channel, pounds.
    """
    return 1 if isinstance(limit, Volume) else int(price * MICROPOUNDS + 0.5)


def lease(ledger: Ledger, all_of_it: int, holder: str, left: int, wanted: int, at: int = 0) -> Lease | Refusal:
    """Settle what a process has used of its block, spend what it wants, and give it its next block.

    Args:
        ledger: as it stands.
        all_of_it: the limit, in its units.
        holder: the process.
        left: what it has not used of what was given to it.
        wanted: what it takes now; 0 to settle only.
        at: now, in seconds since 1970.
    """
    settled = returned(ledger, holder, left)
    held = sum(settled.blocks.values())
    free = all_of_it - settled.spent - held
    if free < wanted:
        return Refusal(max(free, 0), all_of_it - max(free, 0))
    room = max(0, all_of_it // HELD_BACK - held)
    block = max(0, min(free - wanted, -(-room // SHARE)))
    return Lease(holding(settled, holder, block, at, spent=settled.spent + wanted), block)


def holding(ledger: Ledger, holder: str, block: int, at: int, *, spent: int) -> Ledger:
    """The ledger with a block that a process holds since then, or none."""
    if not block:
        return Ledger(spent=spent, blocks=ledger.blocks, since=ledger.since)
    return Ledger(spent=spent, blocks={**ledger.blocks, holder: block}, since={**ledger.since, holder: at})


def corrected(ledger: Ledger, units: int) -> Ledger:
    """The ledger once contacts turned out to cost so many units more than was taken for them, or fewer."""
    return msgspec.structs.replace(ledger, spent=max(0, ledger.spent + units))


def returned(ledger: Ledger, holder: str, left: int) -> Ledger:
    """The ledger once a process has given back what is left with it."""
    others = {other: units for other, units in ledger.blocks.items() if other != holder}
    since = {other: at for other, at in ledger.since.items() if other != holder}
    return Ledger(spent=ledger.spent + ledger.blocks.get(holder, 0) - left, blocks=others, since=since)


def lapsed(ledger: Ledger, before: int) -> dict[str, int]:
    """The blocks that were given before a time, by who holds them."""
    return {holder: ledger.blocks[holder] for holder, at in ledger.since.items() if at < before}


def taken_back(ledger: Ledger, holders: Iterable[str], used: int) -> Ledger:
    """The ledger once blocks are taken back from who holds them.

    Args:
        ledger: as it stands.
        holders: of these blocks.
        used: of the limit in this period, by everybody, as far as is told. What is more than the ledger says is taken
            to have been used of these blocks, though some of it may be of others: too much is held back, and never too
            little.
    """
    gone = set(holders)
    held = sum(units for holder, units in ledger.blocks.items() if holder in gone)
    return Ledger(
        spent=max(ledger.spent, min(ledger.spent + held, used)),
        blocks={holder: units for holder, units in ledger.blocks.items() if holder not in gone},
        since={holder: at for holder, at in ledger.since.items() if holder not in gone},
    )
