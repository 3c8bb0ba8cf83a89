"""Experiments as a revision holds them: arms that are no more than everybody, and no two that say different things of
one person.
"""

from __future__ import annotations

from itertools import combinations

import msgspec

from shared.authoring import forms
from shared.authoring.names import Names, by_id
from shared.domain.catalogue import Arm, Experiment
from shared.domain.experiments import HELD_OUT
from shared.domain.rules import Holdout, Scope

_ROUNDING = 1e-9


def build_experiments(files: forms.Experiments, policy: forms.ContactPolicy, names: Names) -> tuple[Experiment, ...]:
    """The experiments by their ids."""
    experiments = files.experiments
    names.unique(experiments, "experiment")
    held_out = {rule.id for rule in policy.rules if isinstance(rule, Holdout)}
    for experiment in experiments:
        if experiment.id in held_out:
            message = f"{experiment.id} is a holdout in contact_policy.yaml: histories name both alike"
            names.problems.add(names.place(experiment, "id"), message)
        _check_arms(experiment, names)
    others = [each for each in experiments if any(arm.ranks_by != "priority" for arm in each.arms)]
    for experiment in others[1:]:
        message = f"an arm of {others[0].id} ranks otherwise already: who is in both would be ranked in two ways"
        names.problems.add(names.place(experiment, "arms"), message)
    for one, other in combinations(experiments, 2):
        _check_apart(one, other, names)
    return tuple(_built(each, names) for each in by_id(experiments))


def _check_arms(experiment: Experiment, names: Names) -> None:
    names.unique(experiment.arms, "arm")
    if sum(arm.share for arm in experiment.arms) > 1 + _ROUNDING:
        names.problems.add(names.place(experiment, "arms"), "their shares are more than 1: more than everybody")
    for arm in experiment.arms:
        if arm.id == HELD_OUT:
            names.problems.add(names.place(arm, "id"), f"{HELD_OUT} is what histories say of holdouts")
        if arm.levers and arm.ranks_by != "priority":
            message = f"no lever counts where {arm.ranks_by} ranks: leave them, or ranks_by, out"
            names.problems.add(names.place(arm, "levers"), message)


def _check_apart(one: Experiment, other: Experiment, names: Names) -> None:
    """Note levers of two experiments that may be of one treatment: a person may be in both."""
    for mine in (change for arm in one.arms for change in arm.levers):
        for theirs in (change for arm in other.arms for change in arm.levers):
            if _meet(mine.scope, theirs.scope):
                message = f"{one.id} may change the lever of the same treatment: narrow the scopes until they are apart"
                names.problems.add(names.place(theirs, "scope"), message)
                return


def _meet(one: Scope, other: Scope) -> bool:
    """Whether some treatment may be in both: no dimension parts them."""
    pairs = ((getattr(one, field), getattr(other, field)) for field in Scope.__struct_fields__)
    return not any(mine and theirs and not {*mine} & {*theirs} for mine, theirs in pairs)


def _built(experiment: Experiment, names: Names) -> Experiment:
    return msgspec.structs.replace(experiment, arms=tuple(_arm(arm, names) for arm in experiment.arms))


def _arm(arm: Arm, names: Names) -> Arm:
    levers = tuple(msgspec.structs.replace(change, scope=names.scope(change.scope)) for change in arm.levers)
    return msgspec.structs.replace(arm, levers=levers)
