"""Our models on these contacts, as the platform runs them: counts learn from every outcome, and what scores is made of
the counts once in a while.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from cli.bench.learning.catalogue import LEARNING, STARTING, attribute, predictors
from cli.bench.learning.contacts import Contact
from shared.domain.classifier import Classifier, Model
from shared.domain.forgetting import Era, day
from shared.domain.lessons import Lessons, teach
from shared.domain.observed import Increment, Lesson
from shared.domain.predictors import Predictors
from shared.domain.propensity import Counts, Tally, present

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

    def learnt(self, some: Sequence[Contact]) -> list[Counts]:
        """What became of contacts as a commit learns it, from what was known of each."""
        return together([(self.carried(contact), became(contact)) for contact in some])

    def learn_all(self, some: Sequence[Contact]) -> None:
        """Learn from many, and renew."""
        for counts in self.learnt(some):
            self._tallies[counts.era].add(counts)
        if some:
            self.renew(day(some[-1].at.timestamp()))


def became(contact: Contact) -> tuple[Increment, ...]:
    """What became of a contact, as a delivery learns it."""
    return (Increment(Lesson(contact.accepted, contact.at), 1),)


def together(some: Iterable[tuple[str, tuple[Increment, ...]]]) -> list[Counts]:
    """What became of deliveries as feedback learns it in one commit, by what each carries: what the commit adds to the
    counts, by era.
    """
    every: defaultdict[Era | None, Lessons] = defaultdict(Lessons)
    for carried, increments in some:
        teach(every.__getitem__, increments, carried)
    return [lessons.counts(era) for era, lessons in every.items()]
