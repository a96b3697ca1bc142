"""The rules of Tempo: when its days begin, which colours they may have and how many of each a season has.

After the decree on regulated tariffs (arrêté du 22 décembre 2014, art. 3) and EDF's terms; the clock is that of Paris
wherever the home stands.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

PARIS: Final = ZoneInfo("Europe/Paris")
PEAK_STARTS: Final = time(6)
"""When a day and its peak hours begin."""
PEAK_ENDS: Final = time(22)
WHITE_DAYS: Final = 43
RED_DAYS: Final = 22
_RED_MONTHS: Final = frozenset({11, 12, 1, 2, 3})
_SATURDAY: Final = 5
_SUNDAY: Final = 6


class Colour(StrEnum):
    """What a day is called, from the cheapest to the dearest."""

    BLUE = "blue"
    WHITE = "white"
    RED = "red"


DEARNESS: Final[Mapping[Colour, int]] = MappingProxyType({colour: rank for rank, colour in enumerate(Colour)})


def dearest(colours: Iterable[Colour]) -> Colour:
    """Return the colour whose peak hours cost most; there must be one at least."""
    return max(colours, key=DEARNESS.__getitem__)


def tempo_day(instant: datetime) -> date:
    """Return the date whose colour holds at *instant*: before six in the morning that of the day before."""
    local = instant.astimezone(PARIS)
    return local.date() if local.time() >= PEAK_STARTS else local.date() - timedelta(days=1)


def tempo_day_starts_at(day: date) -> datetime:
    """Return when the colour of *day* begins to hold, in UTC."""
    return datetime.combine(day, PEAK_STARTS, PARIS).astimezone(UTC)


def peak_ends_at(day: date) -> datetime:
    """Return when the off-peak hours of *day* begin, in UTC."""
    return datetime.combine(day, PEAK_ENDS, PARIS).astimezone(UTC)


def season_of(day: date) -> int:
    """Return the year in whose September the season of *day* began."""
    return day.year if day >= season_starts(day.year) else day.year - 1


def season_starts(season: int) -> date:
    """Return the first day of a season."""
    return date(season, 9, 1)


def season_days(season: int) -> int:
    """Return how many days a season has."""
    return (season_starts(season + 1) - season_starts(season)).days


def days_given(season: int) -> Mapping[Colour, int]:
    """Return how many days of each colour a season has."""
    blue = season_days(season) - WHITE_DAYS - RED_DAYS
    return {Colour.BLUE: blue, Colour.WHITE: WHITE_DAYS, Colour.RED: RED_DAYS}


def is_public_holiday(day: date) -> bool:
    """Say whether *day* is one of the eleven public holidays of all of France (Code du travail, art. L3133-1)."""
    if (day.month, day.day) in {(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)}:
        return True
    return (day - _easter(day.year)).days in {1, 39, 50}


def allowed_colours(day: date) -> tuple[Colour, ...]:
    """Return the colours that a day with this date may have, whatever the days before it had."""
    weekday = day.weekday()
    if weekday == _SUNDAY:
        return (Colour.BLUE,)
    if weekday == _SATURDAY or day.month not in _RED_MONTHS or is_public_holiday(day):
        return (Colour.BLUE, Colour.WHITE)
    return tuple(Colour)


def possible_colours(day: date, known: Mapping[date, Colour]) -> tuple[Colour, ...]:
    """Return the colours that *day* may have after the days of its season that are *known*.

    White and red end when all their days are used; blue is what is left over and always possible.
    """
    season = season_of(day)
    used = used_days(season_starts(season), day, known)
    given = days_given(season)
    return tuple(colour for colour in allowed_colours(day) if colour is Colour.BLUE or used[colour] < given[colour])


def used_days(start: date, end: date, known: Mapping[date, Colour]) -> dict[Colour, int]:
    """Count the days of each colour from *start* to before *end*, as far as they are known."""
    used = dict.fromkeys(Colour, 0)
    for each in _days(start, end):
        if (colour := known.get(each)) is not None:
            used[colour] += 1
    return used


def days_left(today: date, known: Mapping[date, Colour]) -> dict[Colour, int] | None:
    """Return how many days of each colour come after *today* in its season, or ``None`` if that cannot be told.

    A day that could only have one colour is counted as that, though nobody said so.
    """
    season = season_of(today)
    start, end = season_starts(season), today + timedelta(days=1)
    full = dict(known)
    for each in _days(start, end):
        if each in full:
            continue
        if len(only := allowed_colours(each)) > 1:
            return None
        full[each] = only[0]
    used = used_days(start, end, full)
    return {colour: max(0, given - used[colour]) for colour, given in days_given(season).items()}


def _days(start: date, end: date) -> Iterable[date]:
    return (start + timedelta(days=number) for number in range((end - start).days))


def _easter(year: int) -> date:
    """Return Easter Sunday, by the Gregorian rule in the form of Meeus, Jones and Butcher."""
    golden = year % 19
    century, in_century = divmod(year, 100)
    leap_centuries, century_rest = divmod(century, 4)
    moon_shift = (century - (century + 8) // 25 + 1) // 3
    epact = (19 * golden + century - leap_centuries - moon_shift + 15) % 30
    leap_years, year_rest = divmod(in_century, 4)
    to_sunday = (32 + 2 * century_rest + 2 * leap_years - epact - year_rest) % 7
    correction = (golden + 11 * epact + 22 * to_sunday) // 451
    month, day = divmod(epact + to_sunday - 7 * correction + 114, 31)
    return date(year, month, day + 1)
