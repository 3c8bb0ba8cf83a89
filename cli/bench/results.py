"""What was measured, and how it is shown: a table for people, JSON for programs."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import click
import msgspec
from rich.console import Console
from rich.table import Table

from cli.say import say_json

_PIPED_WIDTH = 130


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """A distribution in five numbers; of `samples` values."""

    median: float
    p50: float
    p95: float
    p99: float
    worst: float
    samples: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Sum up values, of which there must be one at least."""
        p50, p95, p99 = (percentile(values, share) for share in (50, 95, 99))
        return cls(median=p50, p50=p50, p95=p95, p99=p99, worst=round(max(values), 3), samples=len(values))


class Result(Figures, frozen=True, kw_only=True, omit_defaults=True):
    """One measurement.

    Attributes:
        bench: the bench it is part of.
        name: its own, `spine.latency`.
        unit: of its figures.
        ratios: how many times those of each peer or floor, measured in the same run, the median is.
        limit: what no ratio may exceed; where there is none, the worst value.
        limits: by peer, what that ratio may not exceed instead.
        most: what the median may not exceed, in its unit.
        at_least: what the median must be at least, in its unit.
        least: what every ratio must be at least, of figures of which more is better.
        peers: the figures of the peers and floors.
        imports: the Google clients that the function imports at its start.
        unused: those among them that it has no use for.
    """

    bench: str
    name: str
    unit: str
    ratios: dict[str, float]
    limit: float | None = None
    limits: dict[str, float] = {}
    most: float | None = None
    at_least: float | None = None
    least: float | None = None
    peers: dict[str, Figures] = {}
    imports: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    def problems(self) -> list[str]:
        """What is not as it must be, in sentences."""
        found = []
        for peer, ratio in self.ratios.items():
            limit = self.limits.get(peer, self.limit)
            if limit is not None and ratio > limit:
                found.append(f"{self.name}: {ratio:.3g} × {peer}, where at most {limit:.3g} × is allowed")
            if self.least is not None and ratio < self.least:
                found.append(f"{self.name}: {ratio:.3g} × {peer}, where at least {self.least:.3g} × is wanted")
        if self.limit is not None and not self.ratios and self.worst > self.limit:
            found.append(f"{self.name}: {self.worst:g} {self.unit}, where at most {self.limit:g} are allowed")
        if self.most is not None and self.median > self.most:
            found.append(f"{self.name}: {self.median:g} {self.unit}, where at most {self.most:g} are allowed")
        if self.at_least is not None and self.median < self.at_least:
            found.append(f"{self.name}: {self.median:g} {self.unit}, where at least {self.at_least:g} is wanted")
        if self.unused:
            found.append(f"{self.name}: imports {', '.join(self.unused)}, which it does not use")
        return found


class Machine(msgspec.Struct, frozen=True):
    """What it was measured on; `memory` in bytes."""

    cpu: str
    cores: int
    python: str
    memory: int


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` percent of the values do not exceed, to the third decimal."""
    ordered = sorted(values)
    return round(ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)], 3)


def result(
    name: str,
    unit: str,
    values: Sequence[float],
    *,
    peers: Mapping[str, Sequence[float]] | None = None,
    limit: float | None = None,
    limits: dict[str, float] | None = None,
    most: float | None = None,
    least: float | None = None,
    bench: str | None = None,
    imports: tuple[str, ...] = (),
    unused: tuple[str, ...] = (),
) -> Result:
    """A result of the values measured, against those of its peers."""
    own = Figures.of(values)
    others = {peer: Figures.of(measured) for peer, measured in (peers or {}).items()}
    return Result(
        bench=bench or name.partition(".")[0],
        name=name,
        unit=unit,
        ratios={peer: round(own.median / figures.median, 4) for peer, figures in others.items()},
        limit=limit,
        limits=limits or {},
        most=most,
        least=least,
        peers=others,
        imports=imports,
        unused=unused,
        **msgspec.structs.asdict(own),
    )


def machine() -> Machine:
    """This machine."""
    return Machine(
        cpu=_cpu(Path("/proc/cpuinfo")) or platform.processor() or platform.machine(),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
    )


def say(results: Sequence[Result], *, as_json: bool, here: Machine | None = None) -> None:
    """Print results and the machine."""
    here = here or machine()
    if as_json:
        say_json({"machine": here, "results": results})
        return
    click.echo(f"{here.cpu}, {here.cores} cores, {here.memory / 2**30:.1f} GiB, Python {here.python}\n")
    console = Console(highlight=False)
    (console if console.is_terminal else Console(highlight=False, width=_PIPED_WIDTH)).print(table(results))


def table(results: Sequence[Result]) -> Table:
    """Results as a table; a peer's figures are under those that they are a peer of."""
    made = Table(box=None, padding=(0, 1))
    made.add_column("")
    for title in ("p50", "p95", "p99", "worst"):
        made.add_column(title, justify="right")
    made.add_column("unit")
    for title in ("ratio", "limit"):
        made.add_column(title, justify="right")
    made.add_column("")
    for each in results:
        made.add_row(
            each.name,
            *_shown(each),
            each.unit,
            "",
            _own_limit(each),
            _verdict(each),
        )
        for peer, figures in each.peers.items():
            limit = each.limits.get(peer, each.limit)
            limit = each.least if limit is None else limit
            ratios = f"{each.ratios[peer]:.3g} ×", "" if limit is None else f"{limit:.3g} ×"
            made.add_row(f"  {peer}", *_shown(figures), each.unit, *ratios, style="dim")
        if each.imports:
            made.add_row(f"  imports {', '.join(each.imports)}", style="dim")
    return made


def _shown(figures: Figures) -> list[str]:
    return [_number(value) for value in (figures.p50, figures.p95, figures.p99, figures.worst)]


def _number(value: float) -> str:
    """Three digits that count, or all before the point."""
    return f"{value:.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def _own_limit(each: Result) -> str:
    """What its own figures may not exceed, as against ratios."""
    limit = each.most if each.ratios else each.limit
    limit = each.at_least if limit is None else limit
    return "" if limit is None else f"{limit:g}"


def _verdict(each: Result) -> str:
    if each.problems():
        return "[red]✗[/red]"
    has_limit = each.limits or any(limit is not None for limit in (each.limit, each.most, each.at_least, each.least))
    return "[green]✓[/green]" if has_limit else ""


def _cpu(file: Path) -> str:
    """The processor's name as Linux tells it, empty where it does not."""
    if not file.exists():
        return ""
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
