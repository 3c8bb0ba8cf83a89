"""What a person's contacts count in, one contact after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from shared.domain.contact import Contact
from shared.domain.contact_past import Folded


class Plan(NamedTuple):
    """What is counted of contacts that are of the same: by outcome, and of several outcomes as one. Each is a tally,
    with the rule that it is of or with the instant after which that counts.
    """

    tallies: dict[str, tuple[tuple[int, Any], ...]]
    latest: tuple[tuple[tuple[str, ...], int, Any], ...]


class Counting:
    """Counts contacts from some instants on."""

    def __init__(
        self, plan: Callable[[tuple[str, ...]], Plan], since: Sequence[datetime], oldest: Mapping[str, datetime]
    ) -> None:
        """Take what says what is counted of contacts, for each rule the instant after which it counts, and for each
        outcome the earliest of these.
        """
        self._plan = plan
        self._since = since
        self._plans: dict[Any, Plan] = {}
        self._oldest = oldest

    def __call__(
        self,
        contacts: Iterable[Contact | Folded],
        what_of: Callable[[Any], tuple[str, ...]],
        now: datetime,
        base: int,
        counts: Callable[[int], None],
    ) -> None:
        """Tell the tallies that a person's contacts count in. Most are too long ago for any, which is seen at once."""
        oldest = self._oldest
        for contact in contacts:
            outcomes = contact.outcomes
            if contact.state != "presented":
                if not contact.counts(now):
                    continue
                outcomes = {**outcomes, "sent": contact.at}
            for outcome, at in outcomes.items():
                since = oldest.get(outcome)
                if since is not None and at > since:
                    self._count(what_of(contact), outcomes, base, counts)
                    break

    def _count(
        self, what: tuple[str, ...], outcomes: Mapping[str, datetime], base: int, counts: Callable[[int], None]
    ) -> None:
        tallies, latest = self._plans.get(what) or self._planned(what)
        for outcome, at in outcomes.items():
            for tally, since in tallies.get(outcome, ()):
                if at > since:
                    counts(base + tally)
        for names, tally, since in latest:
            for name in names:
                if name in outcomes and outcomes[name] > since:
                    counts(base + tally)
                    break

    def _planned(self, what: tuple[str, ...]) -> Plan:
        plan, since = self._plan(what), self._since
        found = self._plans[what] = Plan(
            {name: tuple([(tally, since[n]) for tally, n in tallies]) for name, tallies in plan.tallies.items()},
            tuple([(names, tally, since[n]) for names, tally, n in plan.latest]),
        )
        return found
