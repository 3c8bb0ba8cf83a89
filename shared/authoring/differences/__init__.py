"""What differs between two catalogues, as a business says it: actions retired, conditions gained, caps raised.

Neither the order nor the wording of files matters here, only what the revisions mean.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.authoring.differences.actions import of_actions
from shared.authoring.differences.change import Change
from shared.authoring.differences.conditions import of_conditions
from shared.authoring.differences.consent import of_consent
from shared.authoring.differences.experiments import of_experiments
from shared.authoring.differences.rules import of_rules
from shared.authoring.differences.signals import of_signals
from shared.authoring.differences.surroundings import of_surroundings
from shared.domain.catalogue import Catalogue

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
