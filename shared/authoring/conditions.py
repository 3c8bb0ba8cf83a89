"""Engagement policy: the conditions of every level, and which of them an action or a treatment inherits."""

from __future__ import annotations

from functools import partial

from shared.authoring import forms
from shared.authoring.expressions import Checker
from shared.authoring.names import Names, by_id
from shared.domain.catalogue import POLICY_KINDS, Condition, PolicyKind

Indexes = dict[PolicyKind, tuple[int, ...]]
"""Where the conditions of one level stand in the revision, by kind."""


class Conditions:
    """The conditions of a revision in the making, each level's beside each other."""

    def __init__(self, bank: forms.Bank, names: Names, checker: Checker) -> None:
        """Begin with all levels above the action."""
        self._names = names
        self._checker = checker
        self._conditions: list[Condition] = []
        self._levels = {"catalogue": self.add("catalogue", bank.policy)}
        kinds: dict[str, tuple[forms.Level, ...]] = {"brand": bank.brands, "issue": bank.issues, "group": bank.groups}
        for kind, items in kinds.items():
            for item in by_id(items):
                level = f"{kind}:{item.id}"
                self._levels[level] = self.add(level, item.policy)

    def add(self, level: str, policy: forms.Policy) -> Indexes:
        """Check and append the conditions of one more level."""
        indexes: Indexes = {}
        for kind in POLICY_KINDS:
            first = len(self._conditions)
            self._names.unique(policy.of(kind), f"{kind} condition", "name")
            for condition in policy.of(kind):
                where = partial(self._names.place, condition, "when")
                self._checker.condition(condition.when, where, sees_treatment=level.startswith("treatment:"))
                self._conditions.append(
                    Condition(
                        name=condition.name,
                        kind=kind,
                        level=level,
                        when=condition.when,
                        reason=condition.reason,
                        on_missing=condition.on_missing,
                    )
                )
            indexes[kind] = tuple(range(first, len(self._conditions)))
        return indexes

    def of_action(self, brand: str, issue: str, group: str, own: Indexes) -> tuple[int, ...]:
        """An action's conditions in the order they are tried: kind by kind, the widest level first."""
        above = ("catalogue", f"brand:{brand}", f"issue:{issue}", f"group:{group}")
        inherited = [self._levels.get(level, {}) for level in above]
        return tuple(i for kind in POLICY_KINDS for level in (*inherited, own) for i in level.get(kind, ()))

    def all(self) -> tuple[Condition, ...]:
        """Every condition that was added."""
        return tuple(self._conditions)
