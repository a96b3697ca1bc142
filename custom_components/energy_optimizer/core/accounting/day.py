"""What flowed since local midnight, from counters that only rise."""

from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, time, tzinfo

from ..model.energy import EnergyTotals

LEAST_KWH = 0.01
"""Below this a share says nothing: one watt-hour of sun would make 0 % or 100 %."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DayEnergy:
    """Energies of one local day, in kWh; ``None`` where nothing counted them yet."""

    day: date
    last_at: datetime
    last: EnergyTotals = field(default_factory=EnergyTotals)
    """The counters as they stood at the last reading."""
    today: EnergyTotals = field(default_factory=EnergyTotals)

    def advance(self, totals: EnergyTotals, at: datetime, zone: tzinfo) -> DayEnergy:
        """Take in the counters of a later reading.

        Over a gap that crosses midnight the gain is spread evenly by time and only today's part counts. A counter that
        fell was reset or replaced: it starts anew from where it stands and nothing is invented.
        """
        day = at.astimezone(zone).date()
        today = self.today if day == self.day else EnergyTotals()
        share = _share_of_today(self.last_at, at, zone)
        gained: dict[str, float | None] = {}
        for each in fields(EnergyTotals):
            gain = _gain(getattr(self.last, each.name), getattr(totals, each.name))
            so_far = getattr(today, each.name)
            gained[each.name] = so_far if gain is None else (so_far or 0.0) + gain * share
        return DayEnergy(day=day, last_at=at, last=_known(totals, self.last), today=replace(today, **gained))

    @property
    def self_consumption_percent(self) -> float | None:
        """The share of the sun's energy that stayed at home (or in the battery)."""
        solar, exported = self.today.solar_kwh, self.today.grid_export_kwh
        if solar is None or exported is None or solar < LEAST_KWH:
            return None
        return 100 * min(1.0, max(0.0, 1 - exported / solar))

    @property
    def self_sufficiency_percent(self) -> float | None:
        """The share of the home's energy that was not imported."""
        home, imported = self.today.home_kwh, self.today.grid_import_kwh
        if home is None or imported is None or home < LEAST_KWH:
            return None
        return 100 * min(1.0, max(0.0, 1 - imported / home))


def _share_of_today(since: datetime, at: datetime, zone: tzinfo) -> float:
    """Return which part of the time from *since* to *at* lies in the local day of *at*."""
    midnight = datetime.combine(at.astimezone(zone).date(), time(), zone)
    if since >= midnight:
        return 1.0
    return (at.timestamp() - midnight.timestamp()) / (at.timestamp() - since.timestamp())


def _gain(before: float | None, after: float | None) -> float | None:
    """Return what a counter gained, or ``None`` where that cannot be known."""
    if before is None or after is None or after < before:
        return None
    return after - before


def _known(newer: EnergyTotals, older: EnergyTotals) -> EnergyTotals:
    """Return *newer*, with *older*'s value where a counter is silent now."""
    return replace(newer, **{f.name: getattr(older, f.name) for f in fields(newer) if getattr(newer, f.name) is None})
