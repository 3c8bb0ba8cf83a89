"""What an inbound channel may show: all slots of a request filled together, under limits and contact policy at once.

The choice is the best that `shared.domain.slots` finds of the treatments that are not withheld. What is shown side by
side counts as if it were seen, so that no rule is broken within the request: each treatment is asked beside those that
come before it. Before all others come mandatory ones, then the best of each wanted issue, which outweigh the rest in
the choice too; otherwise what ranks above comes before. When the choice is made:

1. every treatment in it passes contact policy beside those in it that come before;
2. no choice from the treatments that are not withheld is worth more;
3. what is withheld would be stopped beside those in it that come before, but for what was let in once (below).

First the ranking is walked once from the top, each treatment asked beside those taken above it. Where that walk is
proved to be the best choice, as it is for one placement without bundles and wanted issues, it is the answer; of one
slot it needs no more than a look at what is stopped. Else
nothing is barred at first, and the best choice of what is not barred and passes alone is made again and again:

- If one in it is stopped beside those before it, the first such is barred, and with it everything that comes after it
  and is stopped beside the same.
- If none is, all that are barred and not stopped beside those in the choice that come before are let in again, each
  once in its life: what had stood in their way has left. If there are none, the choice is made.

This ends: a treatment is barred at most twice and let in at most once, and each round does at least one of these.
A bundle that loses an action in a choice has no whole left: it is withdrawn, and that action is not let in again.

On outbound channels a message carries one treatment. Limits of one or more cannot be passed by one, and wanted issues
are of requests; but an action of a bundle, which is chosen whole or not at all, is not chosen alone: `to_send`.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from shared.domain.catalogue import Action, Treatment
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_policy import NOTHING_CLOSED, Closed, Limits, Withheld
from shared.domain.engagement import Slots
from shared.domain.governance.switches import NOTHING_OFF, SwitchedOff
from shared.domain.offered import BestFirst, Offer, Offered
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.slots import Filled, Filler


def offer(
    policy: Policy,
    ranked: BestFirst,
    slots: Slots,
    profile: Profile,
    history: ContactHistory,
    now: datetime,
    *,
    closed: Mapping[str, Closed] = NOTHING_CLOSED,
    off: Sequence[SwitchedOff] = NOTHING_OFF,
    holds_out: bool = True,
) -> Offer:
    """Fill the slots, and say what was withheld on the way. Nothing waits for the end of quiet hours: who asks is
    answered now.

    Args:
        policy: the compiled revision.
        ranked: the candidates, best first.
        slots: the placements asked for, with their counts.
        profile: the person's consents, flags, time zone and preferences.
        history: the person's contacts.
        now: when it is shown, UTC.
        closed: volumes and budgets, by the rule's id, of which too little is left.
        off: what is switched off.
        holds_out: whether holdouts count.
    """
    among = policy.masks.slots(slots.channels, slots.placements)
    limits = Limits(policy.contact_rules, profile, history, now, closed, off=off, holds_out=holds_out, among=among)
    wanted = slots.wanted()
    if len(wanted) == 1 and wanted[0][1] == 1 and not policy.slotting.wants_of_one:
        first = _first(policy, ranked.rows, wanted[0][0], limits)
        if first is not None:
            return first
    request = _Request(policy, ranked, wanted, limits)
    filled = request.filled()
    offered = tuple(
        [
            Offered(request.treatment(position).id, placement, rank)
            for (placement, _), inside in zip(request.wanted, filled.chosen, strict=True)
            for rank, position in enumerate(inside, start=1)
        ]
    )
    return Offer(offered=offered, withheld=request.withheld(filled), unmet=filled.unmet, proved=filled.bound is None)


def to_send(policy: Policy, ranked: Iterable[str]) -> Iterable[str]:
    """What may be chosen on an outbound channel of what ranks, best first: a message carries no bundle."""
    return policy.slotting.apart(ranked)


def _first(policy: Policy, rows: Iterable[int], placement: str | None, limits: Limits) -> Offer | None:
    """The offer of one slot, where no issue is wanted: what ranks first of what nothing stops; None where that is of a
    bundle.
    """
    stopped, chosen = limits.stopped, ""
    offered: tuple[Offered, ...] = ()
    above: list[int] = []
    for row in rows:
        action, treatment = policy.rows[row]
        if placement is not None and treatment.placement != placement:
            continue
        if not stopped >> row & 1:
            if policy.slotting.is_bundled(treatment.id):
                return None
            chosen, offered = action.id, (Offered(treatment.id, placement, 1),)
            break
        above.append(row)
    stops = [limits.stop(row) for row in above if policy.rows[row][0].id != chosen]
    return Offer(offered=offered, withheld=tuple([stop for stop in stops if stop is not None]))


class _Beside:
    """Contact policy as the treatments of one request are taken.

    It does not know the request, which knows it: what stands in no cycle is gone as soon as it is done with.
    """

    def __init__(self, limits: Limits, rows: Sequence[int]) -> None:
        self._limits = limits.copy()
        self._rows = rows
        self._taken: list[int] = []

    def stops(self, position: int) -> bool:
        """Whether a treatment is stopped beside those taken."""
        if self._taken:
            self._count()
        return bool(self._limits.stopped >> self._rows[position] & 1)

    def stopped(self, positions: Iterable[int]) -> list[int]:
        """Those treatments that are."""
        if self._taken:
            self._count()
        stopped, rows = self._limits.stopped, self._rows
        return [position for position in positions if stopped >> rows[position] & 1]

    def why(self, position: int) -> Withheld:
        """Why one is that is."""
        stop = self._limits.stop(self._rows[position])
        assert stop is not None, "only what is stopped is asked about"
        return stop

    def take(self, position: int) -> None:
        """Count one more as seen, once another is asked about."""
        self._taken.append(position)

    def _count(self) -> None:
        for position in self._taken:
            self._limits.add(self._rows[position])
        self._taken.clear()


class _Request:
    """One request while its slots are filled; treatments are known by their position in the ranking."""

    def __init__(
        self, policy: Policy, ranked: BestFirst, wanted: Sequence[tuple[str | None, int]], limits: Limits
    ) -> None:
        self.policy, self.limits = policy, limits
        self.wanted = wanted
        self.rows: Sequence[int] = ranked.rows
        self._priorities = ranked.priorities
        self._slots = sum(count for _, count in self.wanted)
        self._issues = policy.revision.catalogue.slots.wanted(self._slots)
        self._alone = 0
        self._barred: set[int] = set()
        self._final: dict[int, Withheld] = {}
        self._walked: _Beside | None = None

    def action(self, position: int) -> Action:
        """The action of a treatment."""
        return self.policy.rows[self.rows[position]][0]

    def treatment(self, position: int) -> Treatment:
        """A treatment."""
        return self.policy.rows[self.rows[position]][1]

    def filled(self) -> Filled:
        """The choice."""
        filler = self.policy.slotting.filler(self._slots)
        beside = _Beside(self.limits, self.rows)
        walked = filler.walk(self.rows, self.wanted, lambda position: not beside.stops(position), beside.take)
        if walked is not None and not (self._issues and self._bars(walked)):
            self._walked = beside
            return walked
        return self._settled(filler)

    def _settled(self, filler: Filler) -> Filled:
        """The choice from what is not barred, made until nothing more is to be barred or let in."""
        self.rows = list(self.rows)  # which are asked for again and again
        self._barred.clear()
        self._final.clear()
        self._alone = self.limits.stopped
        was_in: set[int] = set()
        while True:
            filled = filler.fill(self.rows, self._priorities, self.wanted, self._may)
            if self._bars(filled, was_in):
                continue
            back = self._free(filled, self._barred - was_in - self._final.keys())
            if not back:
                return filled
            was_in.update(back)
            self._barred.difference_update(back)

    def _may(self, position: int) -> bool:
        """Whether a treatment may be chosen at all: it is not barred, and passes by itself."""
        return position not in self._barred and not self._alone >> self.rows[position] & 1

    def _bars(self, filled: Filled, was_in: Container[int] = ()) -> bool:
        """Bar the first in a choice that is stopped beside those before it, and all after it that are stopped beside
        the same; whether there is one. What had been let in, and an action of a bundle, is barred for good.
        """
        order, beside = self._order(filled), _Beside(self.limits, self.rows)
        before: set[int] = set()
        for first in sorted(_chosen(filled), key=order):
            if not beside.stops(first):
                beside.take(first)
                before.add(first)
                continue
            if self.policy.slotting.is_bundled(self.treatment(first).id):
                self._final[first] = beside.why(first)
            for position in range(len(self.rows)):
                if beside.stops(position) and position not in before and order(position) >= order(first):
                    self._barred.add(position)
                    if position in was_in:
                        self._final.setdefault(position, beside.why(position))
            return True
        return False

    def _free(self, filled: Filled, positions: Iterable[int]) -> list[int]:
        """Those that nothing stops beside those in a choice that come before them."""
        return [position for position, beside in self._asked(filled, positions) if not beside.stops(position)]

    def _asked(self, filled: Filled, positions: Iterable[int]) -> Iterator[tuple[int, _Beside]]:
        """Each of some treatments, none of them in a choice, beside those in it that come before."""
        order, chosen = self._order(filled), _chosen(filled)
        beside = _Beside(self.limits, self.rows)
        for position in sorted(chosen.union(positions), key=order):
            if position in chosen:
                beside.take(position)
            else:
                yield position, beside

    def _order(self, filled: Filled) -> Callable[[int], tuple[int, int]]:
        """What a treatment comes before, beside a choice: by its weight in it, then by its rank."""
        best: dict[str, int] = {}
        for position in sorted(_chosen(filled)) if self._issues else ():
            best.setdefault(self.action(position).issue, position)

        def order(position: int) -> tuple[int, int]:
            action = self.action(position)
            if action.mandatory:
                return 0, position
            leads = action.issue in self._issues and position <= best.get(action.issue, position)
            return (1 if leads else 2), position

        return order

    def withheld(self, filled: Filled) -> tuple[Withheld, ...]:
        """What contact policy stops beside those chosen before it, as far down as it could have been chosen: to the
        last that is chosen in its placement, and to the end where a slot of that is empty. Nothing of an action that is
        chosen. Besides, what is barred for good although nothing stops it beside the choice, as an action of a bundle
        is that a cap does not let be whole.
        """
        end = {
            placement: inside[-1] if len(inside) == count else len(self.rows)
            for (placement, count), inside in zip(self.wanted, filled.chosen, strict=True)
            if count
        }
        near: Iterable[int] = range(max(end.values(), default=0))
        if self._walked is not None and self.policy.contact_rules.only_tightens:
            # what is stopped beside some of those taken is stopped beside all of them
            near = self._walked.stopped(near)
            if not near:
                return ()
        chosen = _chosen(filled)
        near = {p for p in near if p < end.get(None, end.get(self.treatment(p).placement, 0))} - chosen
        actions = {self.action(position).id for position in chosen}
        found: dict[int, Withheld] = {}
        for position, beside in self._asked(filled, near.union(self._final) - chosen):
            if self.action(position).id in actions:
                continue
            if not beside.stops(position):
                found.update({position: self._final[position]} if position in self._final else {})
            elif position in near:
                found[position] = beside.why(position)
        return tuple(stop for _, stop in sorted(found.items()))


def _chosen(filled: Filled) -> set[int]:
    """The positions in a choice."""
    return {position for inside in filled.chosen for position in inside}
