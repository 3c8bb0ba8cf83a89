"""Which channels a signal of a wave leaves open."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.signal import Signal

SCHEDULE = "schedule"
"""The type of the signal that says that it is a person's turn."""


def open_channels(signal: Signal, outbound: Sequence[str]) -> tuple[str, ...]:
    """The outbound channels on which a signal may lead to a contact: those that a wave's plan leaves open to the
    person, and all of them where the signal is of no plan.
    """
    named = signal.properties.get("channels") if signal.type == SCHEDULE else None
    if not isinstance(named, list):
        return tuple(outbound)
    return tuple(channel for channel in outbound if channel in named)
