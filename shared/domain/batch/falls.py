"""Where persons fall: of each condition, for how many persons it is the first that stops an action."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from shared.domain.batch.conditions import Conditions
from shared.domain.batch.packed import Words
from shared.domain.batch.values import Values
from shared.domain.engagement import Slots
from shared.domain.policy.conditions import condition_of, known_of, reading_candidates
from shared.domain.policy.index import Evaluated, Tabled
from shared.domain.policy.policy import Policy


class Falls:
    """The conditions of each action in their order, ready to be asked of waves."""

    def __init__(self, policy: Policy, slots: Slots) -> None:
        """Number the conditions, one that reads candidates apart for each set of values that it reads."""
        self._catalogue = policy.revision.catalogue
        self._reading = reading_candidates(self._catalogue)
        self._numbers: dict[Any, int] = {}
        self._known: dict[int, tuple[int, Mapping[Any, Any]]] = {}
        self._actions: list[tuple[list[tuple[int, int]], list[tuple[int, list[tuple[int, int]]]]]] = []
        row = 0
        for action in self._catalogue.actions:
            own = [(index, self._number(index, action, None)) for index in action.conditions]
            treatments = [
                (row + n, [(index, self._number(index, action, treatment)) for index in treatment.conditions])
                for n, treatment in enumerate(action.treatments)
                if slots.admit(treatment)
            ]
            row += len(action.treatments)
            if treatments:
                self._actions.append((own, treatments))
        made = [self._made(number) for number in range(len(self._numbers))]
        self._conditions = Conditions(
            len(made),
            [each for each in made if isinstance(each, Tabled)],
            [each for each in made if isinstance(each, Evaluated)],
        )

    def __call__(self, admitted: Words, values: Values) -> Iterator[tuple[int, Words]]:
        """Each condition of each action, by its number in the catalogue, with the persons who fall there; an action, or
        one treatment of it, falls once. Who may have no treatment of it anyway, as the brand, the active window or the
        lack of a contact point say, is not asked.
        """
        passes = np.full((len(self._numbers), admitted.shape[1]), ~np.uint64(0), np.uint64)
        self._conditions.narrow(passes, values)
        for own, treatments in self._actions:
            left = np.bitwise_or.reduce(admitted[[row for row, _ in treatments]], axis=0)
            for index, number in own:
                yield index, left & ~passes[number]
                left = left & passes[number]
            for row, conditions in treatments:
                still = left & admitted[row]
                for index, number in conditions:
                    yield index, still & ~passes[number]
                    still = still & passes[number]

    def _number(self, index: int, action: Any, treatment: Any) -> int:
        condition = self._catalogue.conditions[index]
        paths = self._reading.get(condition.when)
        known = known_of(action, treatment, paths) if paths else {}
        key = condition.when, condition.on_missing, repr(sorted(known.items()))
        if key not in self._numbers:
            self._known[len(self._numbers)] = index, known
            self._numbers[key] = len(self._numbers)
        return self._numbers[key]

    def _made(self, number: int) -> Tabled | Evaluated:
        index, known = self._known[number]
        condition = self._catalogue.conditions[index]
        allows = condition.on_missing == "allow"
        return condition_of(self._catalogue, condition.when, 1 << number, known, allows_missing=allows)
