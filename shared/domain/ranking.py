"""What arbitration hands over: the candidates, best first (`domain.md` 5)."""

from __future__ import annotations

import msgspec


class Ranking(msgspec.Struct, frozen=True, kw_only=True):
    """Candidates, best first: position n of each list is about the same one. What else their priorities came from
    follows from these and the revision: `shared.domain.arbitration.scoring` works it out again.

    Attributes:
        treatments: their ids.
        priorities: what they are ranked by, mandatory ones above all others.
        propensities: P of each.
        unlevered: the treatment that would be first if every lever were 1, None of no candidates: what levers cost.
        models: the version of the models that said P.
        bins: the cells of predictors that the person is in, see `shared.domain.predictors`.
        means: what each P was drawn around; none where P is the models' mean itself.
    """

    treatments: tuple[str, ...]
    priorities: tuple[float, ...]
    propensities: tuple[float, ...]
    unlevered: str | None
    models: str = ""
    bins: str = ""
    means: tuple[float, ...] = ()

    def __len__(self) -> int:
        return len(self.treatments)
