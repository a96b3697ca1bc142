"""The coming day as 48 half-hours of the local wall clock: what a plan without dates can hold of prices that move.

Each half-hour carries the price of its next occurrence, so those that are over today carry tomorrow's. All that a
publisher says of the future counts as published, its forecasts too.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final, NamedTuple

from ..model.price import PriceSlot
from . import Tariff
from .horizon import HorizonSlot, PriceSource, horizon
from .published import PublishedTariff, merged

HALF_HOUR: Final = timedelta(minutes=30)
HALF_HOURS: Final = 48
_DAY: Final = timedelta(days=1)
_LAST_DAY: Final = timedelta(hours=26)
"""With an hour for a clock change and one for the half-hour that is running."""
_LOOK_AHEAD: Final = timedelta(hours=50)
"""Over the day itself and what tells whether it ends in a hole or at the published end."""


class HalfHourSource(StrEnum):
    """Where a half-hour's prices come from, the surest first; of the two sides the less sure one counts."""

    PUBLISHED = "published"
    BRIDGED = "bridged"
    """A slot was missing and took the price of a neighbour."""
    STAND_IN = "stand_in"
    """Nothing is published yet, so it repeats what was last published for the same half-hour."""


class WhyUnsyncable(StrEnum):
    """Why no whole day can be made of the prices."""

    HOLE = "hole"
    """More than one slot is missing before a published price."""
    IMPORT_UNKNOWN = "import_unknown"
    """There is neither a price nor one of the last day to stand in for it."""
    EXPORT_UNKNOWN = "export_unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class HalfHour:
    """Prices in currency per kWh, negative ones included."""

    number: int
    """0 starts at 00:00, 47 at 23:30 local time."""
    import_per_kwh: float
    export_per_kwh: float
    source: HalfHourSource


@dataclass(frozen=True, kw_only=True, slots=True)
class RollingDay:
    """The coming day, seen at an instant."""

    made_at: datetime
    half_hours: tuple[HalfHour, ...]
    """All 48, in order of the clock."""

    @property
    def stand_ins(self) -> tuple[HalfHour, ...]:
        """The half-hours whose own prices are not published yet."""
        return tuple(each for each in self.half_hours if each.source is HalfHourSource.STAND_IN)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unsyncable:
    """No whole day: a price is missing that nothing may stand in for."""

    why: WhyUnsyncable
    at: datetime
    """Start of the half-hour concerned."""


def rolling_day(
    tariff: Tariff, now: datetime, zone: tzinfo, *, history: Iterable[PriceSlot] = ()
) -> RollingDay | Unsyncable:
    """Return the day that begins *now*, or why there is none.

    The running half-hour has the price of this instant, the others the mean over their time. *history* holds slots of
    the last 26 hours as they were published; where *tariff* still knows them itself, that counts.
    """
    now = now.astimezone(UTC)
    slots = _known_around(tariff, now, history)
    half_hours = []
    for number in range(HALF_HOURS):
        start = _next_occurrence(number, now, zone)
        earlier = tuple(_last_occurrences(number, start, zone))
        bought = _IMPORT.value(slots, start, earlier, now)
        if isinstance(bought, WhyUnsyncable):
            return Unsyncable(why=bought, at=start)
        sold = _EXPORT.value(slots, start, earlier, now)
        if isinstance(sold, WhyUnsyncable):
            return Unsyncable(why=sold, at=start)
        half_hours.append(
            HalfHour(
                number=number,
                import_per_kwh=bought.per_kwh,
                export_per_kwh=sold.per_kwh,
                source=max(bought.source, sold.source, key=list(HalfHourSource).index),
            )
        )
    return RollingDay(made_at=now, half_hours=tuple(half_hours))


class _Value(NamedTuple):
    per_kwh: float
    source: HalfHourSource


