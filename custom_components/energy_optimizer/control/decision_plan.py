"""What a plan's decision comes to on a Powerwall: settings, a tariff's window, or an order of power."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from math import ceil
from typing import Final

from ..api.powerwall import PowerwallAbilities, TeslaTariff
from ..api.powerwall.decisions import TARIFF_KW
from ..core.model.contract import ConnectionRule
from ..core.model.decision import Decision, DecisionKind
from ..core.model.force import Force, ForceKind, ForceMeans
from ..core.model.powerwall import OperationMode, PowerwallReading
from .force_plan import FULL_PERCENT, HIGHEST_PARTIAL_RESERVE_PERCENT, wishes_for
from .held import Value
from .state import RunningDecision

SAME_KW: Final = 0.25
"""Powers that differ by no more are one decision, and one order."""
SAME_PERCENT: Final = 0.5
RAISED_BY_PERCENT: Final = 2.0
"""While it is held, so much more is stored until it is held too."""
RENEW_WINDOW_BEFORE: Final = timedelta(minutes=30)
"""Powerwalls have been seen to idle in the last half-hour of a window."""
STEADY_KW: Final = 0.3
"""A battery that gives or takes less stands still."""
NEARLY_FULL_PERCENT: Final = 95.0
"""Above it, batteries take less and less."""

_FORCES: Final = {DecisionKind.CHARGE: ForceKind.CHARGE, DecisionKind.DISCHARGE: ForceKind.DISCHARGE}


def is_same(one: Decision, other: Decision) -> bool:
    """Say whether a decision asks for nothing new beside another."""
    return one.kind is other.kind and all(
        (a is None) == (b is None) and (a is None or b is None or abs(a - b) <= within)
        for a, b, within in (
            (one.power_kw, other.power_kw, SAME_KW),
            (one.reserve_percent, other.reserve_percent, SAME_PERCENT),
        )
    )


def wishes_of(
    running: RunningDecision,
    means: ForceMeans,
    abilities: PowerwallAbilities,
    *,
    level_percent: float | None,
    tariff: TeslaTariff | None,
    now: datetime,
    zone: tzinfo,
) -> dict[str, Value]:
    """Return the settings that make the Powerwall do it; those of its own stay as the user has them.

    *tariff* is what it would go by without the plan. Raises ``ValueError`` if that is needed and cannot be read.
    """
    kind, writable = running.decision.kind, abilities.writable
    if means is not ForceMeans.DISPATCH and kind in _FORCES:
        force = Force(kind=_FORCES[kind], starts_at=now, ends_at=running.ends_at)
        forced = wishes_for(force, means, abilities, tariff=tariff, now=now, zone=zone)
        if kind is DecisionKind.DISCHARGE and "backup_reserve_percent" in writable:
            return forced | _kept(running)
        return forced
    wishes: dict[str, Value] = {"operation_mode": OperationMode.SELF_CONSUMPTION}
    if means is not ForceMeans.DISPATCH:
        if kind is DecisionKind.HOLD:
            wishes |= _holding(running.wishes, level_percent, running.reserve_percent, writable)
        elif kept := _kept(running):
            wishes |= kept | {"grid_charging": False}
    return {name: value for name, value in wishes.items() if name in writable}


def _kept(running: RunningDecision) -> dict[str, Value]:
    """Return the reserve above which a decision gives; the user's own is never lowered."""
    wanted, usual = running.decision.reserve_percent, running.reserve_percent
    if wanted is None or (usual is not None and wanted <= usual + SAME_PERCENT):
        return {}
    if wanted < FULL_PERCENT:
        wanted = min(float(round(wanted)), HIGHEST_PARTIAL_RESERVE_PERCENT)
    return {"backup_reserve_percent": wanted} if usual is None or wanted > usual else {}


def _holding(
    before: Mapping[str, Value], level_percent: float | None, usual_percent: float | None, writable: frozenset[str]
) -> dict[str, Value]:
    """Keep what is stored and take surplus: a reserve as high as the level does it as long as Tesla permits one.

    Above that, backup mode does, where the sun fills the battery before it feeds the house.
    """
    floor = before.get("backup_reserve_percent")
    wishes: dict[str, Value] = {"grid_charging": False}
    if level_percent is None or "backup_reserve_percent" not in writable:
        return wishes | {"operation_mode": OperationMode.BACKUP}
    level = float(ceil(level_percent))
    if isinstance(floor, (int, float)):
        level = level if level_percent >= floor + RAISED_BY_PERCENT else float(floor)
    if level > HIGHEST_PARTIAL_RESERVE_PERCENT:
        return wishes | {"operation_mode": OperationMode.BACKUP}
    if usual_percent is None or level > usual_percent:
        wishes["backup_reserve_percent"] = level
    return wishes


