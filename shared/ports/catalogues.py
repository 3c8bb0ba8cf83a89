"""What decides: revisions of the catalogue, and what the models know. Cached in each process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from shared.domain.catalogue import Revision
from shared.domain.governance.switches import SwitchedOff
from shared.domain.policy.policy import Policy
from shared.domain.propensity import Counts


class Catalogues(Protocol):
    """Built revisions of the catalogue, and which of them decides for whom."""

    def current(self) -> Policy:
        """The live revision, compiled; cached, refreshed behind the answer.

        Raises:
            TransientError: none is live.
        """

    def deciding(self, person_id: str) -> Policy:
        """The revision that decides for a person, compiled: what is live, or a canary; as fresh as `current`.

        Raises:
            TransientError: none is live.
        """

    def switched_off(self) -> Sequence[SwitchedOff]:
        """What is switched off, as fresh as `current`; what is so for long is in force everywhere within seconds.

        Raises:
            TransientError: no revision is live.
        """

    def get(self, revision: str) -> Policy:
        """A revision by its id, compiled; cached for ever.

        Raises:
            NotFoundError: there is none such.
        """

    def keep(self, revision: Revision) -> None:
        """Store a revision, which decides nothing by that."""

    def publish(self, revision: Revision) -> None:
        """Store a revision and let it decide past governance, in a world of its own such as a bench's: what governs a
        shared one are `Releases`, whose log does not account for this.
        """


class Models(Protocol):
    """The adaptive models' counts."""

    def counts(self) -> Mapping[str, Counts]:
        """All counts by model id, with those of pairs of predictors under a name that no model has; cached, refreshed
        behind the answer.
        """


class Associations(Protocol):
    """How closely predictors are associated: a part of the models' state, which their counts tell too."""

    def associate(self, associations: Mapping[str, int]) -> None:
        """Keep it, in thousandths by the digests of two, in place of what was known of it."""
