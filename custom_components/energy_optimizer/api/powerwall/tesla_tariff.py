"""Writing tariffs in Tesla's form: a week of half-hours, without dates.

Tesla wants a price of 0 or more and raises what buying costs to what selling earns. The same is done here, so that the
Powerwall shows what it reckons with: energy never looks cheaper to buy than it is, and what selling earns keeps its
order. Prices below 0 become 0.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Final

from ...core.model.force import Force, ForceKind
from ...core.tariffs.rolling_day import HALF_HOUR, HALF_HOURS, RollingDay
from . import TeslaTariff
from .tesla_tariff_reading import DAY_MINUTES, Season, Stretch, buying, season_of, selling

_DIGITS: Final = 4
_HALF_HOUR_MINUTES: Final = 30
_SEASON: Final = "Summer"
_NO_SEASON: Final = "Winter"
"""Tesla's app stumbles over seasons of other names."""
_WINDOW, _AROUND = "FORCED", "AROUND_FORCED"
_DEAR_TIMES: Final = 10.0
_DEAR_AT_LEAST: Final = 1.0
"""So much dearer than anything else that no other consideration outweighs it."""
_LEVEL_PER_KWH: Final = 0.25
"""Of any size but 0: where all hours cost the same, it decides nothing."""

type _Minutes = tuple[int, int]
"""From and to, after midnight."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TariffNames:
    """How a tariff is called in Tesla's app."""

    name: str
    utility: str
    currency: str
    """ISO 4217."""


def tesla_tariff(day: RollingDay, names: TariffNames) -> dict[str, Any]:
    """Return the *day* in Tesla's form: the same 48 half-hours on each weekday, for buying and for selling."""
    earned = [max(0.0, round(each.export_per_kwh, _DIGITS)) for each in day.half_hours]
    cost = [max(0.0, round(each.import_per_kwh, _DIGITS)) for each in day.half_hours]
    return _whole([max(each) for each in zip(cost, earned, strict=True)], earned, names)


def level_tariff(currency: str) -> dict[str, Any]:
    """Return a tariff that makes no hour better than another, for a Powerwall that had none."""
    names = TariffNames(name="Level price", utility="Energy Optimizer", currency=currency)
    return _whole([_LEVEL_PER_KWH] * HALF_HOURS, [0.0] * HALF_HOURS, names)


def _whole(paid: list[float], earned: list[float], names: TariffNames) -> dict[str, Any]:
    return {
        "version": 1,
        "code": "",
        "currency": names.currency,
        "monthly_minimum_bill": 0,
        "min_applicable_demand": 0,
        "max_applicable_demand": 0,
        **_side(paid, names),
        "sell_tariff": {
            "monthly_minimum_bill": 0,
            "min_applicable_demand": 0,
            "max_applicable_demand": 0,
            **_side(earned, names),
        },
    }


def _side(prices: list[float], names: TariffNames) -> dict[str, Any]:
    rates = {_half_hour_name(number): price for number, price in enumerate(prices)}
    entries = [_entry(range(7), *_minutes(number)) for number in range(HALF_HOURS)]
    periods = {name: {"periods": [entry]} for name, entry in zip(rates, entries, strict=True)}
    return {
        "name": names.name,
        "utility": names.utility,
        "monthly_charges": 0,
        "daily_charges": [{"name": "Charge", "amount": 0}],
        "daily_demand_charges": {},
        # The form wants a price for all other times; there are none.
        "demand_charges": {"ALL": {"rates": {"ALL": 0}}, _SEASON: {}, _NO_SEASON: {}},
        "energy_charges": {"ALL": {"rates": {"ALL": 0}}, _SEASON: {"rates": rates}, _NO_SEASON: {}},
        "seasons": {
            _SEASON: {"fromMonth": 1, "fromDay": 1, "toMonth": 12, "toDay": 31, "tou_periods": periods},
            _NO_SEASON: {"fromMonth": 0, "fromDay": 0, "toMonth": 0, "toDay": 0, "tou_periods": {}},
        },
    }


