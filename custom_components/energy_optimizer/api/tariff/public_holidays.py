"""Looks up the dates of public holidays; every function here loads calendars and belongs into the executor."""

from collections.abc import Iterable
from datetime import date
from typing import Final

import holidays
from holidays.registry import COUNTRIES

from ...core.tariffs.days import LEAP_YEAR, Holidays, MonthDay
from ...core.tariffs.holiday_rule import HolidayRule, Substitutes
from ..errors import NonsenseError

_SUNDAY: Final = 6
_MONDAY: Final = 0
_NAMED_YEARS: Final = 3
_SMALL_WORDS: Final = frozenset({"and", "da", "of", "the"})


def supported_countries() -> list[str]:
    """Return the countries whose holidays are known, as two letters each."""
    return sorted(country for country in holidays.list_supported_countries(include_aliases=False) if len(country) == 2)


def country_name(country: str) -> str:
    """Return the English name of a country given by two letters, or the letters if there is none."""
    words = next((key.split("_") for key, codes in COUNTRIES.items() if codes[1] == country), None)
    if words is None:
        return country
    return " ".join(word if word in _SMALL_WORDS else word.capitalize() for word in words)


def subdivisions(country: str) -> dict[str, str]:
    """Return the parts of a country with holidays of their own: codes with names people know."""
    calendar = _calendar(country, None, ())
    aliases = calendar.get_subdivision_aliases()
    return {code: ", ".join(names) or code for code, names in aliases.items()}


def holiday_names(country: str, subdivision: str | None, first_year: int) -> list[str]:
    """Return the holidays of a country, in the order of the year and in its own language."""
    calendar = _calendar(country, subdivision, range(first_year, first_year + _NAMED_YEARS), observed=False)
    found = {name: day for day in sorted(calendar, reverse=True) for name in calendar.get_list(day)}
    return sorted(found, key=lambda name: (found[name].month, found[name].day))


def look_up(rule: HolidayRule, first_year: int, last_year: int) -> Holidays:
    """Return the dates of all holidays that *rule* means, from *first_year* to *last_year* included.

    Raises:
        NonsenseError: if no calendar of that country or part of it exists.
    """
    years = range(first_year, last_year + 1)
    dates = set(_dates_of_country(rule, years))
    dates.update(day for day in rule.own_dates if day.year in years)
    dates.update(date(year, each.month, each.day) for year in years for each in rule.own_days if _exists(each, year))
    return Holidays(dates=frozenset(dates), known_until=date(last_year + 1, 1, 1))


def _dates_of_country(rule: HolidayRule, years: range) -> Iterable[date]:
    if rule.country is None:
        return
    # A substitute of the last days of December may stand in the year after, and the other way round.
    wide = range(years.start - 1, years.stop + 1)
    proper = _calendar(rule.country, rule.subdivision, wide, observed=False)
    wanted = {
        day: {name for name in proper.get_list(day) if rule.names is None or name in rule.names} for day in proper
    }
    yield from (day for day, names in wanted.items() if names and day.year in years)
    if rule.substitutes is Substitutes.NONE:
        return
    observed = _calendar(rule.country, rule.subdivision, wide, observed=True)
    labels = [observed.tr(label) for label in _labels(observed)]
    for day in observed:
        if day.year not in years or wanted.get(day):
            continue
        if rule.substitutes is Substitutes.AFTER_SUNDAY and day.weekday() != _MONDAY:
            continue
        names = set(observed.get_list(day)) - set(proper.get_list(day))
        if rule.names is None or any(label % name in names for label in labels for name in rule.names):
            yield day


def _labels(calendar: holidays.HolidayBase) -> list[str]:
    known = (getattr(calendar, name, None) for name in ("observed_label", "observed_estimated_label"))
    return [label for label in known if label]


def _calendar(
    country: str, subdivision: str | None, years: Iterable[int], *, observed: bool = True
) -> holidays.HolidayBase:
    try:
        return holidays.country_holidays(country, subdiv=subdivision, years=years, observed=observed, expand=False)
    except NotImplementedError as err:
        raise NonsenseError(f"No calendar of holidays for {country} {subdivision or ''}".rstrip()) from err


def _exists(day: MonthDay, year: int) -> bool:
    leap = year % 4 == LEAP_YEAR % 4 and (year % 100 != 0 or year % 400 == 0)
    return leap or day != MonthDay(2, 29)
