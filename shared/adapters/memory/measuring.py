"""The history in memory, added up as `shared/adapters/measuring` has it added up by SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from shared.adapters.memory.history import DecisionHistory
from shared.domain.experiments import HELD_OUT, assigned
from shared.domain.measuring.arms import Sums
from shared.domain.measuring.report import OUTBOUND, REST, Arms, Cell, Totals
from shared.domain.measuring.uplift import sides_of
from shared.domain.outcome import POSITIVE
from shared.domain.releasing.guards import COMPLAINTS, FAILURES, Guard, Met
from shared.messages import HistoryRow
from shared.ports.measuring import AddedUp, Canary, Period


class Measures:
    """The port `Measures`, over the rows of a history."""

    def __init__(self, history: DecisionHistory) -> None:
        """Add up what a history holds."""
        self._history = history

    def arms(self, arms: Arms, period: Period) -> Totals:
        """What came of the persons of each arm."""
        told = self._history.told(period.before, period.until)
        decisions = {row.decision_id: row for row in told if _is_decision(row)}
        within = [row for row in decisions.values() if row.occurred_at >= period.since]
        first = sorted(within, key=lambda row: (row.occurred_at, row.decision_id or ""), reverse=True)
        people = {row.person_id: _arm(row, arms) for row in first}
        met = {(row.person_id, where) for row in within for where in ("", row.asked or OUTBOUND)}
        persons: dict[tuple[str, str], int] = defaultdict(int)
        for person, where in met:
            persons[people[person], where] += 1
        return Totals(dict(persons), _cells(people, _acceptances(told, decisions, period.since)))

    def uplift(self, period: Period) -> AddedUp:
        """What came of those who were given an action, and of those it was held back from."""
        told = self._history.told(period.since, period.until)
        decisions = {row.decision_id: row for row in told if row.kind == "decision"}
        chances: dict[tuple[str, str, str | None], datetime] = {}
        for row in sorted(decisions.values(), key=lambda row: row.occurred_at, reverse=True):
            held_out = f"={HELD_OUT}" in (row.arms or "")
            if row.action is not None and not held_out:
                chances[row.action, "given", row.person_id] = row.occurred_at
            if row.held_back is not None:
                chances[row.held_back.rpartition(".")[0], HELD_OUT, row.person_id] = row.occurred_at
        last: dict[tuple[str | None, str | None], datetime] = {}
        for row in sorted((row for row in told if _is_acceptance(row)), key=lambda row: row.occurred_at):
            last[row.action, _person(row, decisions)] = row.occurred_at
        counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        for (action, side, person), since in chances.items():
            counted = counts[action, side]
            counted[0] += 1
            counted[1] += (action, person) in last and last[action, person] >= since
        held = {action for action, side in counts if side == HELD_OUT}
        return AddedUp(sides_of([(a, side, n, k) for (a, side), (n, k) in counts.items() if a in held]))

    def canary(self, canary: Canary, since: datetime, until: datetime) -> tuple[Met, Met]:
        """What persons of a canary met with, and what all others did."""
        told = [row for row in self._history.told(since, until) if row.revision in (canary.revision, canary.live)]
        first: dict[str | None, HistoryRow] = {}
        for row in sorted(told, key=lambda row: (row.occurred_at, row.decision_id or "")):
            if row.kind == "decision":
                first.setdefault(row.person_id, row)
        met: dict[tuple[str | None, str | None], set[Guard]] = defaultdict(set)
        for row in told:
            met[row.revision, row.person_id] |= _met(row, canary.slow_ms)
        counts = {canary.revision: dict[Guard, int](), canary.live: dict[Guard, int]()}
        persons = dict.fromkeys(counts, 0)
        for person, row in first.items():
            revision = row.revision or ""
            persons[revision] += 1
            is_nothing = row.action is None and row.outcome != "deferred"
            watched: set[Guard] = {"no_action"} if is_nothing else set()
            for guard in met[row.revision, person] | watched:
                counts[revision][guard] = counts[revision].get(guard, 0) + 1
        return tuple(Met(persons[each], counts[each]) for each in (canary.revision, canary.live))  # type: ignore[return-value]

    def accepted(self, since: datetime, until: datetime, prefix: str = "") -> frozenset[str]:
        """The decisions of which something was accepted in a period, and the deliveries that were."""
        told = (row for row in self._history.told(since, until) if _is_acceptance(row))
        some = (row for row in told if row.decision_id and row.decision_id.startswith(prefix))
        return frozenset(named for row in some for named in (row.decision_id, row.delivery_id) if named)


def _met(row: HistoryRow, slow_ms: int) -> set[Guard]:
    """What a person met with, as far as guards watch it."""
    if row.kind == "decision":
        return {"slow"} if row.elapsed_ms is not None and row.elapsed_ms > slow_ms else set()
    found: set[Guard] = set()
    if row.outcome in FAILURES:
        found.add("failures")
    if row.outcome in COMPLAINTS:
        found.add("complaints")
    return found


def _is_decision(row: HistoryRow) -> bool:
    return row.kind == "decision" and row.outcome != "excluded"


def _is_acceptance(row: HistoryRow) -> bool:
    return row.kind == "outcome" and row.outcome in POSITIVE


def _arm(row: HistoryRow, arms: Arms) -> str:
    found = (row.arms or "").split(" ")
    if arms.holdout and assigned(arms.holdout, HELD_OUT) in found:
        return HELD_OUT
    own = next((arm for arm in found if arm.startswith(f"{arms.experiment}=")), "")
    return own.partition("=")[2] or REST


def _person(row: HistoryRow, decisions: dict[str | None, HistoryRow]) -> str | None:
    decided = decisions.get(row.decision_id) if row.decision_id else None
    return decided.person_id if decided else row.person_id


def _acceptances(
    told: Sequence[HistoryRow], decisions: dict[str | None, HistoryRow], since: datetime
) -> Iterator[tuple[str | None, str, str, bool, float]]:
    """Person, channel, issue, whether it is within the period, and pounds; one a delivery."""
    values: dict[str | None, list[float]] = defaultdict(list)
    for row in decisions.values():
        if row.action is not None and row.value is not None:
            values[row.action].append(row.value)
    found: dict[tuple[str, str | None, str, str], list[tuple[datetime, float]]] = defaultdict(list)
    for row in told:
        if not _is_acceptance(row):
            continue
        decided = decisions.get(row.decision_id) if row.decision_id else None
        known = values.get(row.action)
        candidates = (row.value, decided.value if decided else None, sum(known) / len(known) if known else None, 0.0)
        worth = next(value for value in candidates if value is not None)
        key = row.delivery_id or row.row_id, _person(row, decisions), row.channel or "", row.issue or ""
        found[key].append((row.occurred_at, worth))
    for (_, person, channel, issue), each in found.items():
        yield person, channel, issue, min(at for at, _ in each) >= since, max(worth for _, worth in each)


def _cells(
    people: dict[str | None, str], acceptances: Iterator[tuple[str | None, str, str, bool, float]]
) -> list[Cell]:
    by_person: dict[tuple[str | None, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0, 0.0])
    for person, channel, issue, is_within, worth in acceptances:
        for level in {("", ""), (channel, ""), ("", issue), (channel, issue)}:
            numbers = by_person[person, *level]
            numbers[0 if is_within else 1] += 1.0
            numbers[2 if is_within else 3] += worth
    by_cell: dict[tuple[str, str, str], list[list[float]]] = defaultdict(list)
    for (person, channel, issue), numbers in by_person.items():
        if person in people:
            by_cell[people[person], channel, issue].append(numbers)
    return [
        Cell(arm, channel, issue, _sums([(n[0], n[1], n[0]) for n in each]), _sums([(n[2], n[3], n[0]) for n in each]))
        for (arm, channel, issue), each in sorted(by_cell.items())
    ]


def _sums(persons: Sequence[tuple[float, float, float]]) -> Sums:
    """Sums over (within, before, acceptances within)."""
    return Sums(
        persons=0,
        reacted=sum(accepted > 0 for _, _, accepted in persons),
        total=sum(now for now, _, _ in persons),
        squares=sum(now * now for now, _, _ in persons),
        before=sum(before for _, before, _ in persons),
        before_squares=sum(before * before for _, before, _ in persons),
        products=sum(now * before for now, before, _ in persons),
    )
