"""Consumers that a plan may place: appliances that can wait, and cars."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class FlexibleLoad:
    """An appliance that needs so much energy by a time, at its own power."""

    name: str
    power_kw: float
    energy_kwh: float
    """What it still needs."""
    ready_by: datetime
    starts_after: datetime | None = None
    interruptible: bool = True
    least_run: timedelta = timedelta(minutes=15)
    runs_now: bool = False
    missing_per_kwh: float = 1.0
    """What a kWh that it lacks at its time is worth: goals are soft, so that there is always a plan."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VehicleLoad:
    """A car that is to be charged: at no power, or anywhere between its least and its most."""

    name: str
    min_kw: float
    max_kw: float
    energy_kwh: float
    """What it still takes at the plug until its target."""
    ready_by: datetime
    arrives_at: datetime | None = None
    """``None`` if it is plugged in."""
    missing_per_kwh: float = 1.0
