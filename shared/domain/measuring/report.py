"""What arms of persons came to, compared: next best action against each of them, by channel and issue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from shared.domain.catalogue import Catalogue
from shared.domain.errors import NotFoundError
from shared.domain.experiments import HELD_OUT
from shared.domain.measuring.arms import Sums, compare
from shared.domain.measuring.sample_ratio import SampleRatioError, sample_ratio
from shared.domain.measuring.sequences import Interval
from shared.domain.rules import Holdout

REST = "next_best_action"
"""Those who are in no arm: they get what everybody gets, and the arms are measured against them."""

OUTBOUND = "outbound"
"""Where persons are met whom a signal's decision may write to, by whichever channel."""


class Cell(NamedTuple):
    """What came of the persons of an arm on a channel for an issue, all of either where it is empty."""

    arm: str
    channel: str
    issue: str
    accepted: Sums
    earned: Sums


class Totals(NamedTuple):
    """Sums as a history adds them up.

    Attributes:
        persons: by arm, and by where they were met: a channel that asked, `OUTBOUND`, or empty for anywhere.
        cells: without their persons.
        scanned_bytes: what it took to read, None where nobody counts.
    """

    persons: Mapping[tuple[str, str], int]
    cells: Sequence[Cell]
    scanned_bytes: int | None = None


class Comparison(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Next best action against an arm.

    Attributes:
        against: the arm.
        channel, issue: where and what for; empty for all.
        measure: acceptances a person, or pounds a person.
        persons: with next best action, and in the arm.
        means: what came of a person, likewise.
        difference: how much more with next best action; None where nothing can be said.
        lift: the same as a share of what came of a person in the arm.
        refused: why nothing is said.
    """

    against: str
    channel: str
    issue: str
    measure: Literal["acceptances", "pounds"]
    persons: tuple[int, int]
    means: tuple[float, float]
    difference: Interval | None = None
    lift: Interval | None = None
    refused: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured.

    Attributes:
        expected, found: persons by arm, as the declared shares have it and as they are.
        problem: where these do not go together, why nothing is compared.
        scanned_bytes: of the history, None where nobody counts.
    """

    experiment: str
    since: datetime
    until: datetime
    expected: dict[str, float]
    found: dict[str, int]
    problem: str
    comparisons: tuple[Comparison, ...]
    scanned_bytes: int | None = None


class Arms(NamedTuple):
    """Which arms are compared, by what histories call them, with their shares of all persons."""

    experiment: str
    holdout: str
    shares: Mapping[str, float]


def arms_of(catalogue: Catalogue, experiment_id: str) -> Arms:
    """The arms of an experiment, those whom it leaves alone, and the universal control group.

    Raises:
        NotFoundError: there is no such experiment.
    """
    found = next((each for each in catalogue.experiments if each.id == experiment_id), None)
    if found is None:
        known = ", ".join(each.id for each in catalogue.experiments) or "none"
        raise NotFoundError(f"the live revision has no experiment {experiment_id}: it has {known}")
    holdouts = [rule for rule in catalogue.rules if isinstance(rule, Holdout)]
    universal = next((rule for rule in holdouts if not any(msgspec.structs.astuple(rule.scope))), None)
    left = 1.0 - (universal.share if universal else 0.0)
    shares = {arm.id: arm.share * left for arm in found.arms}
    if universal:
        shares[HELD_OUT] = universal.share
    shares[REST] = 1.0 - sum(shares.values())
    return Arms(found.id, universal.id if universal else "", shares)


def report(arms: Arms, totals: Totals, channels: Mapping[str, str], since: datetime, until: datetime) -> Report:
    """Compare next best action with every arm.

    Args:
        arms: which there are.
        totals: what the history adds up to.
        channels: each channel with its direction.
        since: the beginning of the period, UTC.
        until: its end.
    """
    found = {arm: totals.persons.get((arm, ""), 0) for arm in arms.shares}
    problem, expected = "", {arm: share * sum(found.values()) for arm, share in arms.shares.items()}
    try:
        strangers = {arm: count for (arm, where), count in totals.persons.items() if not where}
        sample_ratio(arms.shares, {**found, **strangers}).check()
    except SampleRatioError as error:
        problem = str(error)
    return Report(
        experiment=arms.experiment,
        since=since,
        until=until,
        expected=expected,
        found=found,
        problem=problem,
        comparisons=() if problem else tuple(_comparisons(arms, totals, channels)),
        scanned_bytes=totals.scanned_bytes,
    )


def _comparisons(arms: Arms, totals: Totals, channels: Mapping[str, str]) -> Iterator[Comparison]:
    cells = {(cell.arm, cell.channel, cell.issue): cell for cell in totals.cells}
    places = sorted({(cell.channel, cell.issue) for cell in totals.cells} | {("", "")})
    for against in arms.shares:
        if against == REST:
            continue
        for channel, issue in places:
            where = OUTBOUND if channels.get(channel) == "outbound" else channel
            persons = tuple(totals.persons.get((arm, where), 0) for arm in (REST, against))
            both = [cells.get((arm, channel, issue), _none(arm, channel, issue)) for arm in (REST, against)]
            for measure, attribute in (("acceptances", "accepted"), ("pounds", "earned")):
                one, other = (
                    getattr(cell, attribute)._replace(persons=count) for cell, count in zip(both, persons, strict=True)
                )
                difference = compare(one, other)
                yield Comparison(
                    against=against,
                    channel=channel,
                    issue=issue,
                    measure=measure,  # type: ignore[arg-type]
                    persons=(one.persons, other.persons),
                    means=(one.mean, other.mean),
                    difference=difference.absolute,
                    lift=difference.relative,
                    refused=difference.refused,
                )


def _none(arm: str, channel: str, issue: str) -> Cell:
    return Cell(arm, channel, issue, Sums(), Sums())
