"""What became of a treatment, in our words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal, TypeVar, get_args

import msgspec

from shared.domain.errors import InvalidError

T = TypeVar("T")

OutcomeName = Literal[
    "sent",
    "delivered",
    "impression",
    "click",
    "accept",
    "convert",
    "dismiss",
    "reject",
    "complaint",
    "unsubscribe",
    "bounce",
    "no_response",
    "objection",
]
"""Stored contacts name them by their place in this list: new ones go to its end."""

OUTCOMES: frozenset[OutcomeName] = frozenset(get_args(OutcomeName))

POSITIVE: frozenset[OutcomeName] = frozenset({"click", "accept", "convert"})
"""Outcomes by which a treatment was accepted."""

REFUSED: frozenset[OutcomeName] = frozenset({"dismiss", "reject", "complaint", "unsubscribe", "objection"})
"""Outcomes by which a person refused it."""

NEGATIVE: frozenset[OutcomeName] = REFUSED | {"no_response"}
"""Outcomes by which it was not accepted; all others say nothing of acceptance."""

ANSWERS: frozenset[OutcomeName] = POSITIVE | REFUSED | {"bounce"}
"""Outcomes beside which there is no `no_response`: the person responded after all, or never had it."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One outcome of one delivery.

    Attributes:
        id: deterministic, so that it is taken once.
        outcome: its name.
        delivery_id: of the delivery it belongs to.
        at: when it happened, UTC.
        value: what it was worth, in pounds.
    """

    id: str
    outcome: str
    delivery_id: str
    at: datetime
    value: float | None = None


EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No outcome is of a time before it: a clock that says so is not set."""

MOST_WORTH = 1e9
"""Pounds that one outcome may be worth: what is beyond it is a mistake that would be all that a report shows."""


def check(at: datetime | None, value: float | None) -> None:
    """Raise InvalidError unless an outcome may be of this time, where one is given, and worth so much."""
    if at is not None and at < EARLIEST:
        raise InvalidError("is before 2000", field="at")
    if value is not None and not 0 <= value <= MOST_WORTH:
        raise InvalidError("is not from 0 to 1,000,000,000 pounds", field="value")


def lasting(outcomes: Mapping[str, T]) -> dict[str, T]:
    """Outcomes by name, without the `no_response` that a later answer has put right."""
    if "no_response" not in outcomes or ANSWERS.isdisjoint(outcomes):
        return dict(outcomes)
    return {name: each for name, each in outcomes.items() if name != "no_response"}
