"""A revision's treatments and what its slots obey, made ready to fill the slots of any number of requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from shared.domain.catalogue import Action, Revision, Treatment
from shared.domain.slots import Filler, SlotTreatment


class Slotting:
    """Fillers of a revision, in which row n is treatment n.

    Attributes:
        wants_of_one: whether an issue is wanted of a request for one slot.
    """

    def __init__(
        self, revision: Revision, rows: Sequence[tuple[Action, Treatment]], numbers: Mapping[str, int]
    ) -> None:
        """Know the rows, and the number of each treatment's; a filler is made when a request first needs it."""
        self._rules = revision.catalogue.slots
        self._rows = rows
        self.wants_of_one = bool(self._rules.wanted(1))
        self._fillers: dict[tuple[str, ...], Filler] = {}
        self._numbers = numbers
        bundled = {action for bundle in self._rules.bundles for action in bundle.actions}
        self._bundled = {treatment.id for action, treatment in rows if action.id in bundled} if bundled else set()

    def filler(self, slots: int) -> Filler:
        """What fills a request of so many slots."""
        wanted = self._rules.wanted(slots)
        found = self._fillers.get(wanted)
        if found is None:
            treatments = [
                SlotTreatment(
                    action=action.id,
                    group=action.group,
                    issue=action.issue,
                    placements=(treatment.placement,) if treatment.placement else (),
                    mandatory=action.mandatory,
                )
                for action, treatment in self._rows
            ]
            found = self._fillers[wanted] = Filler(treatments, self._rules.limits(wanted))
        return found

    def numbers(self, treatments: Iterable[str]) -> list[int]:
        """The rows of treatments, in the order given."""
        numbers = self._numbers
        return [numbers[treatment] for treatment in treatments]

    def is_bundled(self, treatment: str) -> bool:
        """Whether a treatment's action is of a bundle."""
        return treatment in self._bundled

    def apart(self, treatments: Iterable[str]) -> Iterable[str]:
        """Those that may be chosen alone, as far as they are asked for: all but those of bundles."""
        return (treatment for treatment in treatments if treatment not in self._bundled)
