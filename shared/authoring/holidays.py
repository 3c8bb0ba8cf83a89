"""Public holidays: their dates, worked out when a catalogue is built and kept in its revision."""

from __future__ import annotations

from shared.authoring import forms
from shared.authoring.names import Names


def dates(wanted: forms.Holidays, names: Names) -> tuple[str, ...]:
    """The dates of a calendar's holidays in some years, ISO, in their order; none, and noted, where there is no such
    calendar.
    """
    if not wanted.calendar:
        return ()
    import holidays  # noqa: PLC0415 - half a second that only a catalogue with holidays has to spend

    country, _, part = wanted.calendar.partition("-")
    known = holidays.list_supported_countries()
    place = names.place(wanted, "calendar")
    if country not in known:
        names.problems.add(place, f"no holidays are known of {country}", wrote=country, known=known)
        return ()
    if part and part not in known[country]:
        parts = [f"{country}-{each}" for each in known[country]]
        message = f"no holidays are known of {wanted.calendar}"
        names.problems.add(place, message, wrote=wanted.calendar, known=parts)
        return ()
    years = names.set_of(wanted, "years")
    found = holidays.country_holidays(country, subdiv=part or None, years=years)
    return tuple(day.isoformat() for day in sorted(found) if day.year in years)
