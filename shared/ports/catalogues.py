"""What decides: revisions of the catalogue, and what the models know. Cached in each process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from shared.domain.catalogue import Revision
from shared.domain.policy.policy import Policy
from shared.domain.propensity import Counts


class Catalogues(Protocol):
    """Built revisions of the catalogue, and which of them is live."""

    def current(self) -> Policy:
        """The live revision, compiled; cached, refreshed behind the answer.

        Raises:
            TransientError: none is live.
        """

    def get(self, revision: str) -> Policy:
        """A revision by its id, compiled; cached for ever.

        Raises:
            NotFoundError: there is none such.
        """

    def publish(self, revision: Revision) -> None:
        """Store a revision and make it live."""


class Models(Protocol):
    """The adaptive models' counts."""

    def counts(self) -> Mapping[str, Counts]:
        """All counts by model id; cached, refreshed behind the answer."""
