"""What a forced charge, discharge or hold comes to on a Powerwall with given abilities."""

from datetime import datetime, tzinfo
from typing import Final

from ..api.powerwall import PowerwallAbilities, TeslaTariff
from ..api.powerwall.tesla_tariff import forced_tariff, forced_until
from ..core.model.force import Force, ForceKind, ForceMeans
from ..core.model.powerwall import ExportRule, OperationMode, PowerwallReading
from .held import TARIFF, Value

FULL_PERCENT: Final = 100.0
HIGHEST_PARTIAL_RESERVE_PERCENT: Final = 80.0
"""Reserves above it are refused, except 100 % (facts of Tesla's firmware since 25.18)."""
UNKNOWN_POWER_KW: Final = 5.0
"""What one Powerwall can do at least; ordered where nobody says what it can."""

_NEEDED: Final = {
    (ForceKind.CHARGE, ForceMeans.TARIFF): {"operation_mode", "grid_charging"},
    (ForceKind.DISCHARGE, ForceMeans.TARIFF): {"operation_mode", "export_rule", "grid_charging"},
    (ForceKind.HOLD, ForceMeans.TARIFF): {"operation_mode", "grid_charging"},
    (ForceKind.CHARGE, ForceMeans.SETTINGS): {"backup_reserve_percent", "grid_charging"},
    (ForceKind.HOLD, ForceMeans.SETTINGS): {"operation_mode", "grid_charging"},
    (ForceKind.SELF_CONSUMPTION, ForceMeans.SETTINGS): {"operation_mode"},
}
"""Forcing a discharge by settings is missing on purpose: if we died meanwhile, nothing would end it."""
_ORDER: Final = {
    ForceKind.CHARGE: (ForceMeans.DISPATCH, ForceMeans.TARIFF, ForceMeans.SETTINGS),
    ForceKind.DISCHARGE: (ForceMeans.DISPATCH, ForceMeans.TARIFF),
    # Backup mode holds for certain; a tariff only makes holding the best choice.
    ForceKind.HOLD: (ForceMeans.DISPATCH, ForceMeans.SETTINGS, ForceMeans.TARIFF),
    ForceKind.SELF_CONSUMPTION: (ForceMeans.SETTINGS,),
}


def means_for(kind: ForceKind, abilities: PowerwallAbilities) -> tuple[ForceMeans, ...]:
    """Return by what means a path can force *kind*, the best first; none if it must not be offered."""
    return tuple(means for means in _ORDER[kind] if _can(kind, means, abilities))


def _can(kind: ForceKind, means: ForceMeans, abilities: PowerwallAbilities) -> bool:
    if means is ForceMeans.DISPATCH:
        return abilities.can_dispatch
    if means is ForceMeans.TARIFF and not abilities.can_set_tariff:
        return False
    return abilities.writable >= _NEEDED[kind, means]


def wishes_for(
    force: Force,
    means: ForceMeans,
    abilities: PowerwallAbilities,
    *,
    tariff: TeslaTariff | None,
    now: datetime,
    zone: tzinfo,
) -> dict[str, Value]:
    """Return the settings that make the Powerwall do it; a dispatch needs none.

    *tariff* is what it would go by without the force. Raises ``ValueError`` if that is needed and cannot be read.
    """
    if means is ForceMeans.DISPATCH:
        return {}
    if force.kind is ForceKind.SELF_CONSUMPTION:
        return {"operation_mode": OperationMode.SELF_CONSUMPTION}
    wishes: dict[str, Value] = {"grid_charging": force.kind is ForceKind.CHARGE}
    if means is ForceMeans.TARIFF:
        if not tariff:
            raise ValueError("The Powerwall has no tariff")
        wishes |= {
            TARIFF: forced_tariff(tariff, force, now, zone),
            "operation_mode": OperationMode.AUTONOMOUS,
        }
        if force.kind is ForceKind.DISCHARGE:
            wishes["export_rule"] = ExportRule.BATTERY_OK
    elif "operation_mode" in abilities.writable:
        wishes["operation_mode"] = OperationMode.BACKUP
    if (reserve := _reserve_percent(force)) is not None and "backup_reserve_percent" in abilities.writable:
        wishes["backup_reserve_percent"] = reserve
    return wishes


def _reserve_percent(force: Force) -> float | None:
    """Return the reserve by which the Powerwall itself stops where it should; ``None`` to leave it."""
    level = force.level_percent
    if force.kind is ForceKind.CHARGE:
        return level if level is not None and level <= HIGHEST_PARTIAL_RESERVE_PERCENT else FULL_PERCENT
    if force.kind is ForceKind.DISCHARGE:
        return level if level is not None and level <= HIGHEST_PARTIAL_RESERVE_PERCENT else None
    return None


def ends_at(force: Force, means: ForceMeans, zone: tzinfo) -> datetime:
    """Return when it ends: to the minute, or with the half-hour where a tariff does it."""
    return forced_until(force, zone) if means is ForceMeans.TARIFF else force.ends_at


def power_kw(force: Force, abilities: PowerwallAbilities) -> float:
    """Return the power to dispatch, + discharge and − charge, within what the path can."""
    if force.kind not in {ForceKind.CHARGE, ForceKind.DISCHARGE}:
        return 0.0
    charging = force.kind is ForceKind.CHARGE
    most_kw = abilities.most_charge_kw if charging else abilities.most_discharge_kw
    asked_kw = force.power_kw if force.power_kw is not None else most_kw if most_kw is not None else UNKNOWN_POWER_KW
    wanted_kw = asked_kw if most_kw is None else min(asked_kw, most_kw)
    return -wanted_kw if charging else wanted_kw


def has_reached(force: Force, reading: PowerwallReading, reserve_percent: float | None) -> bool:
    """Say whether the battery is where it should get: full, at the level, or down at the reserve kept for outages."""
    if reading.level_percent is None or force.kind not in {ForceKind.CHARGE, ForceKind.DISCHARGE}:
        return False
    if force.kind is ForceKind.CHARGE:
        return reading.level_percent >= min(force.level_percent or FULL_PERCENT, FULL_PERCENT) - 0.05
    return reading.level_percent <= max(force.level_percent or 0.0, reserve_percent or 0.0) + 0.05


def obeys_dispatch(ordered_kw: float, reading: PowerwallReading) -> bool:
    """Say whether the battery's power shows that it follows an order; a tenth of it will do, limits being its own."""
    if reading.battery_kw is None:
        return False
    if ordered_kw == 0.0:
        return abs(reading.battery_kw) < 0.25
    return reading.battery_kw / ordered_kw >= 0.1
