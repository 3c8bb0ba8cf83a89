"""Our models on these contacts, as the platform runs them: counts learn from every outcome, and what scores is made of
the counts once in a while.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from msgspec.structs import replace

from cli.bench.learning.catalogue import LEARNING, STARTING, attribute, predictors
from cli.bench.learning.contacts import Contact
from shared.domain.classifier import Classifier, Model
from shared.domain.forgetting import Era, day
from shared.domain.observed import Increment, Lesson
from shared.domain.predictors import Predictors
from shared.domain.propensity import Tally, present, taught

_MODEL = "deposit.call@call_centre"


class Ours:
    """One model, of one treatment."""

    def __init__(self, half_life_days: int | None = None) -> None:
        """Take what the catalogue declares; what is learnt counts half after so many days."""
        self.predictors = Predictors(predictors(), replace(LEARNING, half_life_days=half_life_days))
        self._tallies: defaultdict[Era | None, Tally] = defaultdict(Tally)
        self.renew(0)

    def renew(self, today: int) -> None:
        """Make what scores of the counts as they are on a day, as a process does once a minute."""
        counts = present([tally.counts(era) for era, tally in self._tallies.items()], today)
        self._classifier = Classifier([Model(_MODEL, STARTING)], self.predictors, {_MODEL: counts})

    def bins(self, contact: Contact) -> list[int]:
        """The bins that the called is in."""
        return self.predictors({"profile": {attribute(name): value for name, value in contact.known.items()}})

    def predict(self, contact: Contact) -> float:
        """P of a contact."""
        return float(self._classifier(self.bins(contact))[0])

    def carried(self, contact: Contact) -> str:
        """What a delivery would carry of it."""
        return self.predictors.named(self.bins(contact))

    def learn(self, carried: str, lesson: Lesson) -> None:
        """Learn what became of a delivery as feedback does, by what the delivery carries."""
        for counts in taught([Increment(lesson, 1)], carried):
            self._tallies[counts.era].add(counts)

    def learn_all(self, some: Sequence[Contact]) -> None:
        """Learn from many, and renew."""
        for contact in some:
            self.learn(self.carried(contact), Lesson(contact.accepted, contact.at))
        if some:
            self.renew(day(some[-1].at.timestamp()))
