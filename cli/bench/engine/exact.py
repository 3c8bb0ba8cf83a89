"""What else fills slots under limits exactly: HiGHS, a solver of mixed-integer programs, given the same as a model.

It knows sums of numbers and nothing else, so what outweighs everything is a large number in its model: at least one of
an issue. It is given no mandatory treatments, and says what a choice is worth, not which of equals it is.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from shared.domain.slots import SlotLimits, SlotTreatment


class Exact(NamedTuple):
    """What the best choice is worth: issues met of those wanted, and the sum of priorities."""

    met: int
    priority: float


class Model:
    """The program of one request."""

    def __init__(
        self,
        treatments: Sequence[SlotTreatment],
        limits: SlotLimits,
        priorities: Sequence[float],
        wanted: Sequence[tuple[str, int]],
    ) -> None:
        """Write the rows of the model; a treatment in a placement that it fits is a column.

        Args:
            treatments: the candidates, none of them mandatory.
            limits: what they obey together.
            priorities: of each.
            wanted: placements with the slots of each.
        """
        self._bonus = 1.0 + sum(sorted(priorities, reverse=True)[: sum(count for _, count in wanted)])
        self._worth: list[float] = []
        self._rows: list[tuple[float, float, list[int], list[float]]] = []
        self._inside: dict[tuple[str, str], list[int]] = {}
        for treatment, priority in zip(treatments, priorities, strict=True):
            self._candidates(treatment, priority, [p for p, _ in wanted if p in treatment.placements])
        for placement, count in wanted:
            self._at_most(count, "placement", placement)
        for kind, name in list(self._inside):
            if kind == "action":
                self._at_most(1, kind, name)
            elif kind == "group":
                self._at_most(limits.groups.get(name, limits.per_group), kind, name)
            elif kind == "issue":
                self._at_most(limits.issues.get(name, limits.per_issue), kind, name)
        for issue in limits.at_least_one_of:
            met, columns = self._column(self._bonus), self._inside.get(("issue", issue), [])
            self._row(-len(columns), 0, [met, *columns], [1.0, *[-1.0] * len(columns)])
        for bundle in limits.bundles:
            chosen = self._column(0.0)
            for action in bundle:
                columns = self._inside.get(("action", action), [])
                self._row(0, 0, [chosen, *columns], [1.0, *[-1.0] * len(columns)])

    def _candidates(self, treatment: SlotTreatment, priority: float, placements: Sequence[str]) -> None:
        """A column for each placement, in the sets that it counts to."""
        of = {"action": treatment.action, "group": treatment.group, "issue": treatment.issue}
        for placement in placements:
            column = self._column(priority)
            for key in (*of.items(), ("placement", placement)):
                self._inside.setdefault(key, []).append(column)

    def _at_most(self, limit: int | None, kind: str, name: str) -> None:
        columns = self._inside.get((kind, name), [])
        if limit is not None and columns:
            self._row(0, limit, columns, [1.0] * len(columns))

    def solve(self) -> Exact:
        """What the best choice is worth."""
        import highspy as peer
        import numpy as np

        highspy: Any = peer
        count = len(self._worth)
        highs = _in_silence(highspy.Highs)
        highs.silent()
        highs.setOptionValue("threads", 1)
        highs.setOptionValue("mip_rel_gap", 0.0)
        highs.setOptionValue("mip_abs_gap", 0.0)
        model = highspy.HighsLp()
        model.num_col_, model.num_row_ = count, len(self._rows)
        model.sense_ = highspy.ObjSense.kMaximize
        model.col_cost_ = np.array(self._worth)
        model.col_lower_, model.col_upper_ = np.zeros(count), np.ones(count)
        model.integrality_ = [highspy.HighsVarType.kInteger] * count
        model.row_lower_ = np.array([row[0] for row in self._rows], dtype=float)
        model.row_upper_ = np.array([row[1] for row in self._rows], dtype=float)
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_ = np.cumsum([0, *(len(row[2]) for row in self._rows)]).astype(np.int32)
        model.a_matrix_.index_ = np.array([c for row in self._rows for c in row[2]], dtype=np.int32)
        model.a_matrix_.value_ = np.array([v for row in self._rows for v in row[3]], dtype=float)
        highs.passModel(model)
        highs.run()
        total = float(highs.getInfo().objective_function_value)
        met = int((total + 1e-6) // self._bonus)
        return Exact(met, total - met * self._bonus)

    def _column(self, worth: float) -> int:
        self._worth.append(worth)
        return len(self._worth) - 1

    def _row(self, lower: float, upper: float, columns: list[int], factors: list[float]) -> None:
        self._rows.append((lower, upper, columns, factors))


def _in_silence(make: Callable[[], Any]) -> Any:
    """What is made; HiGHS greets on standard output whoever makes its first solver."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            return make()
    finally:
        os.dup2(kept, 1)
        os.close(kept)
