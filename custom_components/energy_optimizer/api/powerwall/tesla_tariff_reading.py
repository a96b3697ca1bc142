"""What a tariff in Tesla's form means: prices by season and minute of the week.

Weekdays count from Monday = 0. What a period leaves out is 0 for its beginning, Sunday for its last day and midnight
for its end.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from ...core.model.price import PriceSlot
from ...core.tariffs.local_days import day_starts_at, wall_clock_breaks
from . import TeslaTariff

DAY_MINUTES: Final = 1440
WEEK_MINUTES: Final = 7 * DAY_MINUTES
_DAYS_IN_MEMORY: Final = 8


class Stretch(NamedTuple):
    """A part of one weekday over which a side's price holds."""

    weekday: int
    starts: int
    """Minutes after midnight."""
    ends: int
    """Up to 1440."""
    period: str
    per_kwh: float | None
    """``None`` where the tariff names no price."""

    @property
    def starts_in_week(self) -> int:
        """Minutes since Monday, 00:00."""
        return self.weekday * DAY_MINUTES + self.starts

    @property
    def ends_in_week(self) -> int:
        """Minutes since Monday, 00:00."""
        return self.weekday * DAY_MINUTES + self.ends


def _starts_in_week(stretch: Stretch) -> int:
    return stretch.starts_in_week


@dataclass(frozen=True, kw_only=True, slots=True)
class Season:
    """A stretch of the year with the week that repeats in it."""

    name: str
    first: tuple[int, int]
    """Month and day."""
    last: tuple[int, int]
    """Included; before *first* if the season lasts over the new year."""
    week: tuple[Stretch, ...]
    """In order; gaps and overlaps as the tariff has them."""

    def covers(self, month_day: tuple[int, int]) -> bool:
        """Tell whether a day of the year lies in this season."""
        if self.first <= self.last:
            return self.first <= month_day <= self.last
        return month_day >= self.first or month_day <= self.last

    def at(self, minute: int) -> Stretch | None:
        """Return what holds in a *minute* of the week."""
        begun = bisect_right(self.week, minute, key=_starts_in_week)
        return next((each for each in reversed(self.week[:begun]) if minute < each.ends_in_week), None)


def buying(tariff: TeslaTariff) -> tuple[Season, ...]:
    """Return the seasons of what energy from the grid costs, without empty ones.

    Raises:
        ValueError: the tariff has not Tesla's form.
    """
    return _seasons(tariff)


def selling(tariff: TeslaTariff) -> tuple[Season, ...]:
    """Return the seasons of what energy into the grid earns; none if the tariff does not say.

    Raises:
        ValueError: the tariff has not Tesla's form.
    """
    return _seasons(_object(tariff.get("sell_tariff"), "sell_tariff"))


def season_of(seasons: Iterable[Season], day: date) -> Season | None:
    """Return the season in which a *day* lies."""
    return next((season for season in seasons if season.covers((day.month, day.day))), None)


def _seasons(side: Mapping[str, object]) -> tuple[Season, ...]:
    charges = _object(side.get("energy_charges"), "energy_charges")
    found = []
    for name, content in _object(side.get("seasons"), "seasons").items():
        season = _object(content, name)
        periods = _object(season.get("tou_periods"), f"periods of {name}")
        if not periods:
            continue
        week = (
            Stretch(weekday, starts, ends, period, _rate(charges, name, period))
            for period, listed in periods.items()
            for entry in _entries(listed, period)
            for weekday, starts, ends in _spread(entry)
        )
        first, last = (
            (_whole(season, f"{end}Month", 0, 12), _whole(season, f"{end}Day", 0, 31)) for end in ("from", "to")
        )
        found.append(Season(name=name, first=first, last=last, week=tuple(sorted(week, key=_place))))
    return tuple(found)


def _place(stretch: Stretch) -> tuple[int, int, str]:
    return stretch.starts_in_week, stretch.ends, stretch.period


def _entries(listed: object, period: str) -> Iterator[Mapping[str, object]]:
    match _object(listed, period).get("periods"):
        case list() as entries:
            for entry in entries:
                yield _object(entry, period)
        case _:
            raise ValueError(f"the period {period} has no times")


