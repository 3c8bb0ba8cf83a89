"""fairness.yaml: limits of how far what is given may differ between parts of protected attributes."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.authoring.forms.form import Form
from shared.domain.catalogue import FairnessLimit
from shared.domain.part import Name


class Fairness(Form, frozen=True, kw_only=True):
    """fairness.yaml.

    Attributes:
        fewest: persons that a part must have to be concluded from.
        parts: where the parts of protected numbers meet, by attribute.
        limits: which `kairos simulate --gate` enforces.
    """

    fewest: Annotated[int, Meta(ge=1)] = 100
    parts: dict[Name, Annotated[tuple[float, ...], Meta(min_length=1, max_length=20)]] = msgspec.field(
        default_factory=dict
    )
    limits: tuple[FairnessLimit, ...] = ()
