"""Groups of predictors that say much the same: those that the catalogue declares, and those that were found.

What was found are associations, counted over decisions (`shared.domain.pairs`) and kept beside the models' counts, as a
part of their state: the version of the models names them too. From which association on they count, the catalogue
says. A predictor that is changed has another digest, and is in no group until it is found in one again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import copy

from shared.domain.catalogue import Revision
from shared.domain.predictors import Predictors
from shared.domain.propensity import ASSOCIATED, NO_EVIDENCE, Counts

PARTS = 1000
"""An association of 1, as it is kept."""

Link = tuple[float, str, str]
"""How closely two are associated, 0 to 1, and which they are."""


def heeding(predictors: Predictors, counts: Mapping[str, Counts]) -> Predictors:
    """Predictors with the groups that were found beside those that are declared; the same ones where none were.

    Args:
        predictors: those of a revision.
        counts: what is known, with `ASSOCIATED` among it.
    """
    if predictors.alike_from is None:
        return predictors
    links = [*_declared(predictors), *_found(predictors, counts.get(ASSOCIATED, NO_EVIDENCE).associations)]
    numbers = {digest: number for number, digest in enumerate(predictors.digests)}
    grouped = copy(predictors)
    grouped.alike = tuple(
        tuple(sorted(numbers[digest] for digest in group)) for group, _ in joined(links, predictors.alike_from)
    )
    return grouped


def groups_of(revision: Revision, counts: Mapping[str, Counts]) -> tuple[tuple[str, ...], ...]:
    """The groups that models of a revision heed, each by what its predictors read."""
    declared = revision.catalogue.predictors
    heeded = heeding(Predictors(declared, revision.catalogue.learning), counts)
    return tuple(tuple(declared[number].reads for number in group) for group in heeded.alike)


def joined(links: Iterable[Link], least: float) -> list[tuple[tuple[str, ...], float]]:
    """Groups of what links of `least` and more join, each sorted, with the weakest link that it needs."""
    group_of: dict[str, frozenset[str]] = {}
    weakest: dict[frozenset[str], float] = {}
    for strength, one, other in sorted(links, key=lambda link: (-link[0], link[1:])):
        first, second = (group_of.get(name, frozenset([name])) for name in (one, other))
        if strength >= least and first != second:
            group = first | second
            group_of.update(dict.fromkeys(group, group))
            weakest[group] = strength
    return sorted((tuple(sorted(group)), weakest[group]) for group in {*group_of.values()})


def _declared(predictors: Predictors) -> Iterator[Link]:
    for first, *others in predictors.alike:
        yield from ((1.0, predictors.digests[first], predictors.digests[each]) for each in others)


def _found(predictors: Predictors, associations: Mapping[str, int]) -> Iterator[Link]:
    """Of those that there are and that are no parents: what pairs with one say the same is known."""
    free = {digest for number, digest in enumerate(predictors.digests) if number not in predictors.parents}
    for pair, parts in associations.items():
        one, other = pair[: len(pair) // 2], pair[len(pair) // 2 :]
        if one in free and other in free:
            yield parts / PARTS, one, other
