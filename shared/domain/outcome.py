"""The words for what became of a treatment."""

from __future__ import annotations

from typing import Literal, get_args

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
]
"""Stored contacts name them by their place in this list: new ones go to its end."""

OUTCOMES: frozenset[OutcomeName] = frozenset(get_args(OutcomeName))
