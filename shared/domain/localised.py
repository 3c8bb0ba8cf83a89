"""Money, numbers, dates and names as a person's language writes them: filters of templates.

What knows languages is imported when the first text needs it: most instances render nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from jinja2 import pass_context
from jinja2.runtime import Context

from shared.domain import zones

LOCALE = "_locale"
"""Under what name a template's context holds the locale, which no template can read."""

TIME_ZONE = "_time_zone"

_PENCE = re.compile(r"\.0+")
Length = Literal["short", "medium", "long", "full"]


@pass_context
def money(context: Context, value: float, currency: str = "GBP", *, pence: bool = True) -> str:
    """An amount, such as £1,234.50; without pence rounded to the pound."""
    from babel import Locale  # noqa: PLC0415
    from babel.numbers import format_currency  # noqa: PLC0415

    locale = Locale.parse(context[LOCALE])
    pattern = None if pence else _PENCE.sub("", locale.currency_formats["standard"].pattern)
    return str(format_currency(_decimal(value), currency, pattern, locale=locale, currency_digits=pence))


@pass_context
def number(context: Context, value: float) -> str:
    """A number, such as 1,234.5."""
    from babel.numbers import format_decimal  # noqa: PLC0415

    return str(format_decimal(_decimal(value), locale=context[LOCALE]))


@pass_context
def percent(context: Context, value: float, digits: int = 2) -> str:
    """A share of 1 in hundredths, such as 4.25% of 0.0425, with at most so many digits behind the point."""
    from babel.numbers import format_percent  # noqa: PLC0415

    amount = round(_decimal(value), digits + 2).normalize()
    return str(format_percent(amount, locale=context[LOCALE], decimal_quantization=False))


@pass_context
def day(context: Context, value: str | date, length: Length = "long") -> str:
    """A date, such as 5 April 2027, where the person is."""
    from babel.dates import format_date  # noqa: PLC0415

    return str(format_date(_local(context, value), length, locale=context[LOCALE]))


@pass_context
def clock(context: Context, value: str | datetime) -> str:
    """The time of day, such as 09:00, where the person is."""
    from babel.dates import format_time  # noqa: PLC0415

    return str(format_time(_local(context, value), "short", locale=context[LOCALE]))


@pass_context
def listing(context: Context, values: Iterable[Any]) -> str:
    """Several things, such as a, b and c."""
    from babel.lists import format_list  # noqa: PLC0415

    return str(format_list([str(value) for value in values], locale=context[LOCALE]))


@pass_context
def country(context: Context, code: str) -> str:
    """The name of a country by its code, such as France of FR."""
    from babel import Locale  # noqa: PLC0415

    return str(Locale.parse(context[LOCALE]).territories[code.upper()])


FILTERS: Mapping[str, Callable[..., str]] = {
    "money": money,
    "number": number,
    "percent": percent,
    "day": day,
    "clock": clock,
    "listing": listing,
    "country": country,
}
"""By the names that templates call them."""


def locale_of(language: str, bank: str) -> str:
    """The locale of a language where the bank is: `cy_GB` of `cy`, for a bank in `en-GB`."""
    own, _, territory = language.replace("_", "-").partition("-")
    territory = territory or bank.partition("-")[2]
    return f"{own}_{territory}" if territory else own


def _decimal(value: float) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{type(value).__name__} is no number")
    return Decimal(str(value))


def _local(context: Context, value: str | date) -> Any:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    zone = zones.zone(context[TIME_ZONE])
    return moment.astimezone(zone) if isinstance(moment, datetime) and moment.tzinfo is not None else moment
