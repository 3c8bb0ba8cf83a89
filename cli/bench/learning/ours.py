"""Our models on these contacts, as the platform runs them: counts learn from every outcome, and what scores is made of
the counts once in a while.
"""

from __future__ import annotations

from collections.abc import Sequence

from cli.bench.learning.catalogue import LEARNING, STARTING, attribute, predictors
from cli.bench.learning.contacts import Contact
from shared.domain.classifier import Classifier, Model
from shared.domain.predictors import Predictors, Taught, taught_by
from shared.domain.propensity import Tally

_MODEL = "deposit.call@call_centre"


class Ours:
    """One model, of one treatment."""

    def __init__(self) -> None:
        """Take what the catalogue declares."""
        self.predictors = Predictors(predictors(), LEARNING)
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

    def learn(self, by: Taught, *, accepted: bool) -> None:
        """Learn what became of a delivery, of what was known when it was made."""
        self._tally.learn(by, accepted=accepted)

    def learn_all(self, some: Sequence[Contact]) -> None:
        """Learn from many, and renew."""
        for contact in some:
            self.learn(taught_by(self.carried(contact)), accepted=contact.accepted)
        self.renew()