def _spread(entry: Mapping[str, object]) -> Iterator[tuple[int, int, int]]:
    """Yield weekday, first and last minute of each day that one entry touches."""
    first, last = _whole(entry, "fromDayOfWeek", 0, 6), _whole(entry, "toDayOfWeek", 6, 6)
    starts = _whole(entry, "fromHour", 0, 24) * 60 + _whole(entry, "fromMinute", 0, 60)
    ends = _whole(entry, "toHour", 0, 24) * 60 + _whole(entry, "toMinute", 0, 60)
    if ends <= starts:
        ends += DAY_MINUTES
    for days in range((last - first) % 7 + 1):
        weekday = (first + days) % 7
        if starts < DAY_MINUTES:
            yield weekday, starts, min(ends, DAY_MINUTES)
        if ends > DAY_MINUTES:
            yield (weekday + 1) % 7, max(starts - DAY_MINUTES, 0), ends - DAY_MINUTES


def _rate(charges: Mapping[str, object], season: str, period: str) -> float | None:
    for name in (season, "ALL"):
        rates = _object(_object(charges.get(name), f"charges of {name}").get("rates"), f"rates of {name}")
        for key in (period, "ALL"):
            if key in rates:
                return _price(rates[key], period)
    return None


def _price(value: object, period: str) -> float | None:
    match value:
        case None:
            return None
        case int() | float() if not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        case _:
            raise ValueError(f"the price of {period} is no number")


def _whole(content: Mapping[str, object], name: str, missing: int, most: int) -> int:
    match content.get(name):
        case None:
            return missing
        case int() | float() as value if not isinstance(value, bool) and value == int(value) and 0 <= value <= most:
            return int(value)
        case value:
            raise ValueError(f"{name} is {value!r}")


def _object(content: object, name: str) -> Mapping[str, object]:
    match content:
        case None:
            return {}
        case Mapping():
            return content
        case _:
            raise ValueError(f"{name} is no object")


@dataclass(frozen=True, slots=True)
class TeslaPrices:
    """A tariff in Tesla's form as prices over time, on the clock of a *zone*; minutes it does not cover are unknown."""

    bought: tuple[Season, ...]
    sold: tuple[Season, ...]
    zone: tzinfo
    _days: dict[date, tuple[PriceSlot, ...]] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, tariff: TeslaTariff, zone: tzinfo) -> TeslaPrices:
        """Read a *tariff*.

        Raises:
            ValueError: it has not Tesla's form.
        """
        return cls(buying(tariff), selling(tariff), zone)

    def at(self, instant: datetime) -> PriceSlot:
        """Return the slot in force at *instant*."""
        slots = self._day(instant.astimezone(self.zone).date())
        return slots[max(0, bisect_right(slots, instant, key=lambda slot: slot.starts_at) - 1)]

    def slots(self, start: datetime, end: datetime) -> Iterator[PriceSlot]:
        """Yield the slots that touch [*start*, *end*), whole, in order and without gaps."""
        instant = start
        while instant < end:
            slot = self.at(instant)
            yield slot
            instant = slot.ends_at

    @property
    def tiers(self) -> tuple[str, ...]:
        """The names of the periods in which energy is bought."""
        return tuple(dict.fromkeys(stretch.period for season in self.bought for stretch in season.week))

    @property
    def known_until(self) -> None:
        """A week that repeats is known for ever."""
        return None

    def _day(self, day: date) -> tuple[PriceSlot, ...]:
        """Return the slots of a local day."""
        if day not in self._days:
            if len(self._days) >= _DAYS_IN_MEMORY:
                del self._days[min(self._days)]
            self._days[day] = tuple(self._slots_of(day))
        return self._days[day]

    def _slots_of(self, day: date) -> Iterator[PriceSlot]:
        sides = season_of(self.bought, day), season_of(self.sold, day)
        edges = {
            minute
            for season in sides
            if season is not None
            for stretch in season.week
            if stretch.weekday == day.weekday()
            for minute in (stretch.starts, stretch.ends)
        }
        starts = wall_clock_breaks(day, edges, self.zone)
        for start, end in zip(starts, [*starts[1:], day_starts_at(day + timedelta(days=1), self.zone)], strict=True):
            clock = start.astimezone(self.zone)
            minute = day.weekday() * DAY_MINUTES + clock.hour * 60 + clock.minute
            bought, sold = (season.at(minute) if season else None for season in sides)
            yield PriceSlot(
                starts_at=start,
                ends_at=end,
                tier=bought.period if bought else "",
                import_per_kwh=bought.per_kwh if bought else None,
                export_per_kwh=sold.per_kwh if sold else None,
            )
