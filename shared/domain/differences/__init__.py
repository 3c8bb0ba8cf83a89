"""What differs between two catalogues, as a business says it: actions retired, conditions gained, caps raised.

Neither the order nor the wording of files matters here, only what the revisions mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.domain.catalogue import Catalogue
from shared.domain.differences.actions import of_actions
from shared.domain.differences.change import Change
from shared.domain.differences.conditions import of_conditions
from shared.domain.differences.consent import of_consent
from shared.domain.differences.experiments import of_experiments
from shared.domain.differences.gates import of_gates
from shared.domain.differences.rules import of_rules
from shared.domain.differences.signals import of_signals
from shared.domain.differences.surroundings import of_surroundings

__all__ = ["Change", "differences"]


def differences(old: Catalogue, new: Catalogue) -> tuple[Change, ...]:
    """All that differs, from what people are offered to what it is made of; empty where nothing does."""
    return tuple(_all(old, new))


def _all(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    yield from of_actions(old, new)
    yield from of_conditions(old, new)
    yield from of_rules(old, new)
    yield from of_consent(old, new)
    yield from of_signals(old, new)
    yield from of_experiments(old, new)
    yield from of_surroundings(old, new)
    yield from of_gates(old, new)
