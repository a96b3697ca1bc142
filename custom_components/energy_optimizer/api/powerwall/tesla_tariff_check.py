"""Whether a tariff in Tesla's form is sound, and whether two of them mean the same.

Tesla gives tariffs back with other keys, in another order and with numbers of other kinds than they were written.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Final

from . import TeslaTariff
from .tesla_tariff_reading import DAY_MINUTES, WEEK_MINUTES, Season, Stretch, buying, season_of, selling

_TOLERANCE: Final = 1e-5
_LEAP_YEAR: Final = [date(2028, 1, 1) + timedelta(days=days) for days in range(366)]
_CURRENCY: Final = re.compile("[A-Z]{3}")
_OTHER_CHARGES: Final = (
    "monthly_charges",
    "daily_charges",
    "daily_demand_charges",
    "demand_charges",
    "monthly_minimum_bill",
    "min_applicable_demand",
    "max_applicable_demand",
)


def same_tariff(one: TeslaTariff | None, other: TeslaTariff | None) -> bool:
    """Tell whether both ask and pay the same at every minute of every weekday and season, fixed charges included.

    Names do not count, nor does a currency that only one of them tells. An empty tariff is the same as none.
    """
    if not one or not other:
        return not one and not other
    if one.get("currency") and other.get("currency") and one["currency"] != other["currency"]:
        return False
    try:
        sides = ((buying(one), buying(other)), (selling(one), selling(other)))
        halves = ((one, other), (one.get("sell_tariff") or {}, other.get("sell_tariff") or {}))
    except ValueError:
        return dict(one) == dict(other)
    return all(_same_year(*side) for side in sides) and all(
        _amounts(first.get(name)) == _amounts(second.get(name)) for first, second in halves for name in _OTHER_CHARGES
    )


def validate(tariff: TeslaTariff) -> tuple[str, ...]:
    """Return what is wrong with a *tariff* that is to be written; nothing if it is sound.

    It has to cover each minute of each weekday and season once, on both sides, with prices from 0 up, and selling must
    nowhere earn more than buying costs.
    """
    try:
        bought, sold = buying(tariff), selling(tariff)
    except ValueError as err:
        return (str(err),)
    wrong = [] if _CURRENCY.fullmatch(str(tariff.get("currency"))) else ["the currency is not named"]
    for name, seasons in (("buying", bought), ("selling", sold)):
        wrong += [f"{name}: {problem}" for problem in _uncovered(seasons)]
        wrong += [f"{name}: {season.name}: {problem}" for season in seasons for problem in _flaws(season)]
    if not wrong and any(
        earns > costs for first, second in _pairs(bought, sold) for costs, earns in _prices(first, second)
    ):
        wrong.append("selling earns more than buying costs")
    return tuple(dict.fromkeys(wrong))


def _uncovered(seasons: tuple[Season, ...]) -> Iterator[str]:
    for day in _LEAP_YEAR:
        covering = [season.name for season in seasons if season.covers((day.month, day.day))]
        if len(covering) != 1:
            yield f"{day:%d %B} is in {' and '.join(covering) or 'no season'}"
            return


def _flaws(season: Season) -> Iterator[str]:
    at = 0
    for each in season.week:
        if each.starts_in_week > at:
            yield f"nothing covers {_clock(at)}"
        elif each.starts_in_week < at:
            yield f"{each.period} covers {_clock(each.starts_in_week)} again"
        if each.per_kwh is None:
            yield f"{each.period} has no price"
        elif each.per_kwh < 0:
            yield f"{each.period} costs less than nothing"
        at = max(at, each.ends_in_week)
    if at < WEEK_MINUTES:
        yield f"nothing covers {_clock(at)}"


def _clock(minute: int) -> str:
    weekday, minute = divmod(minute, DAY_MINUTES)
    return f"weekday {weekday}, {minute // 60:02}:{minute % 60:02}"


def _same_year(one: tuple[Season, ...], other: tuple[Season, ...]) -> bool:
    return all(_same_week(first, second) for first, second in _pairs(one, other))


def _pairs(one: tuple[Season, ...], other: tuple[Season, ...]) -> Iterable[tuple[Season | None, Season | None]]:
    """Return which seasons of two years meet on some day."""
    met = ((season_of(one, day), season_of(other, day)) for day in _LEAP_YEAR)
    return {(first and first.name, second and second.name): (first, second) for first, second in met}.values()


def _same_week(one: Season | None, other: Season | None) -> bool:
    if one is None or other is None:
        return one is other
    return all(
        _price(one.at(minute)) == _price(other.at(minute)) or _near(_price(one.at(minute)), _price(other.at(minute)))
        for minute in _edges(one, other)
    )


def _prices(one: Season | None, other: Season | None) -> Iterator[tuple[float, float]]:
    """Yield the prices of two seasons side by side, where both have one."""
    if one is None or other is None:
        return
    for minute in _edges(one, other):
        first, second = _price(one.at(minute)), _price(other.at(minute))
        if first is not None and second is not None:
            yield first, second


def _edges(*seasons: Season) -> Iterable[int]:
    starts = {each.starts_in_week for season in seasons for each in season.week}
    ends = {each.ends_in_week for season in seasons for each in season.week}
    return {0} | starts | (ends - {WEEK_MINUTES})


def _price(stretch: Stretch | None) -> float | None:
    return None if stretch is None else stretch.per_kwh


def _near(one: float | None, other: float | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= _TOLERANCE * max(1.0, abs(one))


def _amounts(charge: object) -> object:
    """Reduce a charge to its amounts: names, zeros and empty places say nothing."""
    match charge:
        case Mapping():
            found = {key: amount for key, value in charge.items() if (amount := _amounts(value)) is not None}
            return found or None
        case list():
            return [amount for value in charge if (amount := _amounts(value)) is not None] or None
        case int() | float() if charge:
            return round(float(charge), 5)
        case _:
            return None
