"""Our models on these contacts, as the platform runs them: counts learn from every outcome, and what scores is made of
the counts once in a while.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cli.bench.learning.catalogue import STARTING, attribute, predictors
from cli.bench.learning.contacts import Contact
from shared.domain.classifier import Classifier, Model
from shared.domain.observed import Increment, Lesson
from shared.domain.predictors import Predictors
from shared.domain.propensity import Tally, taught

_AT = datetime(2010, 1, 1, tzinfo=UTC)
_MODEL = "deposit.call@call_centre"


class Ours:
    """One model, of one treatment."""

    def __init__(self) -> None:
        """Take what the catalogue declares."""
        self.predictors = Predictors(predictors())
        self._tally = Tally()
        self.renew()

    def renew(self) -> None:
        """Make what scores of today's counts, as a process does once a minute."""
        self._classifier = Classifier([Model(_MODEL, STARTING)], self.predictors, {_MODEL: self._tally.counts()})

    def bins(self, contact: Contact) -> list[int]:
        """The bins that the called is in."""
        return self.predictors({"profile": {attribute(name): value for name, value in contact.known.items()}})

    def predict(self, contact: Contact) -> float:
        """P of a contact."""
        return float(self._classifier(self.bins(contact))[0])

    def carried(self, contact: Contact) -> str:
        """What a delivery would carry of it."""
        return self.predictors.named(self.bins(contact))

    def taught(self, bins: str, *, accepted: bool) -> None:
        """Learn what became of what a delivery carries."""
        self._tally.add(taught((Increment(Lesson(accepted, _AT), 1),), bins))

    def learn_all(self, some: Sequence[Contact]) -> None:
        """Learn from many, and renew."""
        for contact in some:
            self.taught(self.carried(contact), accepted=contact.accepted)
        self.renew()
