"""California's net billing: imports by time of use, exports by values of each month, kind of day and hour."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from math import fsum
from typing import Final

from ..model.price import PartName, PricePart, PriceSlot
from .local_days import day_starts_at, wall_clock_breaks
from .time_of_use import DAY_MINUTES, TimeOfUseTariff

ROWS: Final = 24
"""Two for each month: its weekdays, and its weekends and holidays."""
_HOURS: Final = range(0, DAY_MINUTES, 60)
_SATURDAY: Final = 5
_DIGITS: Final = 6
"""Published values have no more behind the point; beyond is the noise of adding binary fractions."""
_REMEMBERED_DAYS: Final = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportYear:
    """The export values of one calendar year, in currency per kWh: ``ROWS`` rows of 24 hours, by the wall clock."""

    generation: tuple[tuple[float, ...], ...]
    delivery: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        """Refuse tables that do not have each hour once."""
        for table in (self.generation, self.delivery):
            if len(table) != ROWS or any(len(row) != 24 for row in table):
                raise ValueError("Export values need 24 hours for weekdays and for days off of each month")


@dataclass(frozen=True, kw_only=True, slots=True)
class NetBillingTariff:
    """What a kWh costs and earns under net billing, with the parts that credits and charges are kept apart by."""

    imports: TimeOfUseTariff
    generation: Mapping[tuple[str | None, str], float]
    """The generation part of the import price by season and tier, without what cannot be bypassed."""
    non_bypassable_per_kwh: float
    exports: Mapping[int, ExportYear]
    """Export values by calendar year; other years are unknown."""
    own_generation_per_kwh: float | None = None
    """What another supplier of generation pays for exports; ``None`` where the utility's values apply."""
    adder_per_kwh: float = 0.0
    _breaks: dict[date, tuple[datetime, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def tiers(self) -> tuple[str, ...]:
        """The names of the import tiers, in the order in which they were entered."""
        return self.imports.tiers

    @property
    def known_until(self) -> datetime | None:
        """Until when import prices are known; export values may be known for less long."""
        return self.imports.known_until

    def at(self, instant: datetime) -> PriceSlot:
        """Return the slot in force at *instant*: an hour by the wall clock, or less where the tier changes."""
        instant = instant.astimezone(UTC)
        bought = self.imports.at(instant)
        day = instant.astimezone(self._zone).date()
        breaks = self._breaks_of(day)
        after = next(index for index, each in enumerate(breaks) if each > instant)
        export_parts = self._export_parts(breaks[after - 1].astimezone(self._zone))
        return PriceSlot(
            starts_at=max(bought.starts_at, breaks[after - 1]),
            ends_at=min(bought.ends_at, breaks[after]),
            tier=bought.tier,
            import_per_kwh=bought.import_per_kwh,
            export_per_kwh=_sum(export_parts) if export_parts else None,
            import_parts=self._import_parts(bought, day),
            export_parts=export_parts,
        )

    def slots(self, start: datetime, end: datetime) -> Iterator[PriceSlot]:
        """Yield the slots that touch [*start*, *end*), whole, in order and without gaps."""
        instant = start
        while instant < end:
            slot = self.at(instant)
            yield slot
            instant = slot.ends_at

    @property
    def _zone(self) -> tzinfo:
        return self.imports.time_zone

    def _import_parts(self, bought: PriceSlot, day: date) -> tuple[PricePart, ...]:
        season = self.imports.season_on(day)
        generation = self.generation.get((season, bought.tier), self.generation.get((None, bought.tier)))
        if bought.import_per_kwh is None or generation is None:
            return ()
        delivery = round(bought.import_per_kwh - generation - self.non_bypassable_per_kwh, _DIGITS)
        return (
            PricePart(name=PartName.GENERATION, per_kwh=generation),
            PricePart(name=PartName.DELIVERY, per_kwh=delivery),
            PricePart(name=PartName.NON_BYPASSABLE, per_kwh=self.non_bypassable_per_kwh),
        )

    def _export_parts(self, local: datetime) -> tuple[PricePart, ...]:
        if (year := self.exports.get(local.year)) is None:
            return ()
        holidays = self.imports.holidays
        is_off = local.weekday() >= _SATURDAY or (holidays is not None and local.date() in holidays.dates)
        row = 2 * (local.month - 1) + is_off
        generation = year.generation[row][local.hour]
        if self.own_generation_per_kwh is not None:
            generation = self.own_generation_per_kwh
        parts = (
            PricePart(name=PartName.GENERATION, per_kwh=generation),
            PricePart(name=PartName.DELIVERY, per_kwh=year.delivery[row][local.hour]),
        )
        return (*parts, PricePart(name=PartName.ADDER, per_kwh=self.adder_per_kwh)) if self.adder_per_kwh else parts

    def _breaks_of(self, day: date) -> tuple[datetime, ...]:
        """Return the instants at which an hour of a local day begins, and the first of the next day."""
        if (known := self._breaks.get(day)) is not None:
            return known
        if len(self._breaks) >= _REMEMBERED_DAYS:
            self._breaks.clear()
        found = (
            *wall_clock_breaks(day, _HOURS, self._zone),
            day_starts_at(day + timedelta(days=1), self._zone),
        )
        self._breaks[day] = found
        return found


def _sum(parts: tuple[PricePart, ...]) -> float:
    return round(fsum(part.per_kwh for part in parts), _DIGITS)