def _half_hour_name(number: int) -> str:
    return f"PERIOD_{number // 2:02}_{number % 2 * 30:02}"


def _minutes(number: int) -> tuple[int, int]:
    return number * _HALF_HOUR_MINUTES, (number + 1) * _HALF_HOUR_MINUTES


def _entry(weekdays: range, starts: int, ends: int) -> dict[str, int]:
    """Return one period; midnight as an end is written 0:00, the way that the app accepts."""
    return {
        "fromDayOfWeek": weekdays[0],
        "toDayOfWeek": weekdays[-1],
        "fromHour": starts // 60,
        "fromMinute": starts % 60,
        "toHour": ends % DAY_MINUTES // 60,
        "toMinute": ends % 60,
    }


def forced_until(force: Force, zone: tzinfo) -> datetime:
    """Return when a force by tariff ends: its end, rounded up to a half-hour of the local clock."""
    running = _half_hour_start(force.ends_at, zone)
    return running if running == force.ends_at else running + HALF_HOUR


def forced_tariff(base: TeslaTariff, force: Force, now: datetime, zone: tzinfo) -> dict[str, Any]:
    """Return the tariff *base* with prices that make a *force* from *now* to its end the best choice.

    The window reaches from the running half-hour to the end rounded up, on this weekday alone (on two if midnight
    lies in it); the other weekdays and the other seasons keep what *base* says. For charging, energy in the window
    costs nothing and is dear for the rest of that day. Holding looks the same with the lowest price of *base*, and is
    holding only while charging from the grid is off. For discharging, buying and selling are dear in the window.

    Raises:
        ValueError: *base* has not Tesla's form or no prices for these days, the force is over or needs no tariff.
    """
    if force.kind is ForceKind.SELF_CONSUMPTION:
        raise ValueError("no tariff makes a battery follow the house alone")
    windows = _windows(force, now, zone)
    forced = deepcopy(dict(base))
    bought, sold = buying(base), selling(base)
    known = [each.per_kwh for season in (*bought, *sold) for each in season.week if each.per_kwh is not None]
    if not windows or not bought or not known:
        raise ValueError("the force is over" if not windows else "the tariff has no prices")
    dear = round(max(_DEAR_TIMES * max(known), _DEAR_AT_LEAST), _DIGITS)
    if not sold:
        sold = tuple(_unpaid(season) for season in bought)
        charges = {season.name: {"rates": {each.period: 0.0 for each in season.week}} for season in sold}
        forced["sell_tariff"] = {"seasons": deepcopy(forced["seasons"]), "energy_charges": charges}
    for season, days in _by_season(bought, windows):
        lowest = min(each.per_kwh for each in season.week if each.per_kwh is not None)
        match force.kind:
            case ForceKind.CHARGE:
                _rewrite(forced, season, days, window=0.0, around=dear)
            case ForceKind.HOLD:
                _rewrite(forced, season, days, window=lowest, around=dear)
            case ForceKind.DISCHARGE:
                _rewrite(forced, season, days, window=dear, around=None)
    for season, days in _by_season(sold, windows):
        window = dear if force.kind is ForceKind.DISCHARGE else 0.0
        _rewrite(forced["sell_tariff"], season, days, window=window, around=None)
    return forced


