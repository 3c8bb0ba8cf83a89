"""A simulated change held against its gates: each says whether it is passed, with figures and the persons behind them.

Limits are those of what is live and those of what is to come, so that a change cannot loosen the limit that it would
not have passed; and a limit that is loosened is a gate of its own, until the proposal acknowledges it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from shared.domain.batch.judging import Judged, judge
from shared.domain.batch.numbers import COST, REACHED, Summary
from shared.domain.batch.prohibited import number_of
from shared.domain.batch.rates import Rates
from shared.domain.catalogue import Gates, Revision
from shared.domain.releasing.loosened import Loosened, loosened

_AS_FAIR = 0.95
"""Of a ratio: what is no less than this share of it counts as no worse."""

Kind = Literal["persons", "prohibition", "loosened", "fairness", "cost", "no_action", "volume", "value"]


class Gate(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A gate, and what was found.

    Attributes:
        kind: what it is about.
        id: which one of its kind; empty where there is one.
        passed: whether the change may go on.
        said: the finding in a line.
        figure, before, limit: what was found, what it is now, and how far it may go, where these are numbers.
        number: the number of the simulation that names the persons behind it.
        persons: how many these are.
        who: some of them.
    """

    kind: Kind
    id: str = ""
    passed: bool
    said: str
    figure: float | None = None
    before: float | None = None
    limit: float | None = None
    number: str = ""
    persons: int = 0
    who: tuple[str, ...] = ()


class Simulated(NamedTuple):
    """Both revisions on the same persons.

    Attributes:
        before, after: what is live, and what is to come.
        was, is_now: their numbers.
        rates: what is to come by parts of protected attributes.
        rates_before: what is live, likewise, where limits of fairness ask no more than that it gets no worse: what is
            shown depends on who comes, and a limit that is not kept already cannot be what stops a change.
    """

    before: Revision
    after: Revision
    was: Summary
    is_now: Summary
    rates: Rates
    rates_before: Rates | None = None


def gates(found: Simulated, acknowledged: Collection[str] = ()) -> tuple[Gate, ...]:
    """Every gate of a change, those that are not passed first.

    Args:
        found: a simulation of it.
        acknowledged: the limits that the proposal says are meant to be loosened, as `Loosened.about` names them.
    """
    every = [*_all(found, acknowledged)]
    return tuple(sorted(every, key=lambda gate: gate.passed))


def _all(found: Simulated, acknowledged: Collection[str]) -> Iterator[Gate]:
    limits = [found.after.catalogue.gates, found.before.catalogue.gates]
    yield _enough(found, max(each.fewest for each in limits))
    yield from _prohibitions(found, limits)
    for each in loosened(found.before.catalogue, found.after.catalogue):
        yield _loosened(each, acknowledged)
    yield from _fairness(found)
    yield from _cost(found, limits)
    yield from _no_action(found, limits)
    yield from _volume(found, limits)


def _before(found: Simulated, figure: str) -> str:
    return "" if found.before.id == found.after.id else f" ({figure} before)"


def _enough(found: Simulated, fewest: int) -> Gate:
    persons = found.is_now.persons
    return Gate(
        kind="persons",
        passed=persons >= fewest,
        said=f"{persons:,} persons were simulated, and at least {fewest:,} are needed",
        figure=persons,
        limit=fewest,
    )


def _prohibitions(found: Simulated, limits: Sequence[Gates]) -> Iterator[Gate]:
    reasons = {each.id: each for gate in reversed(limits) for each in gate.prohibitions}
    for name, prohibition in sorted(reasons.items()):
        number = number_of(name)
        was, is_now = found.was.counts.get(number, 0), found.is_now.counts.get(number, 0)
        what = "qualify for" if prohibition.after == "policy" else "are given"
        yield Gate(
            kind="prohibition",
            id=name,
            passed=is_now == 0,
            said=f"{is_now:,} persons {what} what they must not have{_before(found, f'{was:,}')}: {prohibition.reason}",
            figure=is_now,
            before=was,
            limit=0,
            number=number,
            persons=is_now,
        )


def _loosened(each: Loosened, acknowledged: Collection[str]) -> Gate:
    meant = each.about in acknowledged
    return Gate(
        kind="loosened",
        id=each.about,
        passed=meant,
        said=f"{each.about} is loosened: {each.said}"
        + ("" if meant else "; the proposal does not say that it is meant"),
    )


def _fairness(found: Simulated) -> Iterator[Gate]:
    seen: set[tuple[str, str, str, str]] = set()
    for revision in (found.after, found.before):
        before = {} if found.rates_before is None else _by_what(judge(revision, found.rates_before))
        for key, each in _by_what(judge(revision, found.rates)).items():
            if (*key, each.verdict) not in seen:
                seen.add((*key, each.verdict))
                yield _fair(each, before.get(key))


