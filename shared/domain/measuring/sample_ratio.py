"""Whether as many persons are in each arm as were to be. Where they are not, something parts them besides the hash: who
is in an arm is seen less often, or is lost on the way, and then nothing that is measured means anything.

The test may be looked at at any time (Lindon and Malek, 2022): counts of arms, weighed over the shares that a Dirichlet
distribution around the declared ones holds possible, against the declared ones. Were those true, the ratio would ever
pass 1/alpha with a probability of alpha at most.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

ALPHA = 0.001
"""How probable it is, at the most, that an experiment with which nothing is wrong is ever called wrong."""

SHARPNESS = 10_000.0
"""How close to the declared shares the others are that it looks for: deviations of about a hundredth."""


class SampleRatioError(Exception):
    """More or fewer persons are in an arm than can be by chance."""


class SampleRatio(NamedTuple):
    """Arms as they were to be and as they are.

    Attributes:
        expected, found: persons by arm.
        evidence: how much better other shares explain what was found; above 1 / `ALPHA` something is wrong.
    """

    expected: Mapping[str, float]
    found: Mapping[str, int]
    evidence: float

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.evidence < 1.0 / ALPHA

    def check(self) -> None:
        """Say so loudly where something is.

        Raises:
            SampleRatioError: it names the arm that is furthest from what it should be.
        """
        if self.is_sound:
            return
        worst = max(self.expected, key=lambda arm: abs(self.found.get(arm, 0) - self.expected[arm]))
        raise SampleRatioError(
            f"{self.found.get(worst, 0)} persons are in {worst}, where {self.expected[worst]:.0f} should be: something "
            "parts persons besides the hash, so nothing that is measured can be trusted until it is found"
        )


def sample_ratio(shares: Mapping[str, float], found: Mapping[str, int]) -> SampleRatio:
    """Compare.

    Args:
        shares: of each arm, the rest included; together 1.
        found: persons by arm.

    Raises:
        SampleRatioError: somebody is in an arm that has no share.
    """
    strangers = sorted(arm for arm, persons in found.items() if persons and shares.get(arm, 0.0) <= 0.0)
    if strangers:
        raise SampleRatioError(f"persons are in {', '.join(strangers)}, where nobody should be")
    all_ = sum(found.values())
    log = math.lgamma(SHARPNESS) - math.lgamma(SHARPNESS + all_)
    for arm, share in shares.items():
        if share > 0.0:
            count, prior = found.get(arm, 0), SHARPNESS * share
            log += math.lgamma(prior + count) - math.lgamma(prior) - count * math.log(share)
    expected = {arm: share * all_ for arm, share in shares.items()}
    return SampleRatio(expected, dict(found), math.exp(min(log, 700.0)))
