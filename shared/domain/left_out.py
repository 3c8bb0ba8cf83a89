"""Why a treatment that ranks and that contact policy lets through is not in the slots of a request: limits, bundles,
wanted issues, and what is worth more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from shared.domain.catalogue import Action
from shared.domain.decision import DecisionRecord
from shared.domain.offered import Offer
from shared.domain.policy.policy import Policy
from shared.domain.scoring import Scoring
from shared.domain.slot_rules import Bundle


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """A treatment that ranks above one in its placement and is not shown, and why."""

    treatment: str
    because: str


class Slotted:
    """What fills the slots of a request, to be asked about the rest."""

    def __init__(self, policy: Policy, record: DecisionRecord, scoring: Scoring, offer: Offer) -> None:
        """Compare with the offer.

        Args:
            policy: the compiled revision.
            record: the decision.
            scoring: its candidates, best first.
            offer: what fills the slots.
        """
        self._revision = policy.revision
        self._rules = policy.revision.catalogue.slots
        self._wanted = dict(record.slots.wanted())
        self._scoring = scoring
        self._place = {treatment: number for number, treatment in enumerate(scoring.treatments)}
        self._in = {each.treatment: each.placement for each in offer.offered}
        self._offer = offer
        self._withheld = {each.treatment: each for each in offer.withheld}

    def left_out(self) -> Iterator[LeftOut]:
        """Every treatment that ranks above the last in its placement, is not shown, and that no rule withholds."""
        for treatment in self._scoring.treatments:
            if treatment in self._in or treatment in self._withheld:
                continue
            placement = self._placement(treatment)
            inside = [other for other, where in self._in.items() if where == placement]
            full = len(inside) == self._wanted.get(placement)
            if full and all(self._ranks_above(other, treatment) for other in inside):
                continue
            yield LeftOut(treatment=treatment, because=self.why(treatment))

    def why(self, treatment: str) -> str:
        """Why a treatment is not shown, in a sentence or two."""
        stop = self._withheld.get(treatment)
        if stop is not None:
            return f"Withheld by {stop.kind} {stop.rule}, beside what is shown above it."
        action = self._action(treatment)
        same = next((other for other in self._in if self._action(other).id == action.id), None)
        if same is not None:
            return f"No action is shown twice, and {same} is of the same."
        reasons = [*self._by_bundle(action), *self._by_limits(treatment)] or [self._by_slots(treatment)]
        return " ".join(reasons)

    def remarks(self) -> Iterator[str]:
        """Why none of an issue is shown of which one is wanted, and whether a better choice may have been missed."""
        for issue in self._offer.unmet:
            slots = self._rules.at_least_one_of[issue]
            ranked = [t for t in self._scoring.treatments if self._action(t).issue == issue]
            if not ranked:
                why = "none of its actions is a candidate here"
            elif all(treatment in self._withheld for treatment in ranked):
                why = "contact policy withholds all that rank"
            else:
                why = "limits, bundles or mandatory actions leave no slot for it"
            yield f"Of issue {issue} one is wanted in a request of {slots} slots or more, and none is shown: {why}."
        if not self._offer.proved:
            yield "Bundles stand in each other's way: the search was cut short, and another choice may be better."

    def _by_bundle(self, action: Action) -> Iterator[str]:
        bundle = next((bundle for bundle in self._rules.bundles if action.id in bundle.actions), None)
        if bundle is None:
            return
        whole = f"Bundle {bundle.name} is shown whole or not at all"
        missing = list(self._missing(bundle, action))
        slots = sum(self._wanted.values())
        if len(bundle.actions) > slots:
            yield f"{whole}: it takes {len(bundle.actions)} slots, of which the request has {slots}."
        elif missing:
            yield f"{whole}: {', '.join(missing)}."
        else:
            best = [self._best(member) for member in bundle.actions]
            yield f"{whole}: its actions are worth {sum(best):.4g} together, and the slots are worth more otherwise."

    def _missing(self, bundle: Bundle, action: Action) -> Iterator[str]:
        """The other actions of a bundle that could not be shown, and why."""
        for member in bundle.actions:
            ranked = [t for t in self._scoring.treatments if self._action(t).id == member]
            withheld = [self._withheld[t] for t in ranked if t in self._withheld]
            if member == action.id:
                continue
            if not ranked:
                yield f"{member} is no candidate here"
            elif len(withheld) == len(ranked):
                yield f"{member} is withheld by {withheld[0].kind} {withheld[0].rule}"

    def _by_limits(self, treatment: str) -> Iterator[str]:
        action = self._action(treatment)
        for what, name, limit in (
            ("group", action.group, self._rules.of_group(action.group)),
            ("issue", action.issue, self._rules.of_issue(action.issue)),
        ):
            inside = [other for other in self._in if getattr(self._action(other), what) == name]
            if limit is not None and len(inside) >= limit:
                yield f"At most {limit} of {what} {name}: {self._against(treatment, inside)}."

    def _by_slots(self, treatment: str) -> str:
        """The placement is full."""
        placement = self._placement(treatment)
        count = self._wanted.get(placement, 0)
        where = placement or "the channel"
        inside = [other for other, at in self._in.items() if at == placement]
        slots = f"{count} slot" + ("" if count == 1 else "s")
        if len(inside) < count:
            return f"{where} has {slots}, of which {len(inside)} are filled, and it fits beside nothing in them."
        return f"{where} has {slots}: {self._against(treatment, inside)}."

    def _against(self, treatment: str, others: Iterable[str]) -> str:
        """Those that are shown instead, with their priorities, against that of a treatment."""
        above, below = [], []
        for other in others:
            worth = f"{other} ({self._priority(other):.4g})"
            if self._ranks_above(other, treatment):
                above.append(worth)
            else:
                below.append(f"{worth}{self._because_of(other)}")
        mine = f"it ({self._priority(treatment):.4g})"
        said = []
        if above:
            said.append(f"{_listed(above)} {'ranks' if len(above) == 1 else 'rank'} above {mine}")
        if below:
            verb = "ranks" if len(below) == 1 else "rank"
            said.append(f"{_listed(below)} {verb} below {mine}, and all that is shown is worth more together so")
        return "; ".join(said)

    def _because_of(self, other: str) -> str:
        """What else speaks for one that is shown."""
        action = self._action(other)
        bundle = next((bundle.name for bundle in self._rules.bundles if action.id in bundle.actions), None)
        if bundle is not None:
            return f" of bundle {bundle}"
        of_issue = [each for each in self._in if self._action(each).issue == action.issue]
        wanted = self._rules.wanted(sum(self._wanted.values()))
        return f" of the wanted issue {action.issue}" if action.issue in wanted and len(of_issue) == 1 else ""

    def _placement(self, treatment: str) -> str | None:
        return None if None in self._wanted else self._revision.treatment(treatment)[1].placement

    def _action(self, treatment: str) -> Action:
        return self._revision.treatment(treatment)[0]

    def _priority(self, treatment: str) -> float:
        return self._scoring.priorities[self._place[treatment]]

    def _best(self, action: str) -> float:
        own = [t for t in self._scoring.treatments if self._action(t).id == action and t not in self._withheld]
        return max((self._priority(treatment) for treatment in own), default=0.0)

    def _ranks_above(self, one: str, other: str) -> bool:
        return self._place[one] < self._place[other]


def _listed(items: list[str]) -> str:
    *first, last = items
    return f"{', '.join(first)} and {last}" if first else last
