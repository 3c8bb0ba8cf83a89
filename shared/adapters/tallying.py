"""What became of signals, counted from rows of the history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shared.domain.outbound.wave import Reconciled


class Told(NamedTuple):
    """What a row says of a signal: that it was decided, or that it started no decision."""

    decision_id: str
    kind: str
    outcome: str
    channel: str | None
    action: str | None


def tallied(decision_ids: Sequence[str], told: Iterable[Told]) -> tuple[Reconciled, frozenset[str]]:
    """The counts of some signals, and those of which nothing is told. A signal counts once: as decided where it was."""
    by_id: dict[str, Told] = {}
    for each in told:
        if each.decision_id not in by_id or each.kind == "decision":
            by_id[each.decision_id] = each
    decided = [each for each in by_id.values() if each.kind == "decision"]
    reserved = [each for each in decided if each.outcome == "reserved"]
    reconciled = Reconciled(
        decided=len(decided),
        ended=_counted(each.outcome for each in by_id.values() if each.kind != "decision"),
        outcomes=_counted(each.outcome for each in decided),
        channels=_counted(each.channel or "" for each in reserved),
        actions=_counted(each.action or "" for each in reserved),
    )
    return reconciled, frozenset(decision_ids) - by_id.keys()


def _counted(words: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(words).items(), key=lambda each: (-each[1], each[0])))
