"""What today's energy from and to the grid cost and earned, as a decision on counters and prices."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final

from ..model.energy import EnergyTotals
from ..tariffs import Tariff, clipped
from ..tariffs.local_days import day_starts_at

LONGEST_STEP: Final = timedelta(minutes=5)
"""Energy between readings further apart is spread over the time between them, which makes its price an estimate."""
_MOST_KW: Final = 150.0
"""No home's connection carries more; a counter that seems to have counted faster is another counter."""
_COARSEST_KWH: Final = 1.0
"""A counter may rise by a whole step of its own at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PricedEnergy:
    """Energy of one direction and the money it stands for."""

    kwh: float = 0.0
    estimated_kwh: float = 0.0
    """What of it was spread over a gap between readings."""
    unpriced_kwh: float = 0.0
    """What of it flowed while its price was unknown."""
    money: Decimal = Decimal(0)
    """Cost or earnings of the rest."""

    @property
    def amount(self) -> Decimal | None:
        """The whole cost or earnings; ``None`` if a part of the energy has no price."""
        return self.money if self.unpriced_kwh == 0.0 else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Counter:
    """A lifetime counter as it was last read."""

    kwh: float
    read_at: datetime
    changed_at: datetime
    """When it was first read with this value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DayCost:
    """The present local day, priced; a direction that nothing counts is ``None``."""

    day: date
    bought: PricedEnergy | None = None
    sold: PricedEnergy | None = None
    import_counter: Counter | None = None
    export_counter: Counter | None = None
    counted_since: datetime | None = None
    """When the first reading of the day's figures was taken; ``None`` before."""

    @property
    def cost(self) -> Decimal | None:
        """What today's energy from the grid cost; ``None`` while unknown."""
        return None if self.bought is None else self.bought.amount

    @property
    def earnings(self) -> Decimal | None:
        """What today's energy into the grid earned; ``None`` while unknown."""
        return None if self.sold is None else self.sold.amount

    def on(self, day: date, time_zone: tzinfo) -> DayCost:
        """Return the figures of *day*: these, or new ones that start where its counters stand.

        A counter that fell silent before midnight leaves the new day's figure unknown until it is read again.
        """
        if day == self.day:
            return self
        midnight = day_starts_at(day, time_zone)

        def fresh(counter: Counter | None) -> PricedEnergy | None:
            silent = counter is None or not timedelta() <= midnight - counter.read_at <= LONGEST_STEP
            return None if silent else PricedEnergy()

        bought, sold = fresh(self.import_counter), fresh(self.export_counter)
        counted = bought is not None or sold is not None
        return replace(self, day=day, bought=bought, sold=sold, counted_since=midnight if counted else None)

    def advance(self, totals: EnergyTotals, at: datetime, tariff: Tariff, time_zone: tzinfo) -> DayCost:
        """Count what flowed until *totals* were read at *at*."""
        today = self.on(at.astimezone(time_zone).date(), time_zone)
        starts_at = day_starts_at(today.day, time_zone)
        bought, import_counter = _count(
            today.bought, today.import_counter, totals.grid_import_kwh, at, (starts_at, tariff, "import")
        )
        sold, export_counter = _count(
            today.sold, today.export_counter, totals.grid_export_kwh, at, (starts_at, tariff, "export")
        )
        counted_since = today.counted_since
        if counted_since is None and (bought is not None or sold is not None):
            reached_back = self.import_counter is not None or self.export_counter is not None
            counted_since = starts_at if reached_back else at
        return replace(
            today,
            bought=bought,
            sold=sold,
            import_counter=import_counter,
            export_counter=export_counter,
            counted_since=counted_since,
        )


type _Pricing = tuple[datetime, Tariff, str]
"""Start of the day, the tariff, and which of its prices counts."""


def _count(
    energy: PricedEnergy | None, counter: Counter | None, kwh: float | None, at: datetime, pricing: _Pricing
) -> tuple[PricedEnergy | None, Counter | None]:
    """Add to one direction what its counter moved by."""
    if kwh is None or (counter is not None and at == counter.read_at):
        return energy, counter
    started = energy or PricedEnergy()
    if counter is None or at < counter.read_at or not _is_same_counter(counter, kwh, at):
        return started, Counter(kwh=kwh, read_at=at, changed_at=at)
    if kwh == counter.kwh:
        return started, replace(counter, read_at=at)
    return _add(started, kwh - counter.kwh, counter.read_at, at, pricing), Counter(kwh=kwh, read_at=at, changed_at=at)


def _is_same_counter(counter: Counter, kwh: float, at: datetime) -> bool:
    """Tell whether a counter can have come from where it was to *kwh*."""
    hours = (at - counter.changed_at) / timedelta(hours=1)
    return 0 <= kwh - counter.kwh <= _MOST_KW * hours + _COARSEST_KWH


def _add(energy: PricedEnergy, kwh: float, start: datetime, end: datetime, pricing: _Pricing) -> PricedEnergy:
    """Spread *kwh* evenly over an interval and add what of it falls into the day."""
    day_starts, tariff, direction = pricing
    counted = unpriced = 0.0
    money = Decimal(0)
    since = max(start, day_starts)
    for slot in clipped(tariff.slots(since, end), since, end):
        part = kwh * ((slot.ends_at - slot.starts_at) / (end - start))
        counted += part
        price = slot.import_per_kwh if direction == "import" else slot.export_per_kwh
        if price is None:
            unpriced += part
        else:
            money += Decimal(repr(part)) * Decimal(repr(price))
    estimated = counted if end - start > LONGEST_STEP else 0.0
    return PricedEnergy(
        kwh=energy.kwh + counted,
        estimated_kwh=energy.estimated_kwh + estimated,
        unpriced_kwh=energy.unpriced_kwh + unpriced,
        money=energy.money + money,
    )
