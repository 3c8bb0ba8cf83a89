"""Differences of experiments: which arms there are, how many persons are in each, and what differs for them."""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.catalogue import Arm, Catalogue, Experiment
from shared.domain.differences.change import Change, changed, number, paired, per_cent, quoted, scope_words, whole


def of_experiments(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    """Every experiment and arm that comes, goes or differs."""
    for name, was, is_now in paired(old.experiments, new.experiments, lambda experiment: experiment.id):
        about = f"experiment {name}"
        if was is None or is_now is None:
            yield whole(about, was, is_now, _arms)
            continue
        yield from changed(about, "reason", was.reason, is_now.reason, quoted, actions=0)
        order = [arm.id for arm in was.arms], [arm.id for arm in is_now.arms]
        for arm_id, one, other in paired(was.arms, is_now.arms, lambda arm: arm.id):
            yield from _of_arm(f"{about}, arm {arm_id}", one, other, (old, new))
        if order[0] != order[1] and sorted(order[0]) == sorted(order[1]):
            yield from changed(about, "order of arms", *order, ", ".join, actions=0)


def _of_arm(about: str, was: Arm | None, is_now: Arm | None, sides: tuple[Catalogue, Catalogue]) -> Iterator[Change]:
    if was is None or is_now is None:
        yield whole(about, was, is_now, lambda arm: f"{per_cent(arm.share)} of persons")
        return
    yield from changed(about, "persons", was.share, is_now.share, per_cent, actions=0)
    yield from changed(about, "ranks by", was.ranks_by, is_now.ranks_by, str, actions=0)
    levers = _levers(was, sides[0]), _levers(is_now, sides[1])
    yield from changed(about, "levers", *levers, lambda said: said or "none of its own", actions=0)


def _arms(experiment: Experiment) -> str:
    return ", ".join(f"{arm.id} ({per_cent(arm.share)})" for arm in experiment.arms)


def _levers(arm: Arm, catalogue: Catalogue) -> str:
    return ", ".join(f"{number(change.lever)} on {scope_words(change.scope, catalogue)}" for change in arm.levers)
