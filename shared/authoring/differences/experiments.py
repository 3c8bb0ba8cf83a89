"""Differences of experiments: which arms there are, how many persons are in each, and what differs for them."""

from __future__ import annotations

from collections.abc import Iterator

from shared.authoring.differences.change import Change, changed, number, paired, quoted, scope_words
from shared.domain.catalogue import Arm, Catalogue, Experiment


def of_experiments(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    """Every experiment and arm that comes, goes or differs."""
    for name, was, is_now in paired(old.experiments, new.experiments, lambda experiment: experiment.id):
        about = f"experiment {name}"
        if was is None or is_now is None:
            yield _whole(about, was, is_now)
            continue
        yield from changed(about, "reason", was.reason, is_now.reason, quoted, actions=0)
        order = [arm.id for arm in was.arms], [arm.id for arm in is_now.arms]
        for arm_id, one, other in paired(was.arms, is_now.arms, lambda arm: arm.id):
            yield from _of_arm(f"{about}, arm {arm_id}", one, other, (old, new))
        if order[0] != order[1] and sorted(order[0]) == sorted(order[1]):
            yield from changed(about, "order of arms", *order, ", ".join, actions=0)


def _whole(about: str, was: Experiment | None, is_now: Experiment | None) -> Change:
    experiment = was or is_now
    assert experiment is not None, "it is on one side"
    arms = ", ".join(f"{arm.id} ({number(100 * arm.share)} %)" for arm in experiment.arms)
    if is_now is None:
        return Change(about=about, kind="lost", said=f"removed: {arms}", actions=0)
    return Change(about=about, kind="gained", said=f"added: {arms}", actions=0)


def _of_arm(about: str, was: Arm | None, is_now: Arm | None, sides: tuple[Catalogue, Catalogue]) -> Iterator[Change]:
    if was is None or is_now is None:
        arm, verb = (was, "removed") if is_now is None else (is_now, "added")
        assert arm is not None, "it is on one side"
        kind = "lost" if is_now is None else "gained"
        yield Change(about=about, kind=kind, said=f"{verb}: {number(100 * arm.share)} % of persons", actions=0)  # type: ignore[arg-type]
        return
    shares = number(100 * was.share), number(100 * is_now.share)
    yield from changed(about, "persons", *shares, lambda share: f"{share} %", actions=0)
    yield from changed(about, "ranks by", was.ranks_by, is_now.ranks_by, str, actions=0)
    levers = _levers(was, sides[0]), _levers(is_now, sides[1])
    yield from changed(about, "levers", *levers, lambda said: said or "none of its own", actions=0)


def _levers(arm: Arm, catalogue: Catalogue) -> str:
    return ", ".join(f"{number(change.lever)} on {scope_words(change.scope, catalogue)}" for change in arm.levers)
