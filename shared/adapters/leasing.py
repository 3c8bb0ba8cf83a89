"""Volumes and budgets as a process takes from them: out of its own blocks, and of their ledgers when one runs out."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from shared.adapters.known_limits import InPeriod, KnownLimits
from shared.domain.allowance import (
    HELD_BACK,
    MICROPOUNDS,
    SHARE,
    Ledger,
    Refusal,
    corrected,
    holding,
    lease,
    returned,
    whole,
)
from shared.domain.catalogue import Revision, facts
from shared.domain.contact_policy import NOTHING_CLOSED, Closed
from shared.domain.errors import StaleError, TransientError
from shared.domain.rules import Budget, in_scope
from shared.ports import NOTHING_TAKEN, Ledgers, Left, Taken, Versioned

ATTEMPTS = 12
"""Tries of a ledger's guarded commit before the message is given back to be delivered again."""

ASK_AGAIN_AFTER = timedelta(seconds=30)
"""How long a limit of which nothing was left is taken to be used up: others may have given something back since."""

SETTLE_AFTER = timedelta(minutes=10)
"""How long a block is taken from before it is settled: long before whoever sweeps takes it to be nobody's."""

FORGET_ENDED_AFTER = timedelta(hours=1)
"""How long after its period a block is remembered, for decisions that began in it."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class _Held:
    """What this process holds of a limit in one period. Whoever reads or changes it holds `lock`.

    Attributes:
        left: units that nobody has taken.
        block: units that the ledger says this process holds.
        since: when it got them.
        closed: what the ledger said when it had not enough.
        asked_at: when it said so.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.left = 0
        self.block = 0
        self.since = LONG_AGO
        self.closed: Closed | None = None
        self.asked_at: datetime | None = None


