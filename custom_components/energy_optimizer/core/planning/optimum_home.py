"""The physics, the limits and the bill of a home over the steps of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from ..model.battery import BatteryModel
from ..model.contract import ConnectionRule, GridLimits
from ..model.decision import DecisionKind
from ..model.forecast import Floats
from .problem import FREE_MEANS, Means, PlanningProblem
from .scenarios import Scenario

_DEAREST_SHARE: Final = 0.9
"""Of the time, what prices the stored energy must not be valued above: a spike is gone when the plan ends."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Home:
    """What stays the same in all scenarios."""

    battery: BatteryModel
    grid: GridLimits
    rule: ConnectionRule
    hours: Floats
    level_kwh: float
    """At the start, between empty and full."""
    end_value_per_kwh: float
    peak_per_kw: float = 0.0
    peak_so_far_kw: float = 0.0
    means: Mapping[DecisionKind, Means] = field(default_factory=lambda: FREE_MEANS)

    @property
    def reserve_kwh(self) -> float:
        """What is kept for outages, not more than fits in."""
        return min(self.battery.reserve_kwh, self.battery.capacity_kwh)

    @property
    def floor_kwh(self) -> float:
        """What the level never falls below: the reserve, or where it starts if that is lower."""
        return min(self.reserve_kwh, self.level_kwh)


def home_of(problem: PlanningProblem, end_value_per_kwh: float) -> Home:
    """Return what *problem* says of the home, its level brought into the battery's range."""
    return Home(
        battery=problem.battery,
        grid=problem.grid,
        rule=problem.rule,
        hours=problem.hours,
        level_kwh=min(max(problem.level_kwh, 0.0), problem.battery.capacity_kwh),
        end_value_per_kwh=end_value_per_kwh,
        peak_per_kw=problem.peak_per_kw,
        peak_so_far_kw=problem.peak_so_far_kw,
        means=problem.means,
    )


def value_of_stored(battery: BatteryModel, import_per_kwh: Floats, hours: Floats) -> float:
    """Return what a kWh left at the end is worth: the mean import price, less losses and wear, and less spikes."""
    mean = float(import_per_kwh @ hours / hours.sum())
    order = np.argsort(import_per_kwh)
    below = np.cumsum(hours[order]) / hours.sum()
    dear = float(import_per_kwh[order][np.searchsorted(below, _DEAREST_SHARE - 1e-9)])
    return max(battery.discharge_efficiency * (min(mean, dear) - battery.wear_per_kwh), 0.0)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Limits:
    """What each step of one scenario allows, in kW."""

    load_kw: Floats
    """With what runs and cannot be interrupted."""
    solar_kw: Floats
    charge_kw: Floats
    discharge_kw: Floats
    """By the battery's own power."""
    cover_kw: Floats
    """By rule or path, to which comes all that is placed; the battery's own power where there is no such limit."""
    import_kw: Floats
    export_kw: float

    @property
    def net_kw(self) -> Floats:
        """What the house lacks."""
        net: Floats = self.load_kw - self.solar_kw
        return net

    @property
    def spill_kw(self) -> Floats:
        """What the inverter cuts off if the battery takes nothing."""
        spill: Floats = np.maximum(-self.net_kw - self.export_kw, 0.0)
        return spill


def limits_of(home: Home, load_kw: Floats, solar_kw: Floats) -> Limits:
    """Return the limits for what the house takes and the sun gives."""
    net = load_kw - solar_kw
    battery = home.battery
    charge = np.full(net.size, battery.max_charge_kw)
    discharge = np.full(net.size, battery.max_discharge_kw)
    cover = discharge.copy()
    if not home.rule.allows_grid_charging:
        charge = np.minimum(charge, solar_kw)
    if not home.rule.allows_battery_export:
        cover = np.minimum(cover, np.maximum(load_kw, 0.0))
    if (power := _forced_kw(home, DecisionKind.CHARGE)) is not None:
        charge = np.minimum(charge, np.maximum(-net, power))
    if (power := _forced_kw(home, DecisionKind.DISCHARGE)) is not None:
        cover = np.minimum(cover, np.maximum(net, power))
    return Limits(
        load_kw=load_kw,
        solar_kw=solar_kw,
        charge_kw=charge,
        discharge_kw=discharge,
        cover_kw=cover,
        import_kw=np.maximum(home.grid.max_import_kw, net),
        export_kw=home.grid.max_export_kw,
    )


def _forced_kw(home: Home, kind: DecisionKind) -> float | None:
    """Return the power to which the path can force the battery; ``None`` if that is not limited."""
    means = home.means.get(kind)
    return 0.0 if means is None else means.power_kw


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Settled:
    """What rows of battery powers come to at the meter."""

    grid_kw: Floats
    spilled_kw: Floats
    """What the inverter cut off because the grid does not take it."""
    cost: Floats
    """With wear and peak, less the value of all that is left in the end; one number a row."""


def settle(home: Home, scenario: Scenario, net_kw: Floats, battery_kw: Floats, level_kwh: Floats) -> Settled:
    """Return what happens at the meter when the house lacks *net_kw* and the battery does *battery_kw*."""
    wanted = net_kw - battery_kw
    grid = np.maximum(wanted, -home.grid.max_export_kw)
    money = np.where(grid > 0.0, grid * scenario.import_per_kwh, grid * scenario.export_per_kwh)
    money = money + np.maximum(battery_kw, 0.0) * home.battery.wear_per_kwh
    peak = np.maximum(grid.max(axis=-1) - home.peak_so_far_kw, 0.0) * home.peak_per_kw
    left = level_kwh[..., -1] * home.end_value_per_kwh
    return Settled(grid_kw=grid, spilled_kw=grid - wanted, cost=money @ home.hours + peak - left)


def follow(home: Home, limits: Limits, placed_kw: Floats, wish_kw: Floats) -> tuple[Floats, Floats]:
    """Return powers and levels when the battery does rows of wishes as far as limits and level allow."""
    net = limits.net_kw + placed_kw
    battery, hours = home.battery, home.hours
    give = np.minimum(limits.discharge_kw, np.minimum(limits.cover_kw + placed_kw, limits.export_kw + net))
    take = np.minimum(limits.charge_kw, limits.import_kw - net)
    wish = np.clip(wish_kw, -np.maximum(take, 0.0), np.maximum(give, 0.0))
    power, levels = np.zeros_like(wish), np.zeros_like(wish)
    level = np.full(wish.shape[:-1], home.level_kwh)
    to_give = battery.discharge_efficiency / hours
    to_take = 1.0 / (battery.charge_efficiency * hours)
    for k in range(hours.size):
        most = np.maximum(level - home.reserve_kwh, 0.0) * to_give[k]
        least = (level - battery.capacity_kwh) * to_take[k]
        power[..., k] = given = np.minimum(np.maximum(wish[..., k], least), most)
        level = level - np.where(given > 0.0, given / to_give[k], given / to_take[k])
        levels[..., k] = level
    return power, levels
