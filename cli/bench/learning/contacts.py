"""The contacts of bank-additional: whom a bank called, what was known then, and who subscribed."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).resolve().parents[1] / "data" / "bank-additional-full.csv.gz"
NUMBERS = (
    "age",
    "campaign",
    "pdays",
    "previous",
    "emp.var.rate",
    "cons.price.idx",
    "cons.conf.idx",
    "euribor3m",
    "nr.employed",
)
WORDS = (
    "job",
    "marital",
    "education",
    "default",
    "housing",
    "loan",
    "contact",
    "month",
    "day_of_week",
    "poutcome",
)
_FIRST, _LAST = datetime(2008, 5, 1, tzinfo=UTC), datetime(2010, 11, 1, tzinfo=UTC)


class Contact(NamedTuple):
    """One call.

    Attributes:
        at: when; the file has the order and no dates, so contacts are spread evenly over its two and a half years.
        known: what was known before it, by the file's names; `duration` is not.
        accepted: whether the called subscribed.
    """

    at: datetime
    known: dict[str, Any]
    accepted: bool


def contacts(most: int | None = None) -> list[Contact]:
    """All contacts in the order of time, or evenly chosen ones, `most` at most."""
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    stride = 1 if most is None else -(-len(rows) // most)
    step = (_LAST - _FIRST) / len(rows)
    return [_contact(row, _FIRST + number * step) for number, row in list(enumerate(rows))[::stride]]


def _contact(row: dict[str, str], at: datetime) -> Contact:
    words = {name: row[name] for name in WORDS}
    numbers = {name: float(row[name]) for name in NUMBERS}
    return Contact(at - timedelta(microseconds=at.microsecond), {**words, **numbers}, row["y"] == "yes")
