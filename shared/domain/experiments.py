"""Experiments: which arm a person is in, and what differs there (`domain.md` 9).

Assignment is a hash of (experiment, person): the same person is always in the same arm, experiments part persons
independently of each other, and nothing is stored. It follows the canonical id, as holdouts do: of persons that turned
out to be one, that of the one created first (docs/adr/0030). It is made once, when the person of a signal is known, and
travels from there, so that a decision is of one arm from end to end; the record names it, and a replay takes it as it
was read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shared.domain.catalogue import Action, ArmLever, Catalogue, Experiment, RanksBy, Treatment, facts
from shared.domain.rules import Holdout, in_scope

HELD_OUT = "held_out"
"""The arm of those whom a holdout holds out."""

PERSONS_KNOWN = 10_000

_WHOLE = 16**13


class Way(NamedTuple):
    """How the candidates of a decision are ranked.

    Attributes:
        ranks_by: what orders them.
        levers: of every row, None where they are those of the catalogue.
    """

    ranks_by: RanksBy = "priority"
    levers: tuple[float, ...] | None = None


AS_USUAL = Way()


class Experiments:
    """The experiments of a revision, and its holdouts."""

    def __init__(self, catalogue: Catalogue, rows: Sequence[tuple[Action, Treatment]], levers: Sequence[float]) -> None:
        """Work out where each arm begins and what it changes.

        Args:
            catalogue: what declares them.
            rows: every treatment with its action.
            levers: the lever of each row.
        """
        holdouts = (rule for rule in catalogue.rules if isinstance(rule, Holdout))
        self._parted = (
            *((_begun("holdout", rule.id), ((rule.share * _WHOLE, assigned(rule.id, HELD_OUT)),)) for rule in holdouts),
            *((_begun("experiment", each.id), _ends(each)) for each in catalogue.experiments),
        )
        self._levers = tuple(levers)
        self._ways: dict[str, Way] = {}
        self._known: dict[str, tuple[str, ...]] = {}
        for experiment in catalogue.experiments:
            for arm in experiment.arms:
                changed = _levered(arm.levers, rows, levers) if arm.levers else None
                if changed is not None or arm.ranks_by != "priority":
                    self._ways[assigned(experiment.id, arm.id)] = Way(arm.ranks_by, changed)

    def arms(self, person_id: str) -> tuple[str, ...]:
        """The arms that a person is in, each as `experiment=arm`: of holdouts first, then of experiments; those of the
        persons asked about last are at hand.
        """
        arms = self._known.get(person_id)
        if arms is None:
            if len(self._known) >= PERSONS_KNOWN:
                self._known.clear()
            arms = self._known[person_id] = self._arms(person_id)
        return arms

    def _arms(self, person_id: str) -> tuple[str, ...]:
        found, person = [], person_id.encode()
        person = len(person).to_bytes(4, "big") + person
        for begun, ends in self._parted:
            place = _place(begun, person)
            for end, arm in ends:
                if place < end:
                    found.append(arm)
                    break
        return tuple(found)

    def way(self, arms: Sequence[str]) -> Way:
        """How candidates rank for who is in these arms. No two experiments change one treatment's lever, and only one
        ranks by something else than priority: a build sees to that.
        """
        ways = [self._ways[arm] for arm in arms if arm in self._ways]
        if not ways:
            return AS_USUAL
        if len(ways) == 1:
            return ways[0]
        ranks_by: RanksBy = next((way.ranks_by for way in ways if way.ranks_by != "priority"), "priority")
        changed = [way.levers for way in ways if way.levers is not None]
        return Way(ranks_by, self._together(changed) if changed else None)

    def _together(self, changed: Sequence[tuple[float, ...]]) -> tuple[float, ...]:
        columns = zip(self._levers, *changed, strict=True)
        return tuple([next((lever for lever in others if lever != usual), usual) for usual, *others in columns])


def _begun(kind: str, name: str) -> hashlib._Hash:
    """The hash of what every person's place in an experiment or holdout begins with: that of `signal.digest`."""
    parts = [kind.encode(), name.encode()]
    return hashlib.sha256(b"".join([len(part).to_bytes(4, "big") + part for part in parts]))


def _place(of: hashlib._Hash, person: bytes) -> int:
    """Where a person lies on the way from 0 to the whole."""
    hashed = of.copy()
    hashed.update(person)
    return int.from_bytes(hashed.digest()[:7], "big") >> 4


def assigned(experiment: str, arm: str) -> str:
    """What records and histories call an arm."""
    return f"{experiment}={arm}"


def is_held_out(arms: Sequence[str]) -> bool:
    """Whether any holdout holds out who is in these arms."""
    return any(arm.endswith(f"={HELD_OUT}") for arm in arms)


def _ends(experiment: Experiment) -> tuple[tuple[float, str], ...]:
    """Where each arm ends on the way from 0 to the whole, and what it is called."""
    end, found = 0.0, []
    for arm in experiment.arms:
        end += arm.share
        found.append((end * _WHOLE, assigned(experiment.id, arm.id)))
    return tuple(found)


def _levered(
    changes: Sequence[ArmLever], rows: Sequence[tuple[Action, Treatment]], levers: Sequence[float]
) -> tuple[float, ...]:
    """The lever of every row for an arm."""
    known: list[Mapping[str, str]] = [facts(*row) for row in rows]
    found = list(levers)
    for change in changes:
        for row, about in enumerate(known):
            if in_scope(change.scope, dict(about)):
                found[row] = float(change.lever)
    return tuple(found)
