"""Energy that has flowed through a home since its meters began to count."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class EnergyTotals:
    """Lifetime energies in kWh, each rising or ``None`` where nothing counts it."""

    grid_import_kwh: float | None = None
    grid_export_kwh: float | None = None
    solar_kwh: float | None = None
    battery_charge_kwh: float | None = None
    battery_discharge_kwh: float | None = None
    home_kwh: float | None = None
