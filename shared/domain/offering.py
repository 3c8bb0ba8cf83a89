"""What an inbound channel may show: all slots of a request filled together, under limits and contact policy at once.

The choice is the best that `shared.domain.slots` finds of the treatments that are not withheld. What is shown side by
side counts as if it were seen, in rank order, so that no cap is passed within the request. When the choice is made:

1. every treatment in it passes contact policy beside those in it that rank above;
2. no choice from the treatments that are not withheld is worth more;
3. what is withheld would be stopped beside those in it that rank above; but for what was let back in once (below).

First the ranking is walked once from the top, each treatment asked beside those taken above it. Where that walk is
proved to be the best choice, which it is for one placement without bundles, it is the answer, with nothing to be let
back in. Else what the walk found to be stopped is barred and the best choice made from the rest, again and again:

- If one in it is stopped beside those above it, the first such is barred.
- If none is, all that are barred and not stopped beside it are let back in, each once in its life: what had stood in
  their way has left. If there are none, it is done.

This ends: a treatment is barred at most twice and let in at most once, and each round does at least one of these.
A bundle that loses an action to contact policy has no whole choice left: the rest of it is not chosen either.

On outbound channels a message carries one treatment. Limits of one or more cannot be passed by one, and wanted issues
are of requests; but an action of a bundle, which is chosen whole or not at all, is not chosen alone: `to_send`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from shared.domain.arbitration import Ranking
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_policy import Withheld, counting, first_stop
from shared.domain.engagement import Slots
from shared.domain.offered import Offer, Offered
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.slots import Filled, Filler


def offer(
    policy: Policy, ranking: Ranking, slots: Slots, profile: Profile, history: ContactHistory, now: datetime
) -> Offer:
    """Fill the slots, and say what was withheld on the way.

    Args:
        policy: the compiled revision.
        ranking: the candidates, best first.
        slots: the placements asked for, with their counts.
        profile: the person's consents and flags.
        history: the person's contacts.
        now: when it is shown, UTC.
    """
    request = _Request(policy, ranking, slots, profile, history, now)
    filled = request.filled()
    offered = tuple(
        Offered(ranking.treatments[position], placement, rank)
        for (placement, _), inside in zip(request.wanted, filled.chosen, strict=True)
        for rank, position in enumerate(inside, start=1)
    )
    return Offer(offered=offered, withheld=request.withheld(filled), unmet=filled.unmet, proved=filled.bound is None)


def to_send(policy: Policy, ranked: Sequence[str]) -> Sequence[str]:
    """What may be chosen on an outbound channel of what ranks, best first: a message carries no bundle."""
    return policy.slotting.apart(ranked)


class _Beside:
    """Contact policy as the treatments of one request are taken, best first."""

    def __init__(self, request: _Request) -> None:
        self._request = request
        self._history = request.history

    def stop(self, position: int) -> Withheld | None:
        """What stops a treatment beside those taken."""
        request = self._request
        treatment = request.treatments[position]
        return first_stop(request.policy.revision, treatment, request.profile, self._history, request.now)

    def take(self, position: int) -> None:
        """Count one more as seen."""
        request = self._request
        treatment = request.treatments[position]
        self._history = counting(request.policy.revision, self._history, treatment, request.now)


class _Request:
    """One request while its slots are filled; treatments are known by their position in the ranking."""

    def __init__(
        self,
        policy: Policy,
        ranking: Ranking,
        slots: Slots,
        profile: Profile,
        history: ContactHistory,
        now: datetime,
    ) -> None:
        self.policy, self.profile, self.history, self.now = policy, profile, history, now
        self.treatments = ranking.treatments
        self.wanted = slots.wanted()
        self._priorities = ranking.priorities
        self._numbers = policy.slotting.numbers(ranking.treatments)
        self._barred: dict[int, Withheld] = {}
        self._alone: dict[int, bool] = {}

    def filled(self) -> Filled:
        """The choice."""
        filler = self.policy.slotting.filler(sum(count for _, count in self.wanted))
        return self._walked(filler) or self._settled(filler)

    def _walked(self, filler: Filler) -> Filled | None:
        """The choice of one walk down the ranking, None where a better one may be."""
        beside = _Beside(self)

        def passes(position: int) -> bool:
            stop = beside.stop(position)
            if stop is not None:
                self._barred[position] = stop
            return stop is None

        return filler.walk(self._numbers, self.wanted, passes, beside.take)

    def _settled(self, filler: Filler) -> Filled:
        """The choice from what is not barred, made until nothing more is to be barred or let in."""
        let_in: set[int] = set()
        while True:
            filled = filler.fill(self._numbers, self._priorities, self.wanted, self._may)
            chosen = sorted(position for inside in filled.chosen for position in inside)
            if self._bars_one_of(chosen):
                continue
            back = self._free_beside(chosen, self._barred.keys() - let_in)
            if not back:
                return filled
            let_in.update(back)
            for position in back:
                del self._barred[position]

    def _bars_one_of(self, chosen: Sequence[int]) -> bool:
        """Bar the first that is stopped beside those above it; whether there is one."""
        beside = _Beside(self)
        for position in chosen:
            stop = beside.stop(position)
            if stop is not None:
                self._barred[position] = stop
                return True
            beside.take(position)
        return False

    def _free_beside(self, chosen: Sequence[int], others: Iterable[int]) -> list[int]:
        """Those among others that nothing stops beside those chosen above them."""
        beside, free = _Beside(self), []
        rest = iter(chosen)
        above = next(rest, None)
        for position in sorted(others):
            while above is not None and above < position:
                beside.take(above)
                above = next(rest, None)
            if beside.stop(position) is None:
                free.append(position)
        return free

    def _may(self, position: int) -> bool:
        """Whether a treatment may be chosen at all: it is not barred, and passes by itself."""
        if position in self._barred:
            return False
        if position not in self._alone:
            self._alone[position] = _Beside(self).stop(position) is None
        return self._alone[position]

    def withheld(self, filled: Filled) -> tuple[Withheld, ...]:
        """What contact policy stops beside those chosen above it, as far down as it could have been chosen: to the last
        that is chosen in its placement, and to the end where a slot of that is empty. Nothing of an action that is
        chosen. Besides, what stays barred although nothing stops it beside the choice: had it been let in again, it
        would have been stopped again, as an action of a bundle is that a cap does not let be whole.
        """
        end = {
            placement: inside[-1] if len(inside) == count else len(self.treatments)
            for (placement, count), inside in zip(self.wanted, filled.chosen, strict=True)
            if count
        }
        chosen = {position for inside in filled.chosen for position in inside}
        rows = self.policy.rows
        actions = {rows[self._numbers[position]][0].id for position in chosen}
        beside, found = _Beside(self), []
        for position in range(max([*end.values(), *(barred + 1 for barred in self._barred)], default=0)):
            if position in chosen:
                beside.take(position)
                continue
            action, treatment = rows[self._numbers[position]]
            near = position < end.get(None, end.get(treatment.placement, 0))
            if action.id in actions or not (near or position in self._barred):
                continue
            stop = beside.stop(position)
            if stop is not None and near:
                found.append(stop)
            elif stop is None and position in self._barred:
                found.append(self._barred[position])
        return tuple(found)
