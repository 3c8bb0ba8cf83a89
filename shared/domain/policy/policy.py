"""A revision ready to decide: what its conditions say of a person, all at once or one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING

from shared.domain.catalogue import Condition, Revision
from shared.domain.cel import Program, program
from shared.domain.contact_policy.compiled import ContactRules
from shared.domain.errors import NotFoundError
from shared.domain.experiments import Experiments
from shared.domain.policy.atoms import Truth
from shared.domain.policy.conditions import stopping, truth, weighing
from shared.domain.policy.factors import Factors
from shared.domain.policy.index import Index
from shared.domain.policy.masks import Masks
from shared.domain.policy.rows import Rows
from shared.domain.policy.scopes import Scopes
from shared.domain.policy.situation import Situations, Variables
from shared.domain.policy.slotting import Slotting
from shared.domain.profile import Profile
from shared.domain.signal import Signal

if TYPE_CHECKING:
    from shared.domain.features.features import Features
    from shared.domain.triggers import Triggers

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
        slotting: what fills the slots of a request.
        scoped_weights: the context weights, each with the rows in its scope.
        serving: the estimators from outside that say P, each with the rows of which it does.
    """

    def __init__(self, revision: Revision) -> None:
        """Work out the index. A program is compiled when it is first evaluated.

        Raises:
            shared.domain.errors.InvalidError: an expression is no program; one that was built is always one.
        """
        catalogue = revision.catalogue
        self.revision = revision
        self.rows = tuple(revision.treatments.values())
        self._row_of = dict(zip(revision.treatments, range(len(self.rows)), strict=True))
        self.masks = Masks(revision, self.rows)
        self.slotting = Slotting(revision, self.rows, self._row_of)
        self.scoped_weights = tuple((w.weight, self.scopes.of(w.scope)) for w in catalogue.context_weights)
        self.serving = tuple((each, self.scopes.of(each.scope)) for each in catalogue.estimators if each.serves)
        self._ids = tuple(self._row_of)
        self._programs: dict[str, Program] = {}
        self._last: tuple[Profile, Signal, datetime, Variables] | None = None
        tabled, evaluated = stopping(catalogue)
        self._index = Index(len(self.rows), tabled, evaluated)
        self._weighing = Index(len(catalogue.context_weights), *weighing(catalogue))
        types = {name: attribute.type for name, attribute in catalogue.profile_schema.items()}
        reads = [path for e in catalogue.expressions.values() for path in e.reads]
        self._situations = Situations(types, [path[1] for path in reads if path[0] == "profile" and len(path) > 1])

    def situation(self, profile: Profile, signal: Signal, now: datetime) -> Variables:
        """What expressions see of this person, signal and moment; that of the last decision is remembered, since each
        of its stages asks for it.
        """
        last = self._last
        if last is None or last[0] is not profile or last[1] is not signal or (last[2] is not now and last[2] != now):
            last = self._last = profile, signal, now, self._situations(profile, signal, now)
        return last[3]

    def passing(self, situation: Variables, among: Rows | None = None) -> Rows:
        """The rows that no condition stops; of some, where no others are asked about."""
        return self._index.passing(situation, among)

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
    def factors(self) -> Factors:
        """What priority is made of, of use to what ranks and what tells of it."""
        return Factors(self.revision, self.rows)

    @cached_property
    def experiments(self) -> Experiments:
        """Which arms a person is in, and what differs there."""
        return Experiments(self.revision.catalogue, self.rows, [float(action.lever) for action, _ in self.rows])

    @cached_property
    def contact_rules(self) -> ContactRules:
        """The rules of contact policy, worked out when they are first asked."""
        return ContactRules(self.revision, self.rows, self.scopes)

    @cached_property
    def features(self) -> Features:
        """What signals keep up to date on the profile."""
        from shared.domain.features.features import Features  # noqa: PLC0415 - of use to identity alone

        return Features(self.revision.catalogue.features, self.revision.catalogue.features_read, self.program)

    @cached_property
    def triggers(self) -> Triggers:
        """Which signals start a decision."""
        from shared.domain.triggers import Triggers  # noqa: PLC0415 - likewise

        return Triggers(self.revision.catalogue.triggers, self.program)

    def program(self, text: str) -> Program:
        """The program of one of the revision's expressions."""
        found = self._programs.get(text)
        if found is None:
            found = self._programs[text] = program(self.revision.catalogue.expressions[text].program)
        return found

    def verdict(self, condition: Condition, situation: Variables) -> Verdict:
        """What one condition says in a situation, of which `action` and `treatment` are a part."""
        return _VERDICTS[truth(self.program(condition.when).evaluate(situation))]

    def context_weights(self, situation: Variables) -> list[tuple[float, Rows]]:
        """The context weights whose condition holds, and the rows in their scope."""
        holding = self._weighing.passing(situation)
        return [weight for n, weight in enumerate(self.scoped_weights) if holding >> n & 1] if holding else []

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
