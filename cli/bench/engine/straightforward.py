"""What one would write first: JSON from the standard library, a CEL program in Rust for each action, and loops in
Python over what passes: predictors, contact rules, slots, and a record with all that was considered.
"""

from __future__ import annotations

import json
import math
from datetime import timedelta
from typing import Any

from cli.bench.engine import bank
from cli.bench.engine.decider import Decider
from cli.bench.engine.evidence import learnt
from cli.bench.engine.peers import common_expression_language
from shared.domain.contact import Contact
from shared.domain.predictors import Predictors
from shared.domain.propensity import model_id

_WEEK, _MONTH = timedelta(days=7), timedelta(days=30)


class Straightforward:
    """Decides as `Decider` does for the same persons, by the same figures, without explaining it."""

    def __init__(self, decider: Decider) -> None:
        """Prepare all that does not depend on a person."""
        self._decider = decider
        revision = decider.policy.revision
        self._rows = decider.policy.rows
        self._passes = common_expression_language(bank.conditions(len(revision.actions)), ())
        self._predictors = Predictors(revision.catalogue.predictors)
        evidence = learnt(revision)
        self._models = [evidence[model_id(treatment.id, treatment.channel)] for _, treatment in self._rows]

    def __call__(self, position: int) -> str:
        """The answer and the record."""
        request = json.loads(self._decider.requests[position])
        profile = self._decider.people[position]
        contacts = self._decider.histories[profile.person_id].contacts.values()
        cells = self._predictors.cells
        bins = self._predictors({"profile": profile.attributes, "signal": {}, "context": request["context"]})
        names = [cells[n][number] for n, number in enumerate(bins)]
        ranked = []
        for row, passes in enumerate(self._passes(profile.attributes)):
            if passes:
                action, treatment = self._rows[row]
                propensity = self._propensity(row, names)
                priority = propensity * float(action.value) * action.lever
                ranked.append((priority, action.id, treatment, propensity, action.group))
        ranked.sort(key=lambda each: (-each[0], each[1]))
        chosen: list[dict[str, Any]] = []
        used: set[str] = set()
        for wanted in request["placements"]:
            left = int(str(wanted["count"]))
            for _, action_id, treatment, _, group in ranked:
                if not left:
                    break
                fits = treatment.placement == wanted["id"] and action_id not in used
                if fits and not _is_stopped(action_id, group, contacts):
                    used.add(action_id)
                    left -= 1
                    chosen.append({"placement": wanted["id"], "treatment": treatment.id, "content": treatment.content})
        record = {
            "profile": profile.attributes,
            "ranked": [{"treatment": each[2].id, "priority": each[0], "propensity": each[3]} for each in ranked],
            "chosen": chosen,
        }
        return json.dumps(chosen) + json.dumps(record)

    def _propensity(self, row: int, names: list[str]) -> float:
        """The log odds of a model, with what each of its predictors adds."""
        model = self._models[row]
        base = (1 + model.positives) / (1 + model.negatives)
        odds = math.log(base)
        for name in names:
            in_bin = (1 + model.positives_by_cell.get(name, 0)) / (1 + model.negatives_by_cell.get(name, 0))
            odds += math.log(in_bin / base) / len(names)
        return 1 / (1 + math.exp(-odds))


def _is_stopped(action: str, group: str, contacts: Any) -> bool:
    """Three of a group in a week are enough, and what was turned down rests for a month."""
    contact: Contact
    seen = 0
    for contact in contacts:
        if contact.group == group and contact.outcomes.get("impression", bank.NOW - _MONTH) > bank.NOW - _WEEK:
            seen += 1
        if contact.action == action and contact.outcomes.get("dismiss", bank.NOW - _MONTH) > bank.NOW - _MONTH:
            return True
    return seen >= 3
