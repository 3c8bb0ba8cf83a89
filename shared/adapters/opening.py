"""Who says P from outside, opened where a revision has somebody serve: where nobody does, nothing of it is imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from shared.domain.policy.policy import Policy

if TYPE_CHECKING:  # imported when asked for
    from shared.adapters.scoring.asking import Ask


class Opening:
    """Makes what asks estimators, once."""

    def __init__(self, stand_ins: Mapping[str, str], scoring_hosts: Sequence[str]) -> None:
        """Ask `scoring_hosts`, through `stand_ins` where there are any."""
        self._stand_ins = stand_ins
        self._scoring_hosts = scoring_hosts

    def __call__(self) -> Ask:
        """What asks."""
        return self._ask

    def prepare(self, policy: Policy) -> None:
        """Open what serves by a revision, so that no decision waits for it."""
        if policy.serving:
            self._ask.prepare(policy)

    @cached_property
    def _ask(self) -> Ask:
        from shared.adapters.channels.egress import Egress  # noqa: PLC0415 - see above
        from shared.adapters.scoring import Scorers  # noqa: PLC0415
        from shared.adapters.scoring.asking import Ask  # noqa: PLC0415

        return Ask(Scorers(Egress(self._stand_ins), self._scoring_hosts))
