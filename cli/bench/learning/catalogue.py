"""What the catalogue of a bank with this data would declare, by its description, without a look at who accepted."""

from __future__ import annotations

from collections.abc import Iterator

from cli.bench.learning.contacts import NUMBERS, WORDS
from shared.domain.catalogue import Learning, NumericPredictor, Predictor, Starting, SymbolicPredictor

STARTING = Starting(propensity=0.1, evidence=20.0)

LEARNING = Learning(parents=("profile.housing", "profile.cons_price_idx"))
"""Of the parents of which one says something of the person and one of the market, these tell best who accepts when only
the first 70 % of the contacts are learnt from and measured on.
"""

_EDGES = {
    "age": tuple(range(20, 85, 5)),
    "campaign": (2, 3, 4, 5, 6, 8, 10, 15, 20),
    "pdays": (3, 6, 9, 12, 15, 100),
    "previous": (1, 2, 3, 4, 5),
    "emp.var.rate": tuple(n / 4 for n in range(-13, 7, 2)),
    "cons.price.idx": tuple(n / 4 for n in range(369, 380)),
    "cons.conf.idx": tuple(n / 2 for n in range(-100, -50, 5)),
    "euribor3m": tuple(n / 4 for n in range(3, 21)),
    "nr.employed": tuple(range(4975, 5230, 25)),
}
_VALUES = {
    "job": "admin. blue-collar entrepreneur housemaid management retired self-employed services student technician "
    "unemployed unknown",
    "marital": "divorced married single unknown",
    "education": "basic.4y basic.6y basic.9y high.school illiterate professional.course university.degree unknown",
    "default": "no yes unknown",
    "housing": "no yes unknown",
    "loan": "no yes unknown",
    "contact": "cellular telephone",
    "month": "jan feb mar apr may jun jul aug sep oct nov dec",
    "day_of_week": "mon tue wed thu fri",
    "poutcome": "failure nonexistent success",
}


def predictors() -> tuple[Predictor, ...]:
    """The predictors by what they read."""
    return tuple(sorted(_predictors(), key=lambda predictor: predictor.reads))


def read(name: str) -> str:
    """How a predictor reads what the file calls `name`."""
    return f"profile.{attribute(name)}"


def attribute(name: str) -> str:
    """What the profile calls it."""
    return name.replace(".", "_")


def _predictors() -> Iterator[Predictor]:
    for name in NUMBERS:
        yield NumericPredictor(reads=read(name), edges=tuple(map(float, _EDGES[name])))
    for name in WORDS:
        yield SymbolicPredictor(reads=read(name), values=tuple(_VALUES[name].split()))
