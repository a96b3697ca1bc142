"""What a battery can take and give."""

from dataclasses import dataclass

USABLE_KWH_PER_UNIT = 13.5
CHARGE_KW_PER_UNIT = 5.0
DISCHARGE_KW_PER_UNIT = 11.5
"""Capacity and powers of one Powerwall 3, from Tesla's datasheet."""
TAPER_FROM_PERCENT = 95.0
TAPER_TO_SHARE = 0.08


@dataclass(frozen=True, kw_only=True, slots=True)
class Battery:
    """A battery seen from its AC side: energies in kWh, powers in kW."""

    capacity_kwh: float
    charge_kw: float
    discharge_kw: float
    efficiency: float
    """Of one direction; its square is the round trip."""

    @classmethod
    def powerwalls(cls, count: int, round_trip_efficiency: float) -> Battery:
        """Return *count* Powerwall 3 units that work as one."""
        return cls(
            capacity_kwh=count * USABLE_KWH_PER_UNIT,
            charge_kw=count * CHARGE_KW_PER_UNIT,
            discharge_kw=count * DISCHARGE_KW_PER_UNIT,
            efficiency=round_trip_efficiency**0.5,
        )

    def charge_limit_kw(self, stored_kwh: float, ceiling_kwh: float, hours: float) -> float:
        """Return the most it takes over *hours* without passing *ceiling_kwh*, less when nearly full."""
        room_kwh = min(ceiling_kwh, self.capacity_kwh) - stored_kwh
        if room_kwh <= 0.0:
            return 0.0
        limit_kw = self.charge_kw
        level_percent = 100.0 * stored_kwh / self.capacity_kwh
        if level_percent > TAPER_FROM_PERCENT:
            limit_kw *= max((100.0 - level_percent) / (100.0 - TAPER_FROM_PERCENT), TAPER_TO_SHARE)
        return min(limit_kw, room_kwh / (self.efficiency * hours))

    def discharge_limit_kw(self, stored_kwh: float, floor_kwh: float, hours: float) -> float:
        """Return the most it gives over *hours* without falling below *floor_kwh*."""
        return min(self.discharge_kw, max(stored_kwh - floor_kwh, 0.0) * self.efficiency / hours)

    def after(self, stored_kwh: float, battery_kw: float, hours: float) -> float:
        """Return what is stored after *hours* at *battery_kw* (+ discharging)."""
        flow_kwh = battery_kw * hours
        changed = stored_kwh - (flow_kwh / self.efficiency if flow_kwh > 0.0 else flow_kwh * self.efficiency)
        return min(max(changed, 0.0), self.capacity_kwh)