def net_load_kw(reading: PowerwallReading) -> float | None:
    """Return what the house lacks, negative where the sun gives more; ``None`` where that is unknown."""
    if reading.home_kw is not None and reading.solar_kw is not None:
        return reading.home_kw - reading.solar_kw
    if reading.grid_kw is None or reading.battery_kw is None:
        return None
    return reading.grid_kw + reading.battery_kw


def order_kw(
    running: RunningDecision, reading: PowerwallReading, reserve_percent: float | None, abilities: PowerwallAbilities
) -> float | None:
    """Return the power to order now, + discharge, following the house; ``None`` to order nothing.

    What the rule or the connection does not allow is left out, and nothing is taken from below the reserve.
    """
    net_kw, level = net_load_kw(reading), reading.level_percent
    most_in_kw = abilities.most_charge_kw or TARIFF_KW
    most_out_kw = abilities.most_discharge_kw or TARIFF_KW
    decision = running.decision
    if decision.kind in _FORCES and decision.power_kw is None:
        most_kw = most_in_kw if decision.kind is DecisionKind.CHARGE else most_out_kw
        decision = replace(decision, power_kw=most_kw)
    if net_kw is None or level is None:
        return None
    wanted_kw = decision.battery_kw(net_kw)
    if wanted_kw > 0.0 and (reserve_percent is None or level <= reserve_percent + 0.05):
        wanted_kw = min(net_kw, 0.0)
    if wanted_kw < 0.0:
        if running.rule is ConnectionRule.SUN_ONLY:
            if reading.solar_kw is None:
                return None
            wanted_kw = max(wanted_kw, -max(reading.solar_kw, 0.0))
        if running.limits is not None:
            wanted_kw = max(wanted_kw, min(net_kw - running.limits.max_import_kw, 0.0))
    elif running.limits is not None:
        wanted_kw = min(wanted_kw, max(net_kw + running.limits.max_export_kw, 0.0))
    return round(min(max(wanted_kw, -most_in_kw), most_out_kw), 2) + 0.0  # and never minus nothing


def is_obeyed(ordered_kw: float, reading: PowerwallReading) -> bool:
    """Say whether the battery's power goes with an order that follows the house, as far as its level lets it."""
    power_kw, level = reading.battery_kw, reading.level_percent
    if power_kw is None:
        return False
    if ordered_kw < 0.0 and level is not None and level >= NEARLY_FULL_PERCENT:
        return power_kw <= STEADY_KW
    if abs(ordered_kw) <= STEADY_KW:
        return abs(power_kw - ordered_kw) <= 2 * STEADY_KW
    return power_kw / ordered_kw >= 0.1


def is_astray(running: RunningDecision, reading: PowerwallReading, reserve_percent: float | None) -> bool:
    """Say whether the battery does what the settings of a decision should keep it from, or the other way round."""
    power_kw, level = reading.battery_kw, reading.level_percent
    if power_kw is None or level is None:
        return False
    match running.decision.kind:
        case DecisionKind.CHARGE:
            return level < NEARLY_FULL_PERCENT and power_kw > -STEADY_KW
        case DecisionKind.DISCHARGE:
            return level > (reserve_percent or 0.0) + RAISED_BY_PERCENT and power_kw < STEADY_KW
        case DecisionKind.HOLD:
            return power_kw > STEADY_KW and level < held_percent(running)
        case _:
            return False


def must_be_planned(running: RunningDecision, level_percent: float | None, now: datetime) -> bool:
    """Say whether means and wishes are to be chosen: at first, when more is to be held, and when a window runs out."""
    if running.planned_at is None:
        return True
    if running.means is ForceMeans.TARIFF and running.window_ends_at is not None:
        runs_out = running.window_ends_at - now < RENEW_WINDOW_BEFORE
        return runs_out and running.ends_at > running.window_ends_at
    if (
        running.decision.kind is DecisionKind.HOLD
        and running.means is ForceMeans.SETTINGS
        and level_percent is not None
    ):
        return level_percent >= held_percent(running) + RAISED_BY_PERCENT
    return False


def held_percent(running: RunningDecision) -> float:
    """Return the level below which the settings of a decision to hold let the battery give nothing."""
    if running.wishes.get("operation_mode") is OperationMode.BACKUP:
        return FULL_PERCENT
    held = running.wishes.get("backup_reserve_percent", running.reserve_percent)
    return float(held) if isinstance(held, (int, float)) else 0.0
