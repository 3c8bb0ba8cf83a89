"""Watching: whether a canary goes on, waits or is stopped, by what its persons met with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from functions.records.changing import WorthOfChange
from functions.records.proving import Evidence
from shared.domain.errors import InvalidError
from shared.domain.releasing.guards import SETTLING_SECONDS, Look, Watched, look, steps, strictest
from shared.ports import Catalogues
from shared.ports.measuring import Canary, Measures

LOGGED = timedelta(days=28)
"""How far back decisions are evaluated by."""


class Watch:
    """The use case over its ports."""

    def __init__(
        self,
        measures: Measures,
        catalogues: Catalogues,
        evaluate: Callable[[str, datetime, datetime], WorthOfChange],
        evidence: Evidence,
    ) -> None:
        """Count by `measures`, by the gates that `catalogues` have; `evaluate` says what a change would be worth, and
        `evidence` is what there is of estimators.
        """
        self._measures = measures
        self._catalogues = catalogues
        self._evaluate = evaluate
        self._evidence = evidence

    def __call__(self, revision: str, live: str, share: int, since: datetime, now: datetime) -> Look:
        """Look at a canary that has had its share since `since`; before it goes on, its off-policy value is worked out.

        Raises:
            InvalidError: no canary has such a share.
            NotFoundError: there is no such revision.
            TransientError: the history did not answer.
        """
        mine, theirs = (self._catalogues.get(each).revision.catalogue.gates for each in (revision, live))
        known = steps(theirs, mine)
        if share not in known:
            raise InvalidError(f"is none of {', '.join(map(str, known))}", field="share")
        guards = strictest(theirs.guards, mine.guards)
        settled = since + timedelta(seconds=SETTLING_SECONDS)
        canary, others = self._measures.canary(Canary(revision, live, guards.slow_ms), settled, max(now, settled))
        found = look(guards, known[share], canary, others, since=since, now=now)
        if found.verdict != "go_on" or guards.off_policy is None:
            return found
        watched = off_policy(self._evaluate(revision, now - LOGGED, now), guards.off_policy)
        return msgspec.structs.replace(
            found,
            verdict="stop" if watched.tripped else "go_on",
            said=watched.said if watched.tripped else found.said,
            guards=(*found.guards, watched),
        )

    def value(self, revision: str, live: str, now: datetime) -> Watched:
        """Whether logged decisions say that a change would cost more of their value than the gates of both allow, or an
        estimator would begin to serve without evidence that it says P better.

        Raises:
            NotFoundError: there is no such revision.
            TransientError: the history did not answer.
        """
        unproven = self._evidence.missing(self._catalogues.get(revision), self._catalogues.get(live), now.date())
        if unproven:
            return Watched(guard="evidence", tripped=True, said=f"evidence: {'; '.join(unproven)}", canary=0, live=0)
        gates = [self._catalogues.get(each).revision.catalogue.gates for each in (revision, live)]
        limits = [each.most_value_fall for each in gates if each.most_value_fall is not None]
        if not limits:
            said = "off_policy: no gate asks for it"
            return Watched(guard="off_policy", tripped=False, said=said, canary=0, live=0)
        return off_policy(self._evaluate(revision, now - LOGGED, now), min(limits))


def off_policy(found: WorthOfChange, most_loss: float) -> Watched:
    """The guard of the value: tripped where logged decisions say that the change costs more than that share of it."""
    pounds = next((each for each in found.worth if each.measure == "pounds"), None)
    said, tripped = "off_policy: no decision was drawn or left to chance, so nothing can be said", False
    if pounds is not None and pounds.difference is None:
        said = f"off_policy: {pounds.refused}"
    elif pounds is not None and pounds.difference is not None:
        low, high = pounds.difference.low, pounds.difference.high
        tripped = high < -most_loss * pounds.now
        said = (
            f"off_policy: £{1000 * low:+,.2f} to £{1000 * high:+,.2f} of a thousand decisions that are worth "
            f"£{1000 * pounds.now:,.2f}, where {most_loss:.0%} may be lost"
        )
    return Watched(guard="off_policy", tripped=tripped, said=said, canary=found.changing, live=found.decisions)
