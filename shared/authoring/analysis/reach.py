"""Whom engagement policy lets through: actions that nobody can reach, and conditions that others imply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from shared.authoring.analysis.regions import Regions, Type
from shared.authoring.analysis.requirements import Met, Requirement, Understood, of_clauses, understood
from shared.domain.catalogue import Action, Catalogue, Treatment
from shared.domain.policy.atoms import MISSING, Atom, Path, Term
from shared.domain.policy.conditions import candidate
from shared.domain.rules import ExclusionRule
from shared.domain.signal import DECISION_REQUESTED

_LEVELS = ("catalogue", "brand", "issue", "group", "action", "treatment")
_FLAGS: Path = ("profile", "flags")
_REACHABLE: Path = ("profile", "reachable")


class Rule(NamedTuple):
    """What a person must meet besides conditions, in words."""

    words: str


Origin = int | Rule
"""A condition by its number, or a rule."""


class Contradiction(NamedTuple):
    """Why nobody reaches something: the condition that leaves nobody, and what alone it contradicts, if one does."""

    condition: int
    against: Origin | None
    alone: bool


class Unreachable(NamedTuple):
    """An action that nobody can have, or one treatment of an action that somebody can."""

    action: Action
    treatment: Treatment | None
    why: Contradiction


class Implied(NamedTuple):
    """A condition that stops nobody whom others let through; by which one, None where only several together do."""

    condition: int
    by: int | None
    always: bool


class Reach:
    """The conditions of one catalogue, joined as its actions inherit them."""

    def __init__(self, catalogue: Catalogue, closed: Mapping[Path, tuple[str, ...]]) -> None:
        """Take a catalogue that has been built without an error.

        Args:
            catalogue: its expressions are those that were checked.
            closed: the only texts that some paths have.
        """
        self._catalogue = catalogue
        self._closed = closed
        self._understood: dict[tuple[str, str, str], Understood] = {}
        expressions = catalogue.expressions
        self._reads = [
            tuple(path for path in expressions[c.when].reads if path[0] in ("action", "treatment"))
            for c in catalogue.conditions
        ]
        self._rank = [_LEVELS.index(c.level.partition(":")[0]) for c in catalogue.conditions]

    def unreachable(self) -> Iterator[Unreachable]:
        """What nobody can have: actions, by their own conditions or since none of their treatments reaches anybody, and
        treatments of actions that somebody can have by another.
        """
        for action in self._catalogue.actions:
            chain = self._of(action)
            met = Met(self._regions, [*self._excluding, *chain])
            if met.by_nobody:
                yield Unreachable(action, None, self._contradiction(chain, self._excluding))
                continue
            found: list[Unreachable] = []
            for treatment in action.treatments:
                own = self._all(treatment.conditions, candidate(action, treatment)) if treatment.conditions else []
                rules = self._rules(treatment)
                if met.and_also([*rules, *own]).by_nobody:
                    why = self._contradiction([*chain, *own], [*self._excluding, *rules])
                    found.append(Unreachable(action, treatment, why))
            if len(found) == len(action.treatments):
                yield Unreachable(action, None, found[0].why)
            else:
                yield from found

    def is_never(self, types: tuple[str, ...], when: str) -> bool:
        """Whether no signal of these types, of any type where there are none, and no person can meet a condition."""
        means, needs = understood(self._regions, self._catalogue.expressions[when], {}, allows_missing=False)
        asked = [Requirement(Rule("a condition"), means, needs)]
        return Met(self._regions, [*asked, *([self._type_in(types)] if types else ())]).by_nobody

    def implied(self) -> Iterator[Implied]:
        """Conditions that could be left out."""
        for own, above in self._above_actions():
            yield from self._redundant(own, above)
        for action in self._catalogue.actions:
            seen = candidate(action, None)
            numbers = [i for i in action.conditions if self._rank[i] == _LEVELS.index("action")]
            if numbers:
                above = self._all(sorted(set(action.conditions) - set(numbers)), seen)
                yield from self._redundant(self._all(numbers, seen), above)
            for treatment in action.treatments:
                if treatment.conditions:
                    seen_by_it = candidate(action, treatment)
                    yield from self._redundant(
                        self._all(treatment.conditions, seen_by_it), self._all(action.conditions, seen_by_it)
                    )

    def _above_actions(self) -> Iterator[tuple[list[Requirement], list[Requirement]]]:
        """The conditions of each level above the action, with those that it inherits."""
        by_level: dict[str, list[int]] = {}
        for number, condition in enumerate(self._catalogue.conditions):
            by_level.setdefault(condition.level, []).append(number)
        everywhere = by_level.get("catalogue", [])
        issues = {group.id: group.parent or "" for group in self._catalogue.groups}
        for level, own in by_level.items():
            kind, _, name = level.partition(":")
            if kind == "catalogue":
                yield self._all(own, {}), []
            elif kind in ("brand", "issue"):
                seen = {"action": {kind: name}}
                yield self._all(own, seen), self._all(everywhere, seen)
            elif kind == "group":
                seen = {"action": {kind: name, "issue": issues[name]}}
                above = [*everywhere, *by_level.get(f"issue:{issues[name]}", [])]
                yield self._all(own, seen), self._all(above, seen)

    def _redundant(self, own: Sequence[Requirement], above: Sequence[Requirement]) -> Iterator[Implied]:
        """Those of one level that the others of it and those above imply; of two that say the same, the later one."""
        left = list(own)
        for one in reversed(own):
            others = [*above, *(other for other in left if other is not one)]
            met = Met(self._regions, others)
            if met.by_nobody or not met.implies(one):
                continue
            left.remove(one)
            always = Met(self._regions, ()).implies(one)
            by = next((o.origin for o in others if Met(self._regions, [o]).implies(one)), None)
            yield Implied(one.origin, None if always else by, always)

    def _rules(self, treatment: Treatment) -> list[Requirement]:
        """What a treatment asks of a person besides conditions."""
        rules: list[Requirement] = []
        if treatment.channel in self._need_contact_point:
            words = f"a person needs a contact point on {treatment.channel}"
            rules.append(self._rule(words, _REACHABLE, treatment.channel, negated=False))
        rules += [
            self._rule(f"rule {rule.id} stops {treatment.purpose} for {rule.flag}", _FLAGS, rule.flag, negated=True)
            for rule in self._catalogue.rules
            if isinstance(rule, ExclusionRule) and treatment.purpose in rule.stops
        ]
        return rules

    def _of(self, action: Action) -> list[Requirement]:
        by_level = sorted(action.conditions, key=self._rank.__getitem__)
        return self._all(by_level, candidate(action, None))

    def _contradiction(self, conditions: Sequence[Requirement], rules: Sequence[Requirement]) -> Contradiction:
        """The first condition, from the widest level down, that leaves nobody, given that all of them do."""
        met = Met(self._regions, rules)
        for position, one in enumerate(conditions):
            met.add([one])
            if met.by_nobody:
                earlier = [*rules, *conditions[:position]]
                alone = Met(self._regions, [one]).by_nobody
                pairs = (o.origin for o in earlier if Met(self._regions, [o, one]).by_nobody)
                return Contradiction(one.origin, None if alone else next(pairs, None), alone)
        raise AssertionError("somebody meets all of these conditions")

    @cached_property
    def _need_contact_point(self) -> frozenset[str]:
        return frozenset(channel.id for channel in self._catalogue.channels if channel.needs_contact_point)

    @cached_property
    def _excluding(self) -> list[Requirement]:
        return [
            self._rule(f"the flag {exclusion.flag} excludes from every decision", _FLAGS, exclusion.flag, negated=True)
            for exclusion in self._catalogue.exclusions
        ] + self._starting()

    def _starting(self) -> list[Requirement]:
        """That something starts the decision: a signal that a trigger takes, or a request."""
        triggers = self._catalogue.triggers
        if not triggers or not all(trigger.types for trigger in triggers):
            return []
        return [self._type_in((DECISION_REQUESTED, *(kind for trigger in triggers for kind in trigger.types)))]

    def _type_in(self, types: tuple[str, ...]) -> Requirement:
        term = Term(Atom(("signal", "type"), "in", tuple(sorted(set(types)))))
        words = "no trigger lets a signal of another type start a decision"
        return Requirement(Rule(words), *of_clauses(self._regions, [(term,)]))

    def _all(self, numbers: Sequence[int], seen: Mapping[str, Any]) -> list[Requirement]:
        return [self._requirement(number, seen) for number in numbers]

    def _requirement(self, number: int, seen: Mapping[str, Any]) -> Requirement:
        """A condition where this is known of a candidate; of an action that is known as a whole, what it lacks too."""
        is_whole = "id" in seen.get("action", {})
        known: dict[Path, Any] = {}
        for path in self._reads[number]:
            root = seen.get(path[0])
            if root is not None and (path[1] in root or is_whole):
                known[path] = root.get(path[1], MISSING)
        condition = self._catalogue.conditions[number]
        key = condition.when, condition.on_missing, repr(known) if known else ""
        found = self._understood.get(key)
        if found is None:
            found = self._understood[key] = understood(
                self._regions,
                self._catalogue.expressions[condition.when],
                known,
                allows_missing=condition.on_missing == "allow",
            )
        return Requirement(number, *found)

    @cached_property
    def _regions(self) -> Regions:
        types: dict[Path, Type] = {}
        schemas = (("profile", self._catalogue.profile_schema), ("context", self._catalogue.context_schema))
        for root, schema in schemas:
            for name, attribute in schema.items():
                types[root, name] = Type(attribute.type, self._closed.get((root, name), ()))
        types["signal", "type"] = types["signal", "source"] = Type("string")
        return Regions(types)

    def _rule(self, words: str, path: Path, text: str, *, negated: bool) -> Requirement:
        term = Term(Atom(path, "contains", (text,)), negated)
        return Requirement(Rule(words), *of_clauses(self._regions, [(term,)]))
