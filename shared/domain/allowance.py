"""Allowances: how much of a volume or a budget is spent, and how much of it lies in blocks with the processes that
decide (`domain.md` 6).

A process takes from its own block without asking anybody. What it asks the ledger for, when its block does not reach,
is spent with the asking; the block that it gets along with it is for the contacts to come. All blocks together never
hold more than a hundredth of the limit, those of processes that died included: so however many processes there are and
however they end, no more than that is held back, and never is more given out than there is.
"""

from __future__ import annotations

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
    """

    spent: int = 0
    blocks: dict[str, int] = {}


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


def lease(ledger: Ledger, all_of_it: int, holder: str, left: int, wanted: int) -> Lease | Refusal:
    """Settle what a process has used of its block, spend what it wants, and give it its next block.

    Args:
        ledger: as it stands.
        all_of_it: the limit, in its units.
        holder: the process.
        left: what it has not used of what was given to it.
        wanted: what it takes now, more than `left`; 0 to settle only.
    """
    settled = returned(ledger, holder, left)
    held = sum(settled.blocks.values())
    free = all_of_it - settled.spent - held
    if free < wanted:
        return Refusal(max(free, 0), all_of_it - max(free, 0))
    room = max(0, all_of_it // HELD_BACK - held)
    block = max(0, min(free - wanted, -(-room // SHARE)))
    blocks = {**settled.blocks, holder: block} if block else settled.blocks
    return Lease(Ledger(spent=settled.spent + wanted, blocks=blocks), block)


def corrected(ledger: Ledger, units: int) -> Ledger:
    """The ledger once contacts turned out to cost so many units more than was taken for them, or fewer."""
    return Ledger(spent=max(0, ledger.spent + units), blocks=ledger.blocks)


def returned(ledger: Ledger, holder: str, left: int) -> Ledger:
    """The ledger once a process has given back what is left with it."""
    others = {other: units for other, units in ledger.blocks.items() if other != holder}
    return Ledger(spent=ledger.spent + ledger.blocks.get(holder, 0) - left, blocks=others)
