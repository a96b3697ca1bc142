"""A battery as a plan sees it, from its AC side."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class BatteryModel:
    """What a battery can store, take and give, and what using it costs."""

    capacity_kwh: float
    reserve_kwh: float
    """Kept for outages: a plan does not discharge below it."""
    max_charge_kw: float
    max_discharge_kw: float
    charge_efficiency: float
    """Stored per kWh taken."""
    discharge_efficiency: float
    """Given per kWh stored."""
    wear_per_kwh: float = 0.0
    """What the user counts for a kWh discharged, in the home's currency."""
