"""One word for what the home is doing now."""

from enum import StrEnum

from .powerwall import GridStatus, PowerwallReading

DEAD_BAND_KW = 0.05


class SystemMode(StrEnum):
    """Where the energy mainly comes from and goes to."""

    SOLAR_CHARGING_BATTERY = "solar_charging_battery"
    SOLAR_EXPORTING = "solar_exporting"
    SOLAR_POWERING_HOME = "solar_powering_home"
    EXPORTING_TO_GRID = "exporting_to_grid"
    DRAWING_FROM_BATTERY = "drawing_from_battery"
    GRID_CHARGING_BATTERY = "grid_charging_battery"
    GRID_POWERED = "grid_powered"
    OFF_GRID = "off_grid"


def system_mode(reading: PowerwallReading, *, has_solar: bool = True) -> SystemMode | None:
    """Name what the home does in *reading*; ``None`` while a power that decides is unknown.

    Flows below the dead band of 50 W count as none, so that meter noise at night is not sunshine.
    """
    if reading.grid_status is GridStatus.ISLANDED:
        return SystemMode.OFF_GRID
    if reading.grid_kw is None or reading.battery_kw is None or (has_solar and reading.solar_kw is None):
        return None
    solar_kw = reading.solar_kw or 0.0
    exporting = reading.grid_kw < -DEAD_BAND_KW
    importing = reading.grid_kw > DEAD_BAND_KW
    charging = reading.battery_kw < -DEAD_BAND_KW
    discharging = reading.battery_kw > DEAD_BAND_KW
    sunny = solar_kw > DEAD_BAND_KW
    if charging and importing and -reading.battery_kw > solar_kw:
        return SystemMode.GRID_CHARGING_BATTERY
    if exporting and discharging:
        return SystemMode.EXPORTING_TO_GRID
    if sunny and charging:
        return SystemMode.SOLAR_CHARGING_BATTERY
    if exporting:
        return SystemMode.SOLAR_EXPORTING if sunny else SystemMode.EXPORTING_TO_GRID
    if discharging and reading.battery_kw >= max(solar_kw, reading.grid_kw):
        return SystemMode.DRAWING_FROM_BATTERY
    if sunny and solar_kw >= max(reading.grid_kw, 0.0):
        return SystemMode.SOLAR_POWERING_HOME
    return SystemMode.GRID_POWERED
