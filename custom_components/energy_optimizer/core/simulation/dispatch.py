"""Where the energy goes at one moment: what a Powerwall does with sun, house and grid."""

from typing import NamedTuple

from ..model.powerwall import ExportRule, OperationMode, PowerwallSettings
from .battery import Battery
from .outlook import Outlook, Prices

_TOUCHING_KWH = 1e-6
"""A level this near to a limit stands at it, so that rounding starts no charging."""


class Flows(NamedTuple):
    """Powers in kW over one step; home = solar + battery + grid."""

    solar_kw: float
    home_kw: float
    battery_kw: float
    grid_kw: float
    curtailed_kw: float
    """What the panels could have given besides."""
    unserved_kw: float
    """What the house wanted besides, in the dark."""


class Policy(NamedTuple):
    """What the settings come to now, as levels in kWh."""

    home_floor_kwh: float
    """The house gets from the battery what lies above."""
    sun_first_kwh: float
    """Below it the sun fills the battery before it feeds the house."""
    grid_fill_kwh: float
    """Below it the grid fills the battery."""
    export_floor_kwh: float | None
    """What lies above is sold at full power; ``None`` sells nothing."""
    may_export: bool


def policy_for(settings: PowerwallSettings, outlook: Outlook, battery: Battery, typical_load_kw: float) -> Policy:
    """Translate mode, reserve, rules and prices."""
    capacity = battery.capacity_kwh
    may_export = settings.export_rule is not ExportRule.NEVER
    reserve_percent = settings.backup_reserve_percent or 0.0
    reserve = capacity if settings.operation_mode is OperationMode.BACKUP else capacity * reserve_percent / 100.0
    calm = Policy(reserve, reserve, reserve if settings.grid_charging else 0.0, None, may_export)
    if settings.operation_mode is not OperationMode.AUTONOMOUS or outlook.prices in {Prices.UNKNOWN, Prices.LEVEL}:
        return calm
    needed = min(reserve + outlook.dear_hours * typical_load_kw / battery.efficiency, capacity)
    if outlook.prices is Prices.CHEAP:
        filling = bool(settings.grid_charging) and outlook.filling_pays
        return calm._replace(home_floor_kwh=capacity, grid_fill_kwh=capacity if filling else calm.grid_fill_kwh)
    if outlook.prices is Prices.MIDDLING:
        return calm._replace(home_floor_kwh=needed)
    sells = settings.export_rule is ExportRule.BATTERY_OK and outlook.selling_pays
    return calm._replace(export_floor_kwh=needed if sells else None)


def dispatch(
    battery: Battery, stored_kwh: float, solar_kw: float, load_kw: float, policy: Policy, hours: float
) -> Flows:
    """Share out sun and load on a home that is connected to the grid, for a step of *hours*."""
    missing_kw = load_kw - solar_kw
    if missing_kw > 0.0:
        battery_kw = min(missing_kw, battery.discharge_limit_kw(stored_kwh, policy.home_floor_kwh, hours))
    else:
        battery_kw = -min(-missing_kw, battery.charge_limit_kw(stored_kwh, battery.capacity_kwh, hours))
    if stored_kwh < policy.sun_first_kwh - _TOUCHING_KWH:
        filling_kw = min(solar_kw, battery.charge_limit_kw(stored_kwh, policy.sun_first_kwh, hours))
        battery_kw = min(battery_kw, -filling_kw)
    if stored_kwh < policy.grid_fill_kwh - _TOUCHING_KWH:
        battery_kw = min(battery_kw, -battery.charge_limit_kw(stored_kwh, policy.grid_fill_kwh, hours))
    elif policy.export_floor_kwh is not None and stored_kwh > policy.export_floor_kwh + _TOUCHING_KWH:
        battery_kw = max(battery_kw, battery.discharge_limit_kw(stored_kwh, policy.export_floor_kwh, hours))
    grid_kw = missing_kw - battery_kw
    curtailed_kw = 0.0
    if grid_kw < 0.0 and not policy.may_export:
        curtailed_kw = min(-grid_kw, solar_kw)
        grid_kw = 0.0
    return Flows(solar_kw - curtailed_kw, load_kw, battery_kw, grid_kw, curtailed_kw, 0.0)


def dispatch_ordered(
    battery: Battery, stored_kwh: float, solar_kw: float, load_kw: float, power_kw: float, hours: float
) -> Flows:
    """Share out sun and load around an ordered power, + discharge; reserve and export rule do not count."""
    if power_kw > 0.0:
        battery_kw = min(power_kw, battery.discharge_limit_kw(stored_kwh, 0.0, hours))
    else:
        battery_kw = -min(-power_kw, battery.charge_limit_kw(stored_kwh, battery.capacity_kwh, hours))
    return Flows(solar_kw, load_kw, battery_kw, load_kw - solar_kw - battery_kw, 0.0, 0.0)


def dispatch_islanded(battery: Battery, stored_kwh: float, solar_kw: float, load_kw: float, hours: float) -> Flows:
    """Share out sun and load while the grid is away: all that is stored may be used."""
    missing_kw = load_kw - solar_kw
    if missing_kw > 0.0:
        battery_kw = min(missing_kw, battery.discharge_limit_kw(stored_kwh, 0.0, hours))
        unserved_kw = missing_kw - battery_kw
        return Flows(solar_kw, load_kw - unserved_kw, battery_kw, 0.0, 0.0, unserved_kw)
    battery_kw = -min(-missing_kw, battery.charge_limit_kw(stored_kwh, battery.capacity_kwh, hours))
    curtailed_kw = -missing_kw + battery_kw
    return Flows(solar_kw - curtailed_kw, load_kw, battery_kw, 0.0, curtailed_kw, 0.0)
