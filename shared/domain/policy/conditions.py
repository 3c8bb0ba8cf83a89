"""A catalogue's conditions made ready for an index: each distinct one once, with the rows that it stops."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from shared.domain.catalogue import Action, Catalogue, Treatment
from shared.domain.cel import Missing, program
from shared.domain.policy.atoms import MISSING, Path, Truth
from shared.domain.policy.clauses import clauses, specialised
from shared.domain.policy.index import Evaluated, Tabled, can_allow_missing
from shared.domain.policy.rows import Rows, rows_at

CANDIDATE = frozenset({"action", "treatment"})
"""Variables whose values are the catalogue's own: they are put into a condition when it is compiled."""

_Asked = tuple[str, bool]
"""A condition's text, and whether it allows what is missing."""


def candidate(action: Action, treatment: Treatment | None) -> dict[str, dict[str, Any]]:
    """What conditions see of a candidate; those above the treatment see no treatment."""
    seen: dict[str, dict[str, Any]] = {
        "action": {
            **{name: list(a) if a.__class__ is tuple else a for name, a in action.attributes.items()},
            "id": action.id,
            "brand": action.brand,
            "issue": action.issue,
            "group": action.group,
        }
    }
    if treatment is not None:
        seen["treatment"] = {"id": treatment.id, "channel": treatment.channel, "purpose": treatment.purpose}
    return seen


def truth(value: Any) -> Truth:
    """What an evaluated condition says."""
    if value.__class__ is bool:
        return Truth.TRUE if value else Truth.FALSE
    return Truth.UNKNOWN if isinstance(value, Missing) else Truth.ERROR


def stopping(catalogue: Catalogue) -> tuple[list[Tabled], list[Evaluated]]:
    """Every distinct condition with the rows that it stops."""
    tabled: list[Tabled] = []
    evaluated: list[Evaluated] = []
    for (text, allows_missing), rows, known in _rows_of_conditions(catalogue):
        made = condition_of(catalogue, text, rows, known, allows_missing=allows_missing)
        if isinstance(made, Tabled):
            tabled.append(made)
        else:
            evaluated.append(made)
    return tabled, evaluated


def condition_of(
    catalogue: Catalogue, text: str, rows: Rows, known: Mapping[Path, Any], *, allows_missing: bool
) -> Tabled | Evaluated:
    """A condition made ready, with the rows that it stops; `known` is what it reads of their candidates."""
    expression = catalogue.expressions[text]
    data, found = None, expression.clauses
    if known:
        data = specialised(expression.program, known)
        found = clauses(data)
    if found is not None and (not allows_missing or can_allow_missing(found)):
        return Tabled(found, allows_missing, rows)
    return _evaluated(data or expression.program, rows, allows_missing=allows_missing)


def weighing(catalogue: Catalogue) -> tuple[list[Tabled], list[Evaluated]]:
    """The conditions of the context weights: row n is the n-th weight, which a condition that does not hold stops."""
    tabled: list[Tabled] = []
    evaluated: list[Evaluated] = []
    for number, weight in enumerate(catalogue.context_weights):
        expression = catalogue.expressions[weight.when]
        if expression.clauses is not None:
            tabled.append(Tabled(expression.clauses, allows_missing=False, rows=1 << number))
        else:
            evaluated.append(_evaluated(expression.program, rows=1 << number))
    return tabled, evaluated


def _evaluated(data: Any, rows: Rows, *, allows_missing: bool = False) -> Evaluated:
    made = program(data)
    evaluate: Callable[[Any], Any] = made.evaluate
    reads = tuple([path for path in made.reads if path[0] not in CANDIDATE])
    return Evaluated(lambda situation: truth(evaluate(situation)), allows_missing, rows, reads)


def _rows_of_conditions(catalogue: Catalogue) -> Iterator[tuple[_Asked, Rows, dict[Path, Any]]]:
    """Each distinct condition with the rows it concerns: one that reads candidates once for each set of values that it
    reads of them.
    """
    reads = reading_candidates(catalogue)
    # by text, of conditions that drop what is missing and of those that allow it
    plain: tuple[defaultdict[str, list[int]], ...] = defaultdict(list), defaultdict(list)
    reading: dict[tuple[_Asked, str], tuple[list[int], dict[Path, Any]]] = {}
    conditions = catalogue.conditions
    concerned = [plain[condition.on_missing == "allow"][condition.when] for condition in conditions]

    def add(indexes: Sequence[int], action: Action, treatment: Treatment | None, rows: list[int]) -> None:
        for index in indexes:
            text, allowed = conditions[index].when, conditions[index].on_missing == "allow"
            if text not in reads:
                concerned[index].extend(rows)
                continue
            known = known_of(action, treatment, reads[text])
            key = (text, allowed), repr(sorted(known.items()))
            reading.setdefault(key, ([], known))[0].extend(rows)

    row = 0
    for action in catalogue.actions:
        many = len(action.treatments)
        if reads:
            add(action.conditions, action, None, list(range(row, row + many)))
        else:  # thousands of conditions, each of them an addition
            those = (row,) if many == 1 else range(row, row + many)
            for index in action.conditions:
                concerned[index] += those
        for own, treatment in enumerate(action.treatments, row):
            if treatment.conditions:
                add(treatment.conditions, action, treatment, [own])
        row += many
    for allowed, by_text in enumerate(plain):
        yield from (((text, bool(allowed)), rows_at(found), {}) for text, found in by_text.items() if found)
    yield from ((one, rows_at(found), known) for (one, _), (found, known) in reading.items())


def reading_candidates(catalogue: Catalogue) -> dict[str, list[Path]]:
    """What expressions read of candidates, by their text; without those that read nothing of them."""
    return {
        text: paths
        for text, expression in catalogue.expressions.items()
        if expression.reads and (paths := [path for path in expression.reads if path[0] in CANDIDATE])
    }


def known_of(action: Action, treatment: Treatment | None, paths: Iterable[Path]) -> dict[Path, Any]:
    """What a candidate has at these paths."""
    seen = candidate(action, treatment)
    return {path: _value(seen, path) for path in paths}


def _value(seen: Mapping[str, Any], path: Path) -> Any:
    value: Any = seen
    for name in path:
        value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
    return value
