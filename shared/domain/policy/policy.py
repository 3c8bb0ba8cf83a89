"""A revision ready to decide: what its conditions say of a person, all at once or one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import compress
from typing import Any

from shared.domain.catalogue import Action, Condition, Revision, Treatment
from shared.domain.cel import Missing, Program, program
from shared.domain.contact_policy.compiled import ContactRules
from shared.domain.errors import NotFoundError
from shared.domain.features.features import Features
from shared.domain.policy.atoms import MISSING, Path, Truth
from shared.domain.policy.clauses import clauses, specialised
from shared.domain.policy.factors import Factors
from shared.domain.policy.index import Evaluated, Index, Tabled, can_allow_missing
from shared.domain.policy.masks import Masks
from shared.domain.policy.scopes import Scopes
from shared.domain.policy.situation import Situations, Variables
from shared.domain.policy.slotting import Slotting
from shared.domain.policy.tables import Rows, rows_at
from shared.domain.profile import Profile
from shared.domain.signal import Signal
from shared.domain.triggers import Triggers

CANDIDATE = frozenset({"action", "treatment"})
"""Variables whose values are the catalogue's own: they are put into a condition when it is compiled."""

_Asked = tuple[str, bool]
"""A condition's text, and whether it allows what is missing."""

_BITS = bytes.maketrans(b"01", b"\0\1")


class Verdict(StrEnum):
    """What a condition said. A missing value makes it unknown, any other failure an error, and neither is false."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"
    ERROR = "error"


class Policy:
    """The compiled form of a revision.

    Attributes:
        revision: what it was made of.
        rows: every treatment with its action, by action id and then treatment id. A set of treatments is an integer:
            its bit n stands for row n.
        masks: the rows by what no condition says.
        factors: what their priority is made of.
        slotting: what fills the slots of a request.
    """

    def __init__(self, revision: Revision) -> None:
        """Work out the index. A program is compiled when it is first evaluated.

        Raises:
            shared.domain.errors.InvalidError: an expression is no program; one that was built is always one.
        """
        catalogue = revision.catalogue
        self.revision = revision
        self.rows = tuple((action, treatment) for action in catalogue.actions for treatment in action.treatments)
        self._row_of = {treatment.id: row for row, (_, treatment) in enumerate(self.rows)}
        self.masks = Masks(revision, self.rows)
        self.factors = Factors(revision, self.rows)
        self.slotting = Slotting(revision, self.rows)
        self._context_weights = tuple((w.weight, self.scopes.of(w.scope)) for w in catalogue.context_weights)
        self._ids = tuple(self._row_of)
        self._programs: dict[str, Program] = {}
        self._last: tuple[Profile, Signal, datetime, Variables] | None = None
        tabled, evaluated = _compiled(self)
        self._index = Index(len(self.rows), tabled, evaluated)
        self._weighing = _of_context_weights(revision)
        types = {name: attribute.type for name, attribute in catalogue.profile_schema.items()}
        reads = [path for e in catalogue.expressions.values() for path in e.reads]
        self._situations = Situations(types, [path[1] for path in reads if path[0] == "profile" and len(path) > 1])

    def situation(self, profile: Profile, signal: Signal, now: datetime) -> Variables:
        """What expressions see of this person, signal and moment; that of the last decision is remembered, since each
        of its stages asks for it.
        """
        last = self._last
        if last is None or last[0] is not profile or last[1] is not signal or last[2] != now:
            last = self._last = profile, signal, now, self._situations(profile, signal, now)
        return last[3]

    def passing(self, situation: Variables) -> Rows:
        """The rows that no condition stops."""
        return self._index.passing(situation)

    def treatments(self, rows: Rows) -> tuple[str, ...]:
        """The ids of the treatments of rows, by action id and then treatment id."""
        return tuple(compress(self._ids, f"{rows:b}".encode().translate(_BITS)[::-1]))

    def ids(self, rows: Iterable[int]) -> Iterator[str]:
        """The ids of the treatments of rows, in their order, as far as they are asked for.

        Raises:
            NotFoundError: the revision has fewer rows.
        """
        for row in rows:
            if row >= len(self._ids):
                raise NotFoundError(f"revision {self.revision.id} has no row {row}")
            yield self._ids[row]

    def checked(self, rows: Rows) -> Rows:
        """The same rows, every one of which there is.

        Raises:
            NotFoundError: the revision has fewer.
        """
        if rows >> len(self.rows):
            raise NotFoundError(f"revision {self.revision.id} has no row {rows.bit_length() - 1}")
        return rows

    def row_set(self, treatments: Iterable[str]) -> Rows:
        """The rows of treatments.

        Raises:
            NotFoundError: the revision has no such treatment.
        """
        rows = 0
        for treatment in treatments:
            row = self._row_of.get(treatment)
            if row is None:
                raise NotFoundError(f"revision {self.revision.id} has no treatment {treatment!r}")
            rows |= 1 << row
        return rows

    def row(self, treatment: str) -> int:
        """The row of a treatment.

        Raises:
            NotFoundError: the revision has no such treatment.
        """
        row = self._row_of.get(treatment)
        if row is None:
            raise NotFoundError(f"revision {self.revision.id} has no treatment {treatment!r}")
        return row

    @cached_property
    def scopes(self) -> Scopes:
        """The rows by what scopes speak of."""
        return Scopes(self.rows)

    @cached_property
    def contact_rules(self) -> ContactRules:
        """The rules of contact policy, worked out when they are first asked."""
        return ContactRules(self.revision, self.rows, self.scopes)

    @cached_property
    def features(self) -> Features:
        """What signals keep up to date on the profile."""
        return Features(self.revision.catalogue.features, self.revision.catalogue.features_read, self.program)

    @cached_property
    def triggers(self) -> Triggers:
        """Which signals start a decision."""
        return Triggers(self.revision.catalogue.triggers, self.program)

    def program(self, text: str) -> Program:
        """The program of one of the revision's expressions."""
        found = self._programs.get(text)
        if found is None:
            found = self._programs[text] = program(self.revision.catalogue.expressions[text].program)
        return found

    def verdict(self, condition: Condition, situation: Variables) -> Verdict:
        """What one condition says in a situation, of which `action` and `treatment` are a part."""
        return _VERDICTS[_truth(self.program(condition.when).evaluate(situation))]

    def context_weights(self, situation: Variables) -> list[tuple[float, Rows]]:
        """The context weights whose condition holds, and the rows in their scope."""
        holding = self._weighing.passing(situation)
        return [weight for n, weight in enumerate(self._context_weights) if holding >> n & 1] if holding else []

    def number(self, text: str, situation: Variables) -> float | None:
        """The number that an expression yields, None where a value is missing or it yields none."""
        value = self.program(text).evaluate(situation)
        return float(value) if isinstance(value, int | float) and value.__class__ is not bool else None