class _Side(NamedTuple):
    """One direction of the energy."""

    price: Callable[[HorizonSlot], float | None]
    source: Callable[[HorizonSlot], PriceSource]
    unknown: WhyUnsyncable

    def value(
        self, slots: tuple[HorizonSlot, ...], start: datetime, earlier: tuple[datetime, ...], now: datetime
    ) -> _Value | WhyUnsyncable:
        """Return the price of the half-hour from *start*, or what it repeats of itself and of *earlier* ones."""
        running = start <= now
        span = (now, now + timedelta.resolution) if running else (start, start + HALF_HOUR)
        if any(self.source(each) is PriceSource.HOLE for each, _ in _overlaps(slots, *span)):
            return WhyUnsyncable.HOLE
        if (own := self._mean(slots, *span)) is not None:
            return own
        for before in (start, *earlier) if running else earlier:
            if (repeated := self._mean(slots, before, before + HALF_HOUR)) is not None:
                return repeated._replace(source=HalfHourSource.STAND_IN)
        return self.unknown

    def _mean(self, slots: tuple[HorizonSlot, ...], start: datetime, end: datetime) -> _Value | None:
        """Return the time-weighted mean of what is known of [*start*, *end*)."""
        found = [
            (price, length, self.source(each))
            for each, length in _overlaps(slots, start, end)
            if (price := self.price(each)) is not None and self.source(each) in (PriceSource.KNOWN, PriceSource.BRIDGED)
        ]
        if not found:
            return None
        bridged = any(source is PriceSource.BRIDGED for _, _, source in found)
        known = sum((length for _, length, _ in found), timedelta())
        # A lone price weighs exactly 1, so that it is not rounded.
        mean = sum(price * (length / known) for price, length, _ in found)
        return _Value(mean, HalfHourSource.BRIDGED if bridged else HalfHourSource.PUBLISHED)


_IMPORT: Final = _Side(lambda each: each.slot.import_per_kwh, lambda each: each.source, WhyUnsyncable.IMPORT_UNKNOWN)
_EXPORT: Final = _Side(
    lambda each: each.slot.export_per_kwh, lambda each: each.export_source, WhyUnsyncable.EXPORT_UNKNOWN
)


def _known_around(tariff: Tariff, now: datetime, history: Iterable[PriceSlot]) -> tuple[HorizonSlot, ...]:
    """Return the last and the coming day without gaps, missing slots marked and bridged."""
    since, until = now - _LAST_DAY, now + _LOOK_AHEAD
    own = (slot for slot in tariff.slots(since, until) if (slot.import_per_kwh, slot.export_per_kwh) != (None, None))
    before = (slot for slot in history if since < slot.ends_at and slot.starts_at < now)
    return horizon(PublishedTariff(merged(before, own)), since, until)


def _overlaps(
    slots: tuple[HorizonSlot, ...], start: datetime, end: datetime
) -> Iterator[tuple[HorizonSlot, timedelta]]:
    """Yield the slots that [*start*, *end*) touches, with how much of it each covers."""
    first = max(0, bisect_right(slots, start, key=lambda each: each.slot.starts_at) - 1)
    for each in slots[first:]:
        if each.slot.starts_at >= end:
            return
        length = min(each.slot.ends_at, end) - max(each.slot.starts_at, start)
        if length > timedelta():
            yield each, length


def _next_occurrence(number: int, now: datetime, zone: tzinfo) -> datetime:
    """Return the start of the half-hour *number* that runs or comes next."""
    day = now.astimezone(zone).date()
    while True:
        for start in _starts(number, day, zone):
            if now < start + HALF_HOUR:
                return start
        day += _DAY


def _last_occurrences(number: int, start: datetime, zone: tzinfo) -> Iterator[datetime]:
    """Yield the starts of the half-hour *number* of the same and of the last local day before *start*, latest first."""
    day = start.astimezone(zone).date()
    for earlier in (day, day - _DAY):
        yield from (each for each in reversed(_starts(number, earlier, zone)) if each < start)


def _starts(number: int, day: date, zone: tzinfo) -> tuple[datetime, ...]:
    """Return when a clock on the wall comes to show a half-hour on a *day*: twice if the clock was put back.

    A half-hour that is skipped starts when a clock would show it that nobody has put forward.
    """
    wall = datetime.combine(day, time(), UTC).replace(tzinfo=None) + number * HALF_HOUR
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return (first, second) if first < second else (first,)
