"""Plots as SVG inside a page: they need no script, and print as they are seen."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, _HEIGHT = 240, 14
_EDGE = 3
_IS, _WAS, _MARK = "#23527c", "#b5b5b5", "#a02020"
"""Colours, which stay apart in grey."""


class Markup(str):
    """Text that is HTML already; all other text is escaped."""

    __slots__ = ()


class Interval(NamedTuple):
    """Something that lies between two numbers, probably at one."""

    low: float
    at: float
    high: float


def bar(value: float, most: float, before: float | None = None) -> Markup:
    """A number as a bar, and above it what it was before."""
    parts = []
    top, height = (0, _HEIGHT) if before is None else (_HEIGHT // 2, _HEIGHT // 2)
    if before is not None:
        parts.append(f'<rect fill="{_WAS}" y="0" width="{_part(before, most):.1f}" height="{height}"/>')
    parts.append(f'<rect fill="{_IS}" y="{top}" width="{_part(value, most):.1f}" height="{height}"/>')
    was = "" if before is None else f"{before:,.4g} before, "
    return _drawn(f"{was}{value:,.4g}", parts)


def interval(of: Interval, least: float, most: float, mark: float | None = None) -> Markup:
    """An interval on a line from `least` to `most`, with a mark such as none or a limit."""
    low, at, high = (_at(value, least, most) for value in of)
    middle = _HEIGHT / 2
    parts = [
        f'<line stroke="{_IS}" stroke-width="2" x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>',
        f'<circle fill="{_IS}" cx="{at:.1f}" cy="{middle}" r="3"/>',
    ]
    if mark is not None:
        x = _at(mark, least, most)
        parts.insert(
            0, f'<line stroke="{_MARK}" stroke-dasharray="2 2" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_HEIGHT}"/>'
        )
    return _drawn(f"{of.at:,.4g}, {of.low:,.4g} to {of.high:,.4g}", parts)


def columns(values: Sequence[float], most: float) -> Markup:
    """Numbers one after the other, such as of weeks, as columns."""
    height = 4 * _HEIGHT
    wide = WIDTH / max(len(values), 1)
    parts = []
    for n, value in enumerate(values):
        tall = _part(value, most) / WIDTH * height
        parts.append(
            f'<rect fill="{_IS}" x="{n * wide + 1:.1f}" y="{height - tall:.1f}" width="{wide - 2:.1f}"'
            f' height="{tall:.1f}"/>'
        )
    return _drawn(", ".join(f"{value:,.4g}" for value in values), parts, height)


def _part(value: float, most: float) -> float:
    return WIDTH * min(max(value / most, 0.0), 1.0) if most else 0.0


def _at(value: float, least: float, most: float) -> float:
    inner = WIDTH - 2 * _EDGE
    return _EDGE + (inner * min(max((value - least) / (most - least), 0.0), 1.0) if most > least else inner / 2)


def _drawn(told: str, parts: Sequence[str], height: int = _HEIGHT) -> Markup:
    """The plot, with what it shows in words for who does not see it."""
    return Markup(
        f'<svg role="img" aria-label="{escape(told)}" width="{WIDTH}" height="{height}"'
        f' viewBox="0 0 {WIDTH} {height}">{"".join(parts)}</svg>'
    )
