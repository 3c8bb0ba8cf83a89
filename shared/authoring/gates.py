"""Gates as a revision holds them: prohibitions that are programs, and the steps of a canary by its share."""

from __future__ import annotations

from functools import partial

import msgspec

from shared.authoring import forms
from shared.authoring.expressions import Checker
from shared.authoring.names import Names, by_id
from shared.domain.catalogue import CANARY_SHARES, Gates
from shared.domain.part import seconds


def build_gates(file: forms.Gates, names: Names, checker: Checker) -> Gates:
    """The prohibitions by their ids, and every limit."""
    names.unique(file.prohibitions, "prohibition")
    names.unique(file.canary, "canary step", "share")
    for prohibition in file.prohibitions:
        checker.condition(prohibition.must, partial(names.place, prohibition, "must"), sees_treatment=True)
    for step in file.canary:
        if step.share not in CANARY_SHARES:
            known = ", ".join(map(str, CANARY_SHARES))
            names.problems.add(names.place(step, "share"), f"a canary is of one of {known} per cent of persons")
        if seconds(step.at_least) > seconds(step.at_most):
            names.problems.add(names.place(step, "at_least"), f"is longer than at_most, {step.at_most}")
    for channel in file.volume_change:
        names.refers("channel", channel, file, "volume_change", channel)
    return Gates(
        fewest=file.fewest,
        most_cost_per_thousand=file.most_cost_per_thousand,
        most_no_action_rise=file.most_no_action_rise,
        most_volume_change=file.most_volume_change,
        volume_change=dict(sorted(file.volume_change.items())),
        most_value_fall=file.most_value_fall,
        prohibitions=tuple(
            msgspec.structs.replace(each, scope=names.scope(each.scope)) for each in by_id(file.prohibitions)
        ),
        guards=file.guards,
        canary=tuple(sorted(file.canary, key=lambda step: step.share)),
    )