def _windows(force: Force, now: datetime, zone: tzinfo) -> dict[date, list[_Minutes]]:
    """Return the half-hours of the local clock from *now* to the end of a *force*, joined, by local day."""
    numbers: dict[date, set[int]] = {}
    start, end = _half_hour_start(max(now, force.starts_at), zone), forced_until(force, zone)
    while now < end and start < end:
        clock = start.astimezone(zone)
        numbers.setdefault(clock.date(), set()).add(clock.hour * 2 + clock.minute // _HALF_HOUR_MINUTES)
        start += HALF_HOUR
    return {day: _joined(_minutes(number) for number in sorted(found)) for day, found in numbers.items()}


def _joined(stretches: Iterable[_Minutes]) -> list[_Minutes]:
    joined: list[_Minutes] = []
    for starts, ends in stretches:
        if joined and joined[-1][1] == starts:
            starts = joined.pop()[0]  # noqa: PLW2901
        joined.append((starts, ends))
    return joined


def _half_hour_start(instant: datetime, zone: tzinfo) -> datetime:
    """Return when the half-hour of the local clock began in which *instant* lies."""
    clock = instant.astimezone(zone)
    since = timedelta(minutes=clock.minute % _HALF_HOUR_MINUTES, seconds=clock.second, microseconds=clock.microsecond)
    return instant.astimezone(UTC) - since


def _by_season(
    seasons: tuple[Season, ...], windows: Mapping[date, list[_Minutes]]
) -> Iterable[tuple[Season, dict[int, list[_Minutes]]]]:
    """Return the seasons in which *windows* lie, each with its windows by weekday."""
    found: dict[str, tuple[Season, dict[int, list[_Minutes]]]] = {}
    for day, stretches in windows.items():
        if (season := season_of(seasons, day)) is None:
            raise ValueError(f"the tariff has no season on {day:%d %B}")
        found.setdefault(season.name, (season, {}))[1][day.weekday()] = stretches
    return found.values()


def _unpaid(season: Season) -> Season:
    """Return a season in which nothing is earned: that is what a tariff means to Tesla that is silent about selling."""
    return replace(season, week=tuple(each._replace(per_kwh=0.0) for each in season.week))


def _rewrite(
    side: dict[str, Any], season: Season, days: Mapping[int, list[_Minutes]], *, window: float, around: float | None
) -> None:
    """Put the price *window* into stretches of some *days* and *around* beside them, ``None`` to leave those be."""
    names = {each.period for each in season.week}
    forced_name, around_name = (_free_name(name, names) for name in (_WINDOW, _AROUND))
    week: list[Stretch] = []
    for each in season.week:
        if each.weekday not in days:
            week.append(each)
        elif around is None:
            left = _outside((each.starts, each.ends), days[each.weekday])
            week += [each._replace(starts=starts, ends=ends) for starts, ends in left]
    for weekday, stretches in days.items():
        week += [Stretch(weekday, *each, forced_name, window) for each in stretches]
        if around is not None:
            week += [Stretch(weekday, *each, around_name, around) for each in _outside((0, DAY_MINUTES), stretches)]
    rates = {each.period: each.per_kwh for each in week if each.per_kwh is not None}
    side["seasons"][season.name]["tou_periods"] = _periods(week)
    side["energy_charges"] = side["energy_charges"] | {season.name: {"rates": rates}}


def _free_name(name: str, taken: set[str]) -> str:
    return name if name not in taken else _free_name(f"{name}_AGAIN", taken)


def _outside(whole: _Minutes, taken: Iterable[_Minutes]) -> list[_Minutes]:
    """Return what of *whole* lies outside the stretches *taken*, which are in order."""
    left, (starts, last) = [], whole
    for begins, ends in taken:
        if starts < min(begins, last):
            left.append((starts, min(begins, last)))
        starts = max(starts, ends)
    return [*left, (starts, last)] if starts < last else left


def _periods(week: Iterable[Stretch]) -> dict[str, Any]:
    """Write a week down by period, with runs of weekdays of the same times in one."""
    weekdays: dict[str, dict[_Minutes, list[int]]] = {}
    for each in sorted(week, key=lambda each: each.starts_in_week):
        weekdays.setdefault(each.period, {}).setdefault((each.starts, each.ends), []).append(each.weekday)
    return {
        period: {"periods": [_entry(run, *minutes) for minutes, days in times.items() for run in _runs(days)]}
        for period, times in weekdays.items()
    }


def _runs(weekdays: Iterable[int]) -> list[range]:
    runs: list[range] = []
    for weekday in weekdays:
        if runs and runs[-1].stop == weekday:
            runs[-1] = range(runs[-1].start, weekday + 1)
        else:
            runs.append(range(weekday, weekday + 1))
    return runs
