"""Who is offered, or qualifies for, what a prohibition keeps from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np

from shared.domain.batch.conditions import Conditions
from shared.domain.batch.deciding import Decisions, Wave
from shared.domain.batch.packed import Flags, packed, places, unpacked
from shared.domain.batch.values import Values
from shared.domain.catalogue import Prohibition
from shared.domain.policy.conditions import CANDIDATE, condition_of, known_of
from shared.domain.policy.index import Evaluated, Tabled
from shared.domain.policy.policy import Policy


def number_of(prohibition: str) -> str:
    """The name of the number of those who break a prohibition."""
    return f"prohibited:{prohibition}"


class Prohibited:
    """Asks what one revision says must hold of what another decides."""

    def __init__(self, judging: Policy, judged: Policy) -> None:
        """Make the prohibitions of `judging` ready for the rows of `judged`."""
        self._judging = judging
        self._asked: list[tuple[Prohibition, Sequence[int], Sequence[int]]] = []
        made: list[Tabled | Evaluated] = []
        for prohibition in judging.revision.catalogue.gates.prohibitions:
            rows = places(judged.scopes.of(prohibition.scope), len(judged.rows)).tolist()
            numbers = list(self._numbers(prohibition, rows, judged, made))
            self._asked.append((prohibition, rows, numbers))
        self._count = len(made)
        self._conditions = Conditions(
            len(made),
            [each for each in made if isinstance(each, Tabled)],
            [each for each in made if isinstance(each, Evaluated)],
        )

    def __call__(self, wave: Wave, decisions: Decisions, moments: Sequence[datetime]) -> dict[str, Flags]:
        """Who breaks each prohibition, by the name of its number; one that nobody breaks is there too."""
        if not self._asked:
            return {}
        persons = len(decisions.results)
        values = Values(self._judging, wave.profiles, wave.signals, moments, self._conditions.reads)
        holds = np.full((self._count, decisions.passing.shape[1]), ~np.uint64(0), np.uint64)
        self._conditions.narrow(holds, values)
        found: dict[str, Flags] = {}
        for prohibition, rows, numbers in self._asked:
            broken = np.zeros(decisions.passing.shape[1], np.uint64)
            for row, number in zip(rows, numbers, strict=True):
                given = (
                    decisions.passing[row]
                    if prohibition.after == "policy"
                    else packed(np.asarray((decisions.chosen.rows == row).any(axis=1)))
                )
                broken |= given & ~holds[number]
            found[number_of(prohibition.id)] = unpacked(broken, persons)
        return found

    def _numbers(
        self, prohibition: Prohibition, rows: Sequence[int], judged: Policy, made: list[Tabled | Evaluated]
    ) -> Iterator[int]:
        """For each row the number of what is asked of it: once for all whose candidates read the same."""
        catalogue = self._judging.revision.catalogue
        reads = [path for path in catalogue.expressions[prohibition.must].reads or () if path[0] in CANDIDATE]
        allows = prohibition.on_missing == "allow"
        by_known: dict[str, int] = {}
        for row in rows:
            known = known_of(*judged.rows[row], reads) if reads else {}
            key = repr(sorted(known.items()))
            if key not in by_known:
                number = by_known[key] = len(made)
                made.append(condition_of(catalogue, prohibition.must, 1 << number, known, allows_missing=allows))
            yield by_known[key]
