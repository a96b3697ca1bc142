"""What today's energy from and to the grid cost and earned, as a decision on counters and prices."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final, Literal, NamedTuple

from ..model.energy import EnergyTotals
from ..model.price import Certainty
from ..tariffs import Tariff, clipped
from ..tariffs.local_days import day_starts_at
from .meters import COARSEST_KWH, MOST_KW

LONGEST_STEP: Final = timedelta(minutes=5)
"""Energy between readings further apart is spread over the time between them, which makes its price an estimate."""
FINE_KWH: Final = 0.02
"""A counter that counts in steps of no more holds nothing back that is worth an estimate."""
_SUDDEN_KW: Final = 25.0
"""No home goes from nothing to more between two readings."""


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
    step_kwh: float | None = None
    """Its smallest rise between two close readings so far; ``None`` before there was one."""

    def may_show(self, kwh: float, at: datetime) -> bool:
        """Tell whether this counter can show *kwh* at *at*; if not, it was reset or is another one."""
        hours = (at - self.changed_at) / timedelta(hours=1)
        return at >= self.read_at and 0 <= kwh - self.kwh <= MOST_KW * hours + COARSEST_KWH

    def advance(self, kwh: float, at: datetime) -> Counter:
        """Return the counter as it was read at *at*."""
        if kwh == self.kwh:
            return replace(self, read_at=at)
        step = self.step_kwh
        if at - self.read_at <= LONGEST_STEP:
            step = min(kwh - self.kwh, step or MOST_KW)
        return Counter(kwh=kwh, read_at=at, changed_at=at, step_kwh=step)

    def flows(self, kwh: float, at: datetime) -> tuple[tuple[datetime, float], ...]:
        """Say since when the energy of a rise to *kwh*, read at *at*, may have flowed: instants, and kWh since each.

        A counter that stood still may have held energy back until a whole step was full, or nothing may have flowed.
        All of a rise was held back if no home can have used it up since the last reading. One step of it was if the
        counter's steps are known to be coarse, because that is the most a counter can hold back; what is more than a
        step, or less, flowed since the last reading. What a fine counter holds back is neglected: its stillness means
        that nothing flowed.
        """
        rise, step = kwh - self.kwh, self.step_kwh
        if rise > max(FINE_KWH, _SUDDEN_KW * ((at - self.read_at) / timedelta(hours=1))):
            return ((self.changed_at, rise),)
        if step is None or step <= FINE_KWH or rise < 0.99 * step:  # counters are not exact to the last digit
            return ((self.read_at, rise),)
        held_back = min(rise, step)
        return (self.changed_at, held_back), (self.read_at, rise - held_back)


@dataclass(frozen=True, kw_only=True, slots=True)
class DayCost:
    """The present local day, priced; a direction that nothing counts is ``None``."""

    day: date
    bought: PricedEnergy | None = None
    sold: PricedEnergy | None = None
    import_counter: Counter | None = None
    export_counter: Counter | None = None
    counted_since: datetime | None = None
    """From when on the figures count; ``None`` while there are none."""
    currency: str | None = None
    """What the money is (ISO 4217); ``None`` as long as nobody said."""

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

    def in_currency(self, currency: str) -> DayCost:
        """Return figures in *currency*: these, or new ones from the last readings on, as money cannot be converted."""
        if self.currency in (None, currency):
            return replace(self, currency=currency)
        kept = [
            None if energy is None else counter
            for energy, counter in ((self.bought, self.import_counter), (self.sold, self.export_counter))
        ]
        bought, sold = (None if counter is None else PricedEnergy() for counter in kept)
        since = min((counter.read_at for counter in kept if counter is not None), default=None)
        return replace(self, bought=bought, sold=sold, counted_since=since, currency=currency)

    def with_new_meters(self) -> DayCost:
        """Return the same figures, which go on from where other meters stand when they are first read."""
        return replace(self, import_counter=None, export_counter=None)

    def advance(self, totals: EnergyTotals, at: datetime, tariff: Tariff, time_zone: tzinfo) -> DayCost:
        """Count what flowed until *totals* were read at *at*."""
        today = self.on(at.astimezone(time_zone).date(), time_zone)
        starts_at = day_starts_at(today.day, time_zone)
        since = today.counted_since and min(today.counted_since, at)  # later than *at* only if the clock was put back
        bought = _count(
            _Side(today.bought, today.import_counter, since if today.bought else None),
            totals.grid_import_kwh,
            at,
            _Pricing(starts_at, tariff, "import"),
        )
        sold = _count(
            _Side(today.sold, today.export_counter, since if today.sold else None),
            totals.grid_export_kwh,
            at,
            _Pricing(starts_at, tariff, "export"),
        )
        begun = [side.since for side in (bought, sold) if side.since is not None]
        return replace(
            today,
            bought=bought.energy,
            sold=sold.energy,
            import_counter=bought.counter,
            export_counter=sold.counter,
            counted_since=since or min(begun, default=None),
        )


class _Side(NamedTuple):
    """One direction of the grid's energy."""

    energy: PricedEnergy | None
    counter: Counter | None
    since: datetime | None
    """From when on its energy counts; ``None`` if there is none."""


class _Pricing(NamedTuple):
    """What gives a direction's energy its price."""

    day_starts_at: datetime
    tariff: Tariff
    direction: Literal["import", "export"]


def _count(side: _Side, kwh: float | None, at: datetime, pricing: _Pricing) -> _Side:
    """Add to one direction what its counter moved by."""
    counter = side.counter
    if kwh is None or (counter is not None and at == counter.read_at):
        return side
    energy = side.energy or PricedEnergy()
    if counter is None or not counter.may_show(kwh, at):
        return _Side(energy, Counter(kwh=kwh, read_at=at, changed_at=at), side.since or at)
    since = side.since or max(pricing.day_starts_at, counter.read_at)
    if kwh > counter.kwh:
        for start, part in counter.flows(kwh, at):
            energy = _add(energy, part, (start, at), since, pricing)
    return _Side(energy, counter.advance(kwh, at), since)


def _add(
    energy: PricedEnergy, kwh: float, interval: tuple[datetime, datetime], since: datetime, pricing: _Pricing
) -> PricedEnergy:
    """Spread *kwh* evenly over an interval and add what of it falls into the day, from *since* on."""
    start, end = interval
    counted = unpriced = 0.0
    money = Decimal(0)
    counted_from = max(start, since, pricing.day_starts_at)
    for slot in clipped(pricing.tariff.slots(counted_from, end), counted_from, end):
        part = kwh * ((slot.ends_at - slot.starts_at) / (end - start))
        counted += part
        price = slot.import_per_kwh if pricing.direction == "import" else slot.export_per_kwh
        if price is None or slot.certainty is Certainty.FORECAST:
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
