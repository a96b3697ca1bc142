"""Tempo's prices beyond the published colours: which colours the coming days may have, and how likely.

Rates are counted from the calendar of RTE (www.services-rte.com, "Calendrier Tempo"), 1 September 2014 to 10 January
2026, as republished by github.com/Koicoubeh (until 3 August 2023) and github.com/Barjosky78/tempo-app.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from ..model.forecast import Floats, Forecast
from ..tariffs.tempo import TempoTariff
from ..tariffs.tempo_prices import TempoPrices
from ..tariffs.tempo_rules import (
    Colour,
    allowed_colours,
    days_given,
    days_left,
    peak_ends_at,
    season_of,
    season_starts,
    tempo_day,
    used_days,
)

_COLOURS: Final = tuple(Colour)
_WORKING: Final[Mapping[int, tuple[int, int, int]]] = {
    11: (49, 4, 256),
    12: (106, 45, 266),
    1: (80, 123, 251),
    2: (89, 51, 222),
    3: (71, 19, 244),
    4: (27, 0, 235),
    5: (3, 0, 244),
    6: (9, 0, 236),
}
"""White days, red days and all days from Monday to Friday, by month."""
_SATURDAYS: Final[Mapping[int, tuple[int, int, int]]] = {
    12: (17, 0, 53),
    1: (32, 0, 50),
    2: (10, 0, 45),
    3: (1, 0, 48),
}
_NEXT_DAY: Final = np.array([[0.830, 0.159, 0.011], [0.243, 0.627, 0.130], [0.030, 0.235, 0.735]])
"""What follows on a working day, each row after one colour: days that may be red, after a working day."""
_USUAL: Final = np.array([0.475, 0.328, 0.197])
"""How often such days have each colour."""
_MOST_OFF: Final = 4.0
"""Days left over or missing do not change the usual rate more than by this."""
_LEAST_BLUE: Final = 0.02
_PARTS: Final = np.array([0.0, 0.175, 0.35, 0.65, 0.825, 1.0])
_SATURDAY: Final = 5
_REMEMBERED_DAYS: Final = 7
_DAY: Final = timedelta(days=1)


def tempo_prices(tariff: TempoTariff, starts_at: datetime, step: timedelta, count: int) -> Forecast | None:
    """Return what a kWh bought may cost; ``None`` if its six prices are not known all the time.

    Where the colour is published all quantiles are alike. Elsewhere each row is the mean price of its part of all
    outcomes, cheapest first, in parts of 17.5, 17.5, 30, 17.5 and 17.5 %: so a red day that is unlikely still raises
    the last row, and the rows so weighted give the expected price.
    """
    if not count:
        return None
    instants = [starts_at.astimezone(UTC) + step * (number + 0.5) for number in range(count)]
    days = [tempo_day(instant) for instant in instants]
    chances = colour_chances(tariff.colours, days[0], days[-1])
    rows: dict[tuple[date, bool, date], Floats] = {}
    columns = []
    for day, instant in zip(days, instants, strict=True):
        if (prices := tariff.prices_at(instant)) is None:
            return None
        key = (day, instant < peak_ends_at(day), prices.since)
        if key not in rows:
            rows[key] = _quantiles(chances[day], prices, peak=key[1])
        columns.append(rows[key])
    return Forecast(starts_at=starts_at, step=step, quantiles=np.stack(columns, axis=1))


def colour_chances(known: Mapping[date, Colour], first: date, last: date) -> Mapping[date, Floats]:
    """Return how likely blue, white and red are on each day from *first* to *last*, given the days that are *known*.

    Cold days come in rows, so what the last working day was counts; how many days of a colour the season still has to
    use or has used up moves the usual rate of the month.
    """
    mood, day = _last_mood(known, first)
    chances: dict[date, Floats] = {}
    factors: dict[int, Floats] = {}
    while day < last:
        day += _DAY
        if (colour := known.get(day)) is not None:
            chance = _sure(colour)
        else:
            if (season := season_of(day)) not in factors:
                factors[season] = _quota_factors(known, season)
            likely = np.array(_usual_rates(day)) * factors[season]
            likely[0] = max(likely[0], _LEAST_BLUE)
            after = likely if mood is None else likely * (_NEXT_DAY / _USUAL)
            after /= after.sum(axis=-1, keepdims=True)
            chance = after if mood is None else mood @ after
        if day.weekday() < _SATURDAY:
            mood = chance
        if day >= first:
            chances[day] = chance
    return chances


def _last_mood(known: Mapping[date, Colour], first: date) -> tuple[Floats | None, date]:
    """Return the colour of the last working day before *first* and that day, if it is known and not long ago."""
    for age in range(1, _REMEMBERED_DAYS + 1):
        day = first - age * _DAY
        if day.weekday() < _SATURDAY and (colour := known.get(day)) is not None:
            return _sure(colour), day
    return None, first - _DAY


def _sure(colour: Colour) -> Floats:
    return np.array([float(each is colour) for each in _COLOURS])


def _quota_factors(known: Mapping[date, Colour], season: int) -> Floats:
    """Return what a season's usual rates are multiplied by, because more or fewer days are left than usual."""
    start, given = season_starts(season), days_given(season)
    last = max((day for day in known if season_of(day) == season), default=start - _DAY)
    left = days_left(last, known) if last >= start else given
    factors = np.ones(len(_COLOURS))
    if left is None:  # with unknown days among them only what is surely used up counts
        used = used_days(start, last + _DAY, known)
        factors[1:] = [float(used[colour] < given[colour]) for colour in _COLOURS[1:]]
        return factors
    rest = _expected_from(last + _DAY)
    for index, colour in enumerate(_COLOURS[1:], 1):
        ratio = (left[colour] + 0.5) / (rest[index] + 0.5)
        factors[index] = float(np.clip(ratio, 1.0 / _MOST_OFF, _MOST_OFF)) if left[colour] else 0.0
    return factors


@lru_cache(maxsize=512)
def _expected_from(day: date) -> tuple[float, ...]:
    """Return how many days of each colour are usual from *day* to the end of its season."""
    end = season_starts(season_of(day) + 1)
    total = np.sum([_usual_rates(day + number * _DAY) for number in range((end - day).days)], axis=0)
    return tuple(total.tolist())


@lru_cache(maxsize=1024)
def _usual_rates(day: date) -> tuple[float, float, float]:
    """Return how often days of this month and kind are blue, white and red; never what the rules exclude."""
    allowed = allowed_colours(day)
    counts = _SATURDAYS if day.weekday() == _SATURDAY else _WORKING
    white, red, days = counts.get(day.month, (0, 0, 1))
    white_rate = white / days if Colour.WHITE in allowed else 0.0
    red_rate = red / days if Colour.RED in allowed else 0.0
    return 1.0 - white_rate - red_rate, white_rate, red_rate


def _quantiles(chances: Floats, prices: TempoPrices, *, peak: bool) -> Floats:
    """Return the mean price of each part of the outcomes, from the cheapest."""
    per_kwh = np.array([prices.price(colour, peak=peak) for colour in _COLOURS])
    order = np.argsort(per_kwh, kind="stable")
    upto = np.append(0.0, np.cumsum(chances[order]))
    upto[-1] = 1.0
    shared = np.minimum(_PARTS[1:, None], upto[1:]) - np.maximum(_PARTS[:-1, None], upto[:-1])
    means: Floats = np.maximum(shared, 0.0) @ per_kwh[order] / np.diff(_PARTS)
    return means
