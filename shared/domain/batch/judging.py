"""Limits of fairness held against what a simulation counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Literal

import msgspec

from shared.domain.batch.rates import AND, UNKNOWN, Rates, parted
from shared.domain.catalogue import FairnessLimit, Revision
from shared.domain.measuring.parity import Parity, Rate, parity

Verdict = Literal["kept", "broken", "not_concluded"]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of some attributes compared.

    Attributes:
        stage, issue, attributes: what is compared.
        thin: parts with too few persons to conclude from, and how many these are.
        parity: of the others; None where fewer than two are left.
    """

    stage: str
    issue: str
    attributes: str
    thin: dict[str, int]
    parity: Parity | None


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """A limit, and what was found of it.

    Attributes:
        limit: its id.
        verdict: `not_concluded` where fewer than two parts have persons enough; a limit that cannot be judged is not
            kept.
        of: what was compared.
    """

    limit: str
    verdict: Verdict
    of: Compared


def compare(revision: Revision, rates: Rates) -> list[Compared]:
    """Every stage, issue and set of attributes, by name."""
    fewest = revision.catalogue.fairness.fewest
    return [
        _compared(stage, attributes, rates.persons[attributes], selected, fewest)
        for stage, of in sorted(rates.selected.items())
        for attributes, selected in of.items()
    ]


def judge(revision: Revision, rates: Rates) -> list[Judged]:
    """Every limit of a revision, by id; one after delivery is left out where nothing was delivered."""
    compared = {(each.stage, each.issue, each.attributes): each for each in compare(revision, rates)}
    return [
        Judged(limit=limit.id, verdict=_verdict(limit, of), of=of)
        for limit in revision.catalogue.fairness.limits
        for stage in limit.after
        for attributes in _attributes(limit, revision)
        if (of := compared.get((stage, limit.issue, attributes))) is not None
    ]


def _attributes(limit: FairnessLimit, revision: Revision) -> Iterator[str]:
    known = [name for name in parted(revision) if not limit.attributes or name in limit.attributes]
    yield from known
    if limit.pairs:
        yield from (f"{one}{AND}{other}" for one, other in combinations(known, 2))


def _compared(
    stage: str, attributes: str, persons: Mapping[str, int], selected: Mapping[str, int], fewest: int
) -> Compared:
    stage, _, issue = stage.partition("/")
    known = {part: count for part, count in persons.items() if part != UNKNOWN}
    thick = {part: Rate(n, selected.get(part, 0)) for part, n in sorted(known.items()) if n >= fewest}
    return Compared(
        stage=stage,
        issue=issue,
        attributes=attributes,
        thin={part: n for part, n in sorted(known.items()) if n < fewest},
        parity=parity(thick) if len(thick) > 1 else None,
    )


def _verdict(limit: FairnessLimit, of: Compared) -> Verdict:
    found = of.parity
    if found is None:
        return "not_concluded"
    low = limit.least_ratio is not None and found.ratio is not None and found.ratio < limit.least_ratio
    high = limit.most_difference is not None and found.difference > limit.most_difference
    return "broken" if low or high else "kept"