def _by_what(judged: Iterable[Judged]) -> dict[tuple[str, str, str], Judged]:
    return {(each.limit, each.of.stage, each.of.attributes): each for each in judged}


def _fair(is_now: Judged, was: Judged | None) -> Gate:
    """A limit of fairness; one that is not kept passes where what is live does not keep it and is no fairer."""
    parity, before = is_now.of.parity, was.of.parity if was else None
    figure, figure_before = (each.ratio if each else None for each in (parity, before))
    no_worse = was is not None and was.verdict != "kept" and (figure or 0.0) >= _AS_FAIR * (figure_before or 0.0)
    kept = is_now.verdict == "kept"
    return Gate(
        kind="fairness",
        id=is_now.limit,
        passed=kept or no_worse,
        said=judgement(is_now) + ("; no worse than before" if no_worse and not kept else ""),
        figure=figure,
        before=figure_before,
    )


def judgement(judged: Judged) -> str:
    """What was found of a limit of fairness, in a line."""
    of = judged.of
    what = f"{judged.verdict.replace('_', ' ')}: {judged.limit}, {of.issue} by {of.attributes} after {of.stage}"
    thin = f"; too few to conclude: {', '.join(f'{part} ({n})' for part, n in of.thin.items())}" if of.thin else ""
    found = of.parity
    if found is None:
        return f"{what}{thin or '; nobody to compare'}"
    ratio = "no rate" if found.ratio is None else f"ratio {found.ratio:.3f}"
    return (
        f"{what}: {ratio} ({found.ratio_low:.3f} to {found.ratio_high:.3f}), difference {found.difference:.3f}"
        f" ({found.difference_low:.3f} to {found.difference_high:.3f}),"
        f" {found.lowest} {found.rates[found.lowest]:.1%}, {found.highest} {found.rates[found.highest]:.1%}{thin}"
    )


def _least(values: Sequence[float | None]) -> float | None:
    """The narrowest of the limits that there are."""
    return min((value for value in values if value is not None), default=None)


def _cost(found: Simulated, limits: Sequence[Gates]) -> Iterator[Gate]:
    limit = _least([each.most_cost_per_thousand for each in limits])
    if limit is None:
        return
    was, is_now = (_per_thousand(each) for each in (found.was, found.is_now))
    yield Gate(
        kind="cost",
        passed=is_now <= limit,
        said=(
            f"contacts of a thousand decisions cost £{is_now:,.2f}{_before(found, f'£{was:,.2f}')}, "
            f"and may cost £{limit:,.2f}"
        ),
        figure=is_now,
        before=was,
        limit=limit,
        number=REACHED,
        persons=found.is_now.counts.get(REACHED, 0),
    )


def _per_thousand(summary: Summary) -> float:
    return 1000.0 * summary.amount(COST) / summary.persons if summary.persons else 0.0


def _no_action(found: Simulated, limits: Sequence[Gates]) -> Iterator[Gate]:
    limit = _least([each.most_no_action_rise for each in limits])
    if limit is None:
        return
    was, is_now = (_nothing(each) for each in (found.was, found.is_now))
    yield Gate(
        kind="no_action",
        passed=is_now - was <= limit,
        said=(
            f"{is_now:.1%} of persons are given nothing{_before(found, f'{was:.1%}')}, "
            f"and the share may rise by {limit:.1%}"
        ),
        figure=is_now,
        before=was,
        limit=was + limit,
        number=REACHED,
        persons=found.is_now.persons - found.is_now.counts.get(REACHED, 0),
    )


def _nothing(summary: Summary) -> float:
    return 1.0 - summary.counts.get(REACHED, 0) / summary.persons if summary.persons else 0.0


def _volume(found: Simulated, limits: Sequence[Gates]) -> Iterator[Gate]:
    fewest = max(each.fewest for each in limits)
    channels = {*found.before.channels, *found.after.channels}
    for channel in sorted(channels):
        limit = _least([each.volume_change.get(channel, each.most_volume_change) for each in limits])
        number = f"channel:{channel}"
        was, is_now = found.was.counts.get(number, 0), found.is_now.counts.get(number, 0)
        if limit is None or max(was, is_now) < min(fewest, 100):
            continue
        change = is_now / was - 1.0 if was else float(is_now)
        yield Gate(
            kind="volume",
            id=channel,
            passed=abs(change) <= limit,
            said=(
                f"{is_now:,} persons are contacted by {channel}{_before(found, f'{was:,}')}, "
                f"and that may change by {limit:.0%}"
            ),
            figure=is_now,
            before=was,
            limit=limit,
            number=number,
            persons=is_now,
        )