_VERDICTS = {
    Truth.TRUE: Verdict.HOLDS,
    Truth.FALSE: Verdict.FAILS,
    Truth.UNKNOWN: Verdict.UNKNOWN,
    Truth.ERROR: Verdict.ERROR,
}


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


def _truth(value: Any) -> Truth:
    if value.__class__ is bool:
        return Truth.TRUE if value else Truth.FALSE
    return Truth.UNKNOWN if isinstance(value, Missing) else Truth.ERROR


def _compiled(policy: Policy) -> tuple[list[Tabled], list[Evaluated]]:
    """Every distinct condition with the rows that it stops."""
    expressions = policy.revision.catalogue.expressions
    tabled: list[Tabled] = []
    evaluated: list[Evaluated] = []
    for (text, allows_missing), rows, known in _rows_of_conditions(policy):
        expression = expressions[text]
        data, found = None, expression.clauses
        if known:
            data = specialised(expression.program, known)
            found = clauses(data)
        if found is not None and (not allows_missing or can_allow_missing(found)):
            tabled.append(Tabled(found, allows_missing, rows))
        else:
            evaluated.append(Evaluated(_evaluation(data or expression.program), allows_missing, rows))
    return tabled, evaluated


def _of_context_weights(revision: Revision) -> Index:
    """The conditions of the context weights: row n is the n-th weight, which a condition that does not hold stops."""
    tabled: list[Tabled] = []
    evaluated: list[Evaluated] = []
    weights = revision.catalogue.context_weights
    for number, weight in enumerate(weights):
        expression = revision.catalogue.expressions[weight.when]
        if expression.clauses is not None:
            tabled.append(Tabled(expression.clauses, allows_missing=False, rows=1 << number))
        else:
            evaluated.append(Evaluated(_evaluation(expression.program), allows_missing=False, rows=1 << number))
    return Index(len(weights), tabled, evaluated)


def _evaluation(data: Any) -> Callable[[Mapping[str, Any]], Truth]:
    evaluate: Callable[[Any], Any] = program(data).evaluate
    return lambda situation: _truth(evaluate(situation))


def _rows_of_conditions(policy: Policy) -> Iterator[tuple[_Asked, Rows, dict[Path, Any]]]:
    """Each distinct condition with the rows it concerns: one that reads candidates once for each set of values that it
    reads of them.
    """
    catalogue = policy.revision.catalogue
    reads = {
        text: paths
        for text, expression in catalogue.expressions.items()
        if expression.reads and (paths := [path for path in expression.reads if path[0] in CANDIDATE])
    }
    # by text, of conditions that drop what is missing and of those that allow it
    plain: tuple[defaultdict[str, list[int]], ...] = defaultdict(list), defaultdict(list)
    reading: dict[tuple[_Asked, str], tuple[list[int], dict[Path, Any]]] = {}
    texts = [condition.when for condition in catalogue.conditions]
    allows = [condition.on_missing == "allow" for condition in catalogue.conditions]
    concerned = [plain[allowed][text] for text, allowed in zip(texts, allows, strict=True)]

    def add(indexes: Sequence[int], action: Action, treatment: Treatment | None, rows: list[int]) -> None:
        for index in indexes:
            if not reads or texts[index] not in reads:
                known_rows = concerned[index]
                known_rows += rows
                continue
            seen = candidate(action, treatment)
            known = {path: _value(seen, path) for path in reads[texts[index]]}
            key = (texts[index], allows[index]), repr(sorted(known.items()))
            reading.setdefault(key, ([], known))[0].extend(rows)

    row = 0
    for action in catalogue.actions:
        rows = list(range(row, row + len(action.treatments)))
        add(action.conditions, action, None, rows)
        for own, treatment in zip(rows, action.treatments, strict=True):
            if treatment.conditions:
                add(treatment.conditions, action, treatment, [own])
        row += len(rows)
    for allowed, by_text in enumerate(plain):
        yield from (((text, bool(allowed)), rows_at(found), {}) for text, found in by_text.items() if found)
    yield from ((one, rows_at(found), known) for (one, _), (found, known) in reading.items())


def _value(seen: Mapping[str, Any], path: Path) -> Any:
    value: Any = seen
    for name in path:
        value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
    return value
