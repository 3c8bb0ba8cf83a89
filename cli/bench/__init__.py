"""`kairos bench`: speed against peers and floors, each ratio measured in one run."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterable
from typing import NoReturn

import click

from cli.bench.counts import FULL, QUICK, Counts
from cli.bench.results import Result, say
from cli.say import json_option

Measure = Callable[[Counts, Callable[[str], None]], list[Result]]
"""Measures one part and gives its results, telling what it does meanwhile."""


def _chain(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.chain import measure

    return measure(counts, tell)


def _decide(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.deciding import measure

    return measure(counts, tell)


def _cold_start(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.cold_start import measure

    return measure(counts, tell)


def _identity(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.identifying import measure

    return measure(counts, tell)


def _policy(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.engine.policy import measure

    return measure(counts, tell)


def _slots(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.engine.slots import measure

    return measure(counts, tell)


def _building(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.engine.building import measure

    return measure(counts, tell)


def _loading(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.engine.loading import measure

    return measure(counts, tell)


def _propensity(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.engine.propensity import measure

    return measure(counts, tell)


def _deciding(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.engine.deciding import measure

    return measure(counts, tell)


def _batch(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.engine.batch import measure

    return measure(counts, tell)


def _ingest(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.ingesting import measure

    return measure(counts, tell)


def _normalise(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.normalising import measure

    return measure(counts, tell)


def _features(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.features import measure

    return measure(counts, tell)


def _learning(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.learning.measuring import measure

    return measure(counts, tell)


def _bandit(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.bandit.measuring import measure

    return measure(counts, tell)


def _pace(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.pacing import measure

    return measure(counts, tell)


def _waves(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    from cli.bench.distributing import measure

    return measure(counts, tell)


PARTS: dict[Measure, tuple[str, ...]] = {
    _chain: ("spine.latency", "spine.usage"),
    _decide: ("spine.decide",),
    _cold_start: ("spine.cold_start",),
    _ingest: ("signals.ingest",),
    _identity: ("signals.identity",),
    _normalise: ("signals.normalise",),
    _features: ("signals.features",),
    _policy: ("engine.policy",),
    _slots: ("engine.slots",),
    _deciding: ("engine.decision",),
    _batch: ("engine.batch",),
    _building: ("engine.build",),
    _loading: ("engine.load", "engine.memory", "engine.import"),
    _propensity: ("engine.propensity", "engine.thompson"),
    _pace: ("delivery.pace",),
    _waves: ("waves.scarce",),
    _learning: ("learning.bank-additional",),
    _bandit: ("bandit.regret", "bandit.limits", "bandit.lift"),
}
"""What measures what: one run on the emulators gives two."""

BENCHES = ("spine", "engine", "signals", "delivery", "waves", "learning", "bandit")
NAMES = (*BENCHES, *(name for names in PARTS.values() for name in names))


def is_within(name: str, wanted: Iterable[str]) -> bool:
    """Whether a result, or a part, belongs to one of the names that are wanted."""
    return any(name == each or name.startswith(f"{each}.") for each in wanted)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES), metavar="[NAME]...")
@json_option
@click.option("--no-limits", is_flag=True, help="Exit with 0 even when a limit is broken.")
@click.option("--quick", is_flag=True, help="Small counts, to see that it works; not figures to quote.")
def bench(names: tuple[str, ...], as_json: bool, no_limits: bool, quick: bool) -> None:
    """Measure NAMEs, or everything: `spine` (`spine.latency`, `spine.usage`, `spine.decide`, `spine.cold_start`),
    `engine` (`engine.policy`, `engine.slots`, `engine.propensity`, `engine.thompson`, `engine.decision`,
    `engine.batch`, `engine.build`, `engine.load`, `engine.memory`, `engine.import`), `signals` (`signals.ingest`,
    `signals.normalise`, `signals.identity`, `signals.features`), and `learning` and `bandit` (`bandit.regret`,
    `bandit.limits`, `bandit.lift`), which say how good models and measurement are and not how fast. Run it on a machine
    that does nothing else.
    """
    signal.signal(signal.SIGTERM, _leave)  # so that what was started is stopped
    wanted = names or BENCHES
    results: list[Result] = []
    for measure, parts in PARTS.items():
        if any(is_within(part, wanted) for part in parts):
            measured = measure(QUICK if quick else FULL, lambda line: click.echo(f"· {line}", err=True))
            results += [result for result in measured if is_within(_full_name(result), wanted)]
    say(results, as_json=as_json)
    broken = [problem for result in results for problem in result.problems()]
    for problem in broken:
        click.secho(f"✗ {problem}", fg="red", err=True)
    if broken and not no_limits:
        raise SystemExit(1)


def _full_name(of: Result) -> str:
    """Its name behind that of its bench, which the results of `spine` bear already."""
    return of.name if of.name.startswith(f"{of.bench}.") else f"{of.bench}.{of.name}"


def _leave(_number: int, _frame: object) -> NoReturn:
    sys.exit(128 + signal.SIGTERM)
