"""The smallest change of what was read by which a treatment would have qualified."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

from shared.domain.catalogue import Action, Condition, Treatment
from shared.domain.cel import program
from shared.domain.cel.reads import static_path
from shared.domain.change import Change, apply, flag_gone, later, read
from shared.domain.decision import DecisionRecord
from shared.domain.nearest import Option, begin, distance, every, literals, numbers, options, said, suggested, times
from shared.domain.policy.atoms import COLLECTIONS, MISSING, NUMBERS, NoValue, Path, Term
from shared.domain.policy.clauses import ROOTS, Clauses, clauses, specialised
from shared.domain.policy.conditions import CANDIDATE, candidate
from shared.domain.policy.policy import Policy, Verdict

MOST_CHANGED = 3
"""Values changed together at the most."""

MOST_TRIALS = 4000
"""Combinations tried for as many changes; beyond these it cannot be said."""

_FARTHEST_DAYS = 3660
_LEAST = timedelta(minutes=1)


_VALIDITY = {
    "profile.flags": "an exclusion",
    "now": "its active window",
    "profile.brands": "brand",
    "signal.brand": "brand",
    "profile.reachable": "the lack of a contact point",
}


class Failing(NamedTuple):
    """A condition that does not let a treatment through."""

    condition: Condition
    verdict: Verdict


class Question:
    """Why one treatment did not qualify by one record, and what would change it."""

    def __init__(self, policy: Policy, record: DecisionRecord, action: Action, treatment: Treatment) -> None:
        """Ask about a treatment of an action, by what a record says was read."""
        self._policy = policy
        self._record = record
        self._action = action
        self._treatment = treatment
        conditions = policy.revision.catalogue.conditions
        self._conditions = [
            *((conditions[n], None) for n in action.conditions),
            *((conditions[n], treatment) for n in treatment.conditions),
        ]

    def because(self) -> str:
        """What dropped it, in a sentence."""
        invalid = dict.fromkeys(_VALIDITY[change.subject] for change in self._validity(self._brand()[0])[0])
        failing = [f"{each.condition.kind} {each.condition.name}" for each in self._failing(self._record)]
        first, *others = [*invalid, *failing]
        return f"Dropped by {first}{', and would be by ' + ', '.join(others) if others else ''}."

    def answer(self) -> tuple[list[Change], str | None]:
        """The changes that are needed together, fewest and nearest first found; and what cannot be said, None where
        they suffice.
        """
        found = [self._answer(brand) for brand in self._brand()]
        return min(found, key=lambda each: (each[1] is not None, len(each[0])))

    def _answer(self, brand: Sequence[Change]) -> tuple[list[Change], str | None]:
        """The answer where the brand is made right by these changes."""
        changes, hopeless = self._validity(brand)
        if hopeless is not None:
            return [], hopeless
        record = apply(self._policy, self._record, changes)
        failing = self._failing(record)
        if not failing:
            return changes, None
        found = self._smallest(record, failing)
        if found is None:
            names = ", ".join(each.condition.name for each in failing)
            return changes, f"no change of up to {MOST_CHANGED} values was found by which these would hold: {names}"
        return [*changes, *found], None

    def _validity(self, brand: Sequence[Change]) -> tuple[list[Change], str | None]:
        """What no condition says: flags, the active window, brand, contact point."""
        record, action, channel = self._record, self._action, self._treatment.channel
        revision, profile = self._policy.revision, record.profile
        changes = [flag_gone(profile.flags, e.flag) for e in revision.catalogue.exclusions if e.flag in profile.flags]
        if len(changes) > 1:
            excluding = {e.flag for e in revision.catalogue.exclusions}
            left = [flag for flag in profile.flags if flag not in excluding]
            says = f"profile.flags without {', '.join(said(f) for f in profile.flags if f in excluding)}"
            changes = [Change(kind="attribute", subject="profile.flags", value=left, says=says)]
        active = action.active
        if active.until is not None and record.decided_at >= active.until:
            return [], f"{action.id} was over at {active.until.isoformat()}"
        if active.from_ is not None and record.decided_at < active.from_:
            changes.append(later(active.from_))
        changes += brand
        if revision.channels[channel].needs_contact_point and channel not in profile.reachable:
            value = [*profile.reachable, channel]
            says = f"profile.reachable with {said(channel)}, now {said(profile.reachable)}"
            changes.append(Change(kind="attribute", subject="profile.reachable", value=value, says=says))
        return changes, None

    def _brand(self) -> list[list[Change]]:
        """What makes the brand right: each of these by itself, and nothing where it is."""
        brand, asked, profile = self._action.brand, self._record.signal.brand, self._record.profile
        if asked == brand or (asked is None and brand in (profile.brands or self._policy.revision.brands)):
            return [[]]
        says = f"signal.brand = {said(brand)}, now {said(asked) if asked is not None else 'none'}"
        spoken = Change(kind="attribute", subject="signal.brand", value=brand, says=says)
        if asked is not None:
            return [[spoken]]
        says = f"profile.brands with {said(brand)}, now {said(profile.brands)}"
        customer = Change(kind="attribute", subject="profile.brands", value=[*profile.brands, brand], says=says)
        return [[customer], [spoken]]  # what is made for those who are no customers yet comes of a signal to the brand

    def _failing(self, record: DecisionRecord, conditions: Sequence[Any] | None = None) -> list[Failing]:
        situation = self._policy.situation(record.profile, record.signal, record.decided_at)
        found = []
        for condition, treatment in self._conditions if conditions is None else conditions:
            verdict = self._policy.verdict(condition, {**situation, **candidate(self._action, treatment)})
            if verdict is Verdict.HOLDS or (verdict is Verdict.UNKNOWN and condition.on_missing == "allow"):
                continue
            found.append(Failing(condition, verdict))
        return found

    def _smallest(self, record: DecisionRecord, failing: list[Failing]) -> list[Change] | None:
        """The fewest changes by which every condition lets through, and of as few the nearest."""
        by_path = self._options(record, failing)
        for many in range(1, min(MOST_CHANGED, len(by_path)) + 1):
            best: tuple[float, list[Change]] | None = None
            trials = itertools.chain.from_iterable(
                itertools.product(*(by_path[path] for path in paths))
                for paths in itertools.combinations(sorted(by_path), many)
            )
            for changes in itertools.islice(trials, MOST_TRIALS):
                cost = sum(each[0] for each in changes)
                if best is not None and cost >= best[0]:
                    continue
                together = [each[1] for each in changes]
                if not self._failing(apply(self._policy, record, together)):
                    best = cost, together
            if best is not None:
                return best[1]
        return None

    def _options(self, record: DecisionRecord, failing: list[Failing]) -> dict[Path, list[tuple[float, Change]]]:
        """For each path that a failing condition reads, what could be there instead, with its distance.

        A value must suit the other conditions too, so what those say of the same path is tried as well.
        """
        names = {each.condition.name for each in failing}
        wanted: dict[Path, list[Term]] = {}
        concerned: set[Path] = set()
        evaluated: list[tuple[Condition, Treatment | None]] = []
        for condition, treatment in self._conditions:
            data, found = self._program(condition, treatment)
            terms = [term for clause in found or () for term in clause]
            for term in terms:
                wanted.setdefault(term.atom.path, []).append(term)
            if condition.name in names:
                concerned |= {term.atom.path for term in terms}
                if found is None:
                    evaluated.append((condition, treatment))
                    concerned |= {path for path in program(data).reads if len(path) > 1 and path[0] in ROOTS}
        by_path: dict[Path, list[tuple[float, Change]]] = {}
        for path in concerned:
            now = read(record, path)
            found_here = list(self._of_path(record, path, now, wanted.get(path, []), evaluated))
            unique = {(repr(each.value), each.value.__class__): each for each in reversed(found_here)}
            by_path[path] = [
                (distance(now, each.value), _attribute(path, each, now)) for each in reversed(unique.values())
            ]
        if any(_reads_now(self._program(*each)[0]) for each in evaluated):
            by_path["now",] = [(1.0, later(at)) for at in self._moments(record, evaluated)]
        return by_path

    def _of_path(
        self,
        record: DecisionRecord,
        path: Path,
        now: Any,
        terms: list[Term],
        evaluated: list[tuple[Condition, Treatment | None]],
    ) -> Iterator[Option]:
        kind = self._kind(record, path)
        for term in terms:
            for each in (term, Term(term.atom, not term.negated)):
                yield from options(each, now, kind)
        held = [term for term in terms if term.atom.operator == "contains"]
        if len(held) > 1 and (now is MISSING or now.__class__ in COLLECTIONS):
            yield every(held, [] if isinstance(now, NoValue) else list(now))
        for asking in evaluated:
            data = self._program(*asking)[0]
            start = begin(now, kind)
            if start is not None:
                if now is MISSING:
                    yield Option(start, f"= {said(start)}")
                yield from numbers(start, partial(self._holds, record, path, asking))
            elif kind == "timestamp":
                yield from times(now, record.decided_at, partial(self._holds, record, path, asking))
            elif now.__class__ is bool or (now is MISSING and kind in (None, "bool")):
                yield from (Option(value, f"= {said(value)}") for value in (True, False) if value is not now)
            beside = (read(record, other) for other in program(data).reads if other != path)
            others = [value for value in beside if value.__class__ in NUMBERS]
            yield from suggested([*literals(data), *others], now, kind)
            if now is not MISSING and _asks_for(data, path):
                yield Option(MISSING, "missing")

    def _kind(self, record: DecisionRecord, path: Path) -> str | None:
        """The declared type of what stands at a path, None where none is."""
        declared = self._policy.revision.catalogue
        schema = {"profile": declared.profile_schema, "context": declared.context_schema}.get(path[0], {})
        inside = path[1:]
        if path[:2] == ("signal", "properties"):
            signal = declared.signals.get(record.signal.type)
            schema, inside = (signal.properties if signal else {}), path[2:]
        return schema[inside[0]].type if len(inside) == 1 and inside[0] in schema else None

    def _holds(
        self, record: DecisionRecord, path: Path, condition: tuple[Condition, Treatment | None], value: Any
    ) -> bool:
        changed = apply(self._policy, record, [Change(kind="attribute", subject=".".join(path), value=value, says="")])
        return not self._failing(changed, [condition])

    def _moments(
        self, record: DecisionRecord, evaluated: list[tuple[Condition, Treatment | None]]
    ) -> Iterator[datetime]:
        """From when on, to a minute, each of the conditions that ask for the time would hold."""
        begin = record.decided_at
        for condition in evaluated:

            def holds(minutes: int, condition: Any = condition) -> bool:
                return not self._failing(apply(self._policy, record, [later(begin + minutes * _LEAST)]), [condition])

            high = 1
            while not holds(high) and high * _LEAST < timedelta(days=_FARTHEST_DAYS):
                high *= 2
            if not holds(high):
                continue
            low = high // 2
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (low, middle) if holds(middle) else (middle, high)
            yield begin + high * _LEAST

    def _program(self, condition: Condition, treatment: Treatment | None) -> tuple[Any, Clauses | None]:
        """A condition as data and as clauses, with what it reads of the candidate in its place."""
        expression = self._policy.revision.catalogue.expressions[condition.when]
        seen = candidate(self._action, treatment)
        known: dict[Path, Any] = {
            (root, name): value for root in CANDIDATE & seen.keys() for name, value in seen[root].items()
        }
        data = specialised(expression.program, known)
        return data, clauses(data)


def _attribute(path: Path, option: Option, now: Any) -> Change:
    subject = ".".join(path)
    says = f"{subject} {option.says}, now {said(now)}"
    if option.value is MISSING:
        return Change(kind="attribute", subject=subject, says=says)
    return Change(kind="attribute", subject=subject, says=says, value=option.value)


def _asks_for(data: Any, path: Path) -> bool:
    """Whether a program asks if there is anything at a path."""
    if data.__class__ not in (list, tuple):
        return False
    return (data[:1] == ["has"] and static_path(["get", *data[1:]]) == path) or any(_asks_for(p, path) for p in data)


def _reads_now(data: Any) -> bool:
    if data.__class__ not in (list, tuple):
        return False
    return list(data) == ["name", "now"] or any(_reads_now(part) for part in data)
