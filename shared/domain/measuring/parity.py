"""How far selection rates differ between parts of persons: demographic parity, with intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import NamedTuple

import msgspec

_CONFIDENCE = 0.95


class Rate(NamedTuple):
    """How many persons of a part there are, and how many of them are selected."""

    persons: int
    selected: int


class Parity(msgspec.Struct, frozen=True, kw_only=True):
    """What rates of several parts come to.

    Attributes:
        rates: of each part that was compared, by its name.
        lowest, highest: the parts that differ most, by name where several do.
        ratio: the lowest rate by the highest; None where nobody is selected.
        difference: the highest less the lowest.
        ratio_low, ratio_high: between which the ratio lies for persons like these, with 95 % confidence, whichever
            parts turn out to differ most.
        difference_low, difference_high: likewise.
    """

    rates: dict[str, float]
    lowest: str
    highest: str
    ratio: float | None
    ratio_low: float
    ratio_high: float
    difference: float
    difference_low: float
    difference_high: float


def parity(parts: Mapping[str, Rate]) -> Parity:
    """Compare parts, each of one person or more; there are two or more.

    All intervals of rates hold together (Šidák), so the highest rate lies between the highest of their lower and the
    highest of their upper ends, and the lowest likewise. They are Wilson's.
    """
    confidence = _CONFIDENCE ** (1 / len(parts))
    intervals = [_wilson(rate, confidence) for rate in parts.values()]
    highest_low, highest_high = max(low for low, _ in intervals), max(high for _, high in intervals)
    lowest_low, lowest_high = min(low for low, _ in intervals), min(high for _, high in intervals)
    rates = {name: rate.selected / rate.persons for name, rate in sorted(parts.items())}
    lowest, highest = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
    return Parity(
        rates=rates,
        lowest=lowest,
        highest=highest,
        ratio=rates[lowest] / rates[highest] if rates[highest] else None,
        ratio_low=lowest_low / highest_high,
        ratio_high=min(1.0, lowest_high / highest_low) if highest_low else 1.0,
        difference=rates[highest] - rates[lowest],
        difference_low=max(0.0, highest_low - lowest_high),
        difference_high=highest_high - lowest_low,
    )


def _wilson(rate: Rate, confidence: float) -> tuple[float, float]:
    """Between which a rate lies (Wilson, 1927)."""
    z2 = NormalDist().inv_cdf((1 + confidence) / 2) ** 2
    n, p = rate.persons, rate.selected / rate.persons
    middle = p + z2 / (2 * n)
    spread = math.sqrt(z2 * (p * (1 - p) + z2 / (4 * n)) / n)
    low, high = (middle - spread) / (1 + z2 / n), (middle + spread) / (1 + z2 / n)
    return 0.0 if rate.selected == 0 else low, 1.0 if rate.selected == n else high