class Leasing:
    """The port `Allowances`, over ledgers."""

    def __init__(self, ledgers: Ledgers, holder: str, pause: Callable[[int], None]) -> None:
        """Take blocks as `holder`, which no other process is; `pause(n)` waits, with jitter, before the n-th try
        again.
        """
        self._ledgers = ledgers
        self._holder = holder
        self._pause = pause
        self._lock = threading.Lock()
        self._held: dict[InPeriod, _Held] = {}
        self._known = KnownLimits()
        self._corrections: dict[InPeriod, int] = {}

    def closed(self, revision: Revision, now: datetime) -> Mapping[str, Closed]:
        """The volumes and budgets of a revision of which this process knows that too little is left, by their ids."""
        limits = self._known.limits(revision)
        if not limits or not self._held:
            return NOTHING_CLOSED
        closed: dict[str, Closed] = {}
        for limit in limits:
            held = self._held.get(self._known.key(limit, revision, now))
            known = held.closed if held is not None else None
            if held is None or known is None or held.asked_at is None:
                continue
            if now - held.asked_at < ASK_AGAIN_AFTER:
                closed[limit.id] = known
        return closed

    def take(self, revision: Revision, treatments: Sequence[str], now: datetime) -> Taken:
        """Take a contact's worth for each treatment, of every volume and budget that it falls under, or nothing."""
        limits = self._known.limits(revision)
        if not limits or not treatments:
            return NOTHING_TAKEN
        costs = [self._known.costs(revision, treatment_id) for treatment_id in treatments]
        units: list[tuple[InPeriod, int]] = []
        try:
            for limit, *each in zip(limits, *costs, strict=True):
                wanted = sum(each)
                if not wanted:
                    continue
                key = self._known.key(limit, revision, now)
                refused = self._take(key, whole(limit), wanted, now)
                if refused is not None:
                    self.give_back(Taken(units=tuple(units)))
                    return Taken(closed={limit.id: refused})
                units.append((key, wanted))
        except TransientError:
            self.give_back(Taken(units=tuple(units)))
            raise
        return Taken(units=tuple(units))

    def left(self, revision: Revision, now: datetime) -> Mapping[str, Left]:
        """How much every volume and budget has left in its period."""
        found: dict[str, Left] = {}
        for limit in self._known.limits(revision):
            key = self._known.key(limit, revision, now)
            ledger = self._ledgers.load(key.kind, key.ledger_id).value
            free = whole(limit) - ledger.spent - sum(ledger.blocks.values())
            found[limit.id] = Left(max(0, free), key.ends_at)
        return found

    def give_back(self, taken: Taken) -> None:
        """Let what was taken be taken by others. What this process may not keep goes back to the ledger."""
        for key, units in taken.units:
            held = self._held.get(key)
            if held is None:  # its period ended long ago
                continue
            with held.lock:
                held.left += units
                held.closed = None
                if held.left > held.block:
                    self._settle(key, held)

    def correct(self, revision: Revision, treatment: str, at: datetime, pounds: float) -> None:
        """Say what a contact cost more than was taken for it, or less; told as soon as it is as much as a block."""
        of, units = facts(*revision.treatment(treatment)), round(pounds * MICROPOUNDS)
        for limit in self._known.limits(revision):
            if not isinstance(limit, Budget) or not in_scope(limit.scope, of):
                continue
            key = self._known.key(limit, revision, at)
            with self._lock:
                owed = self._corrections.pop(key, 0) + units
                tell = abs(owed) * HELD_BACK * SHARE >= whole(limit)
                if not tell:
                    self._corrections[key] = owed
            if tell:
                self._change(key, partial(corrected, units=owed))

    def close(self) -> None:
        """Tell the ledgers what is left to tell, and give back all that this process holds: it ends. What cannot be
        given back is lost to the others.
        """
        with self._lock:
            corrections, self._corrections = self._corrections, {}
        for key, owed in corrections.items():
            if owed:
                self._change(key, partial(corrected, units=owed))
        for key, held in list(self._held.items()):
            with held.lock:
                if held.left:
                    self._settle(key, held, keep=False)

    def _take(self, key: InPeriod, all_of_it: int, wanted: int, now: datetime) -> Closed | None:
        """Take units of a limit; what is known of it where it has not so many."""
        held = self._of(key, now)
        with held.lock:
            if held.left < wanted or now - held.since >= SETTLE_AFTER:
                refusal = self._lease(key, held, all_of_it, wanted, now)
                if refusal is not None:
                    gone = refusal.gone if key.kind == "volume" else None
                    held.closed = Closed(opens_at=key.ends_at, count=gone, left=refusal.free)
                    held.asked_at = now
                    return held.closed
            else:
                held.left -= wanted
        return None

    def _lease(self, key: InPeriod, held: _Held, all_of_it: int, wanted: int, now: datetime) -> Refusal | None:
        """Spend what is wanted and take the next block, in one guarded commit.

        A commit of which nothing is known may have been made; the block as the ledger has it then is no smaller than
        what is still taken from it here, so that the ledger counts too much rather than too little.
        """
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(attempt)
            read = self._ledgers.load(key.kind, key.ledger_id)
            self._see(read.value, held)
            asked = lease(read.value, all_of_it, self._holder, held.left, wanted, int(now.timestamp()))
            if isinstance(asked, Refusal):
                return asked
            try:
                self._ledgers.store(key.kind, key.ledger_id, Versioned(asked.ledger, read.version))
            except StaleError:
                continue
            held.left = held.block = asked.block
            held.since = now
            held.closed = None
            return None
        raise TransientError(f"the {key.kind} {key.ledger_id} is contended")

    def _see(self, ledger: Ledger, held: _Held) -> None:
        """Let go of a block that was taken back meanwhile."""
        if held.block and self._holder not in ledger.blocks:
            held.left = held.block = 0

    def _settle(self, key: InPeriod, held: _Held, *, keep: bool = True) -> None:
        """Give back what is more than the block that the ledger knows of; with `keep` False the block too.

        What cannot be given back now is lost, which is never too much given out.
        """
        had, kept = held.block, min(held.left, held.block) if keep else 0
        back = held.left - kept
        held.left = held.block = kept
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(attempt)
            try:
                read = self._ledgers.load(key.kind, key.ledger_id)
                if had and self._holder not in read.value.blocks:  # taken back meanwhile
                    held.left = held.block = 0
                    return
                settled = returned(read.value, self._holder, kept + back)
                at = read.value.since.get(self._holder, 0)
                settled = holding(settled, self._holder, kept, at, spent=settled.spent)
                self._ledgers.store(key.kind, key.ledger_id, Versioned(settled, read.version))
            except StaleError:
                continue
            except TransientError:
                return
            return

    def _change(self, key: InPeriod, after: Callable[[Ledger], Ledger]) -> None:
        """Write what comes after a ledger, or give up."""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(attempt)
            try:
                read = self._ledgers.load(key.kind, key.ledger_id)
                self._ledgers.store(key.kind, key.ledger_id, Versioned(after(read.value), read.version))
            except StaleError:
                continue
            except TransientError:
                return
            return

    def _of(self, key: InPeriod, now: datetime) -> _Held:
        held = self._held.get(key)
        if held is None:
            with self._lock:
                for ended in [known for known in self._held if known.ends_at < now - FORGET_ENDED_AFTER]:
                    del self._held[ended]
                held = self._held.setdefault(key, _Held())
        return held
