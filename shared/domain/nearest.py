"""The nearest values that would make a term true, or any other answer of a condition another."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from shared.domain.contact_words import moment
from shared.domain.policy.atoms import COLLECTIONS, MISSING, NUMBERS, Constant, Operator, Term

OTHER_TEXT = "(other)"
"""Stands for any text that no condition names."""

_NEGATED: dict[Operator, Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "="}
_SAMPLES: dict[str, Any] = {"bool": True, "int": 1, "double": 1.0, "list(string)": []}
_LITERALS = frozenset({"int", "double", "string"})
_ZEROS: dict[str, Any] = {"int": 0, "double": 0.0}
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_FARTHEST = 60
"""Doublings of a step in search of a number that does it: beyond 2^53 nothing is counted one by one."""


class Option(NamedTuple):
    """A value that something may have, and what is to be said of it: `≥ 500`."""

    value: Any
    says: str


def options(term: Term, now: Any, kind: str | None) -> Iterator[Option]:
    """Values at which a term is true, the nearest first.

    Args:
        term: what is to be true.
        now: the value that is there, MISSING where there is none.
        kind: the declared type, None where none is.
    """
    atom, negated = term.atom, term.negated
    match atom.operator:
        case "truth":
            yield Option(not negated, f"= {said(not negated)}")
        case "has":
            yield Option(MISSING, "missing") if negated else Option(_SAMPLES.get(kind or "", OTHER_TEXT), "known")
        case "contains":
            yield _membership(str(atom.constants[0]), negated, now)
        case "==" | "in":
            yield from _others(atom.constants, now) if negated else (Option(c, f"= {said(c)}") for c in atom.constants)
        case operator:
            yield _ordered(_NEGATED[operator] if negated else operator, atom.constants[0], kind)


def _membership(text: str, negated: bool, now: Any) -> Option:  # noqa: FBT001 - of a term
    held = [each for each in now if each != text] if now.__class__ in COLLECTIONS else []
    return Option(held, f"without {said(text)}") if negated else Option([*held, text], f"with {said(text)}")


def _others(constants: tuple[Constant, ...], now: Any) -> Iterator[Option]:
    says = f"≠ {said(constants[0])}" if len(constants) == 1 else f"none of {', '.join(map(said, constants))}"
    numbers = [c for c in constants if c.__class__ in NUMBERS]
    if numbers:
        # a number that is another one already has to change for something else, which the value alone tells
        differs = now.__class__ in NUMBERS and now not in numbers
        for value in (max(numbers) + 1, min(numbers) - 1):
            yield Option(value, f"= {said(value)}" if differs else says)
    elif constants[0].__class__ is bool:
        yield Option(not constants[0], f"= {said(not constants[0])}")
    else:
        yield Option(OTHER_TEXT, says)


def _ordered(operator: Operator, constant: Any, kind: str | None) -> Option:
    says = f"{_SIGNS[operator]} {said(constant)}"
    if kind == "int":
        nearest = {
            ">": math.floor(constant) + 1,
            ">=": math.ceil(constant),
            "<": math.ceil(constant) - 1,
            "<=": math.floor(constant),
        }
        return Option(nearest[operator], says)
    if operator in (">=", "<="):
        return Option(constant, says)
    return Option(math.nextafter(float(constant), math.inf if operator == ">" else -math.inf), says)


def every(terms: Sequence[Term], held: Sequence[Any]) -> Option:
    """A list with all that terms want in it and nothing that they do not."""
    wanted = sorted({str(term.atom.constants[0]) for term in terms if not term.negated} - set(held))
    unwanted = sorted({str(term.atom.constants[0]) for term in terms if term.negated} & set(held))
    words = [f"with {said(each)}" for each in wanted] + [f"without {said(each)}" for each in unwanted]
    return Option([each for each in held if each not in unwanted] + wanted, " and ".join(words))


def numbers(now: float, holds: Callable[[Any], bool]) -> Iterator[Option]:
    """The nearest numbers above and below at which something holds that does not hold now, to a whole number of an int
    and to a hundredth of a double, where doubling steps find any.
    """
    least = 1 if isinstance(now, int) else 0.01
    for direction, sign in ((1, "≥"), (-1, "≤")):
        step = least
        for _ in range(_FARTHEST):
            if holds(now + direction * step):
                break
            step *= 2
        else:
            continue
        low, high = 0, round(step / least)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if holds(now + direction * middle * least) else (middle, high)
        value = now + direction * high * least
        value = value if isinstance(now, int) else round(value, 2)
        if holds(value):
            goes_on = holds(value + direction * least)
            yield Option(value, f"{sign if goes_on else '='} {said(value)}")


def literals(data: Any) -> Iterator[Constant]:
    """The texts and numbers that stand in a program."""
    if data.__class__ not in (list, tuple):
        return
    if len(data) == 2 and data[0] in _LITERALS:
        yield data[1]
        return
    for part in data:
        yield from literals(part)


def suggested(constants: Iterable[Any], now: Any, kind: str | None) -> Iterator[Option]:
    """Values that something which is not understood in parts may ask for: what it names, and what is beside that.

    Args:
        constants: that it names.
        now: the value that is there, MISSING where there is none.
        kind: the declared type, None where none is.
    """
    is_open = kind is None and now is MISSING
    for constant in constants:
        if constant.__class__ is str:
            if kind == "list(string)" or now.__class__ in (list, tuple):
                yield from (_membership(constant, negated, now) for negated in (False, True))
                yield Option([constant], f"= {said([constant])}")
            elif kind == "string" or now.__class__ is str or is_open:
                yield Option(constant, f"= {said(constant)}")
        elif kind in _ZEROS or now.__class__ in NUMBERS or is_open:
            to: Any = type(_ZEROS.get(kind or "", constant if is_open else now))
            beside = (to(constant + step) for step in (0, 1, -1) if math.isfinite(constant))
            yield from (Option(value, f"= {said(value)}") for value in beside)


def begin(now: Any, kind: str | None) -> Any:
    """Where the search for a number begins: at the one that is there, or at none; None where no number is wanted."""
    if now.__class__ in NUMBERS:
        return now
    return _ZEROS.get(kind or "") if now is MISSING else None


def times(now: Any, decided_at: datetime, holds: Callable[[Any], bool]) -> Iterator[Option]:
    """The times nearest to the one that is there, to a minute, at which something holds that holds a day before or
    after a decision; that day itself where none is there.

    Args:
        now: the text of a time, or MISSING.
        decided_at: when it was decided.
        holds: whether it holds with the text of a time.
    """
    known = _instant(now)
    for day in (_DAY, -_DAY):
        good = decided_at.replace(second=0, microsecond=0) + day
        if not holds(good.isoformat()):
            continue
        near, far = 0, 1  # minutes from there towards what is known: as far as it holds, and no longer
        toward = _MINUTE
        if known is not None:
            far += abs(known - good) // _MINUTE
            toward = _MINUTE if known > good else -_MINUTE
        while far - near > 1:
            middle = (near + far) // 2
            near, far = (middle, far) if holds((good + middle * toward).isoformat()) else (near, middle)
        nearest = good + near * toward
        yield Option(nearest.isoformat(), f"= {moment(nearest, UTC)}")


def _instant(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text.__class__ is str else None
    except ValueError:
        return None
    return at if at is None or at.tzinfo else at.replace(tzinfo=UTC)


def distance(now: Any, value: Any) -> float:
    """How far a value is from what is there: of numbers relative to it, of anything else 1."""
    if now.__class__ in NUMBERS and value.__class__ in NUMBERS:
        return abs(value - now) / max(1.0, abs(now))
    return 1.0


def said(value: Any) -> str:
    """A value for people."""
    if value is MISSING:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(said, value)) + "]"
    return str(value)
