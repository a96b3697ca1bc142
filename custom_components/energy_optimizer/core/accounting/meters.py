"""Totals that only rise, from counters that fall silent, start anew or belong to another device."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Final

from ..model.energy import EnergyTotals
from ..model.powerwall import PowerwallReading
from .integration import flowed

CHANNELS: Final = tuple(each.name for each in fields(EnergyTotals))
MOST_KW: Final = 150.0
"""No home's connection carries more; a counter that seems to have counted faster is another counter."""
COARSEST_KWH: Final = 1.0
"""A counter may rise by a whole step of its own at once."""
NEARLY_NOTHING_KWH: Final = 0.05
"""A counter that fell to this was reset."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Meter:
    """The total of one channel and the device's counter behind it."""

    total_kwh: float | None = None
    counter_kwh: float | None = None
    """The device's counter as it was last read; ``None`` as long as the device has shown none."""
    read_at: datetime | None = None
    """When the counter was last read."""
    counted_kwh: float | None = None
    """The total that the counter stands for; ``total_kwh`` is above it where another way counted more meanwhile."""

    def advance(self, counter_kwh: float | None, flowed_kwh: float | None, at: datetime, most_kw: float) -> Meter:
        """Take in the device's counter or, for a device that never had one, the energy integrated from power.

        A device's counter that is silent for a while is waited for: standing in for it would count its energy twice.
        A counter that fell, or rose faster than the home's connection can carry, began anew: nothing is invented.
        """
        if counter_kwh is None:
            if self.counter_kwh is not None or flowed_kwh is None:
                return self
            return replace(self, total_kwh=(self.total_kwh or 0.0) + flowed_kwh)
        if self.counter_kwh is None or self.read_at is None:
            total = counter_kwh if self.total_kwh is None else self.total_kwh
            return Meter(total_kwh=total, counter_kwh=counter_kwh, read_at=at, counted_kwh=total)
        gain = counter_kwh - self.counter_kwh
        if -COARSEST_KWH <= gain < 0 and counter_kwh > NEARLY_NOTHING_KWH:
            return replace(self, read_at=at)  # it trembles: wait until it is above where it was
        hours = max(0.0, (at - self.read_at) / timedelta(hours=1))
        reached = self.total_kwh or 0.0
        if not 0 <= gain <= most_kw * hours + COARSEST_KWH:
            return Meter(total_kwh=reached, counter_kwh=counter_kwh, read_at=at, counted_kwh=reached)
        counted = (reached if self.counted_kwh is None else self.counted_kwh) + gain
        return Meter(total_kwh=max(reached, counted), counter_kwh=counter_kwh, read_at=at, counted_kwh=counted)


@dataclass(frozen=True, kw_only=True, slots=True)
class Meters:
    """All channels of a home, whatever device counts them."""

    origin: str
    """Names the device and way whose counters these are."""
    channels: Mapping[str, Meter] = field(default_factory=dict)
    elsewhere: Mapping[str, Mapping[str, Meter]] = field(default_factory=dict)
    """What the counters of other origins stood at when they were last read, by origin and channel."""

    def of(self, origin: str) -> Meters:
        """Return these meters for counters of *origin*, which go on from the totals reached so far.

        An origin that was left and comes back tells by its counters what flowed meanwhile; what others counted of that
        is not counted again.
        """
        if origin == self.origin:
            return self
        left = {name: meter for name, meter in self.channels.items() if meter.counter_kwh is not None}
        known = self.elsewhere.get(origin, {})
        channels = {
            name: replace(known.get(name, Meter()), total_kwh=meter.total_kwh) for name, meter in self.channels.items()
        }
        others = {name: meters for name, meters in self.elsewhere.items() if name != origin}
        return Meters(origin=origin, channels=channels, elsewhere=others | ({self.origin: left} if left else {}))

    def knowing(self, origins: Iterable[str]) -> Meters:
        """Return these meters without what was remembered of others than *origins*."""
        kept = {origin: self.elsewhere[origin] for origin in origins if origin in self.elsewhere}
        return replace(self, elsewhere=kept)

    @property
    def uncounted(self) -> frozenset[str]:
        """The channels for which no counter is known here."""
        return frozenset(name for name in CHANNELS if self.channels.get(name, Meter()).counter_kwh is None)

    def credit(self, flowed_kwh: EnergyTotals) -> Meters:
        """Add energy that flowed while nobody looked to the channels for which no counter is known here."""
        added = {name: getattr(flowed_kwh, name) for name in self.uncounted}
        channels = dict(self.channels)
        for name, kwh in added.items():
            if kwh is not None:
                meter = channels.get(name, Meter())
                channels[name] = replace(meter, total_kwh=(meter.total_kwh or 0.0) + kwh)
        return replace(self, channels=channels)

    def advance(self, before: PowerwallReading | None, after: PowerwallReading, *, most_kw: float = MOST_KW) -> Meters:
        """Take in a reading; *before* is the one that came before it in this run, if any.

        *most_kw* is what the home's connection can carry.
        """
        added = {} if before is None else flowed(before, after)
        channels = {
            name: self.channels.get(name, Meter()).advance(
                getattr(after.totals, name), added.get(name), after.taken_at, most_kw
            )
            for name in CHANNELS
        }
        return replace(self, channels=channels)

    @property
    def totals(self) -> EnergyTotals:
        """The totals reached."""
        return EnergyTotals(**{name: meter.total_kwh for name, meter in self.channels.items()})
