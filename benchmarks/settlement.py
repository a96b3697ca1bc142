"""What battery powers come to on the bill of a cell, within what is physically possible."""

from dataclasses import dataclass, field

import numpy as np

from custom_components.energy_optimizer.core.model.forecast import Floats

from .cells import Cell

TOLERANCE_KW = 1e-3
"""A wish beyond what is possible by more than that breaks a rule."""


@dataclass(slots=True)
class Settlement:
    """A bill; what is left in the battery beyond its first level is worth something."""

    bill: float = 0.0
    end_value: float = 0.0
    charged_kwh: float = 0.0
    violations: dict[str, int] = field(default_factory=dict)
    """How often each limit was broken."""

    @property
    def cost(self) -> float:
        """What was paid, less the value of what is left."""
        return self.bill - self.end_value


def settle(cell: Cell, battery_kw: Floats) -> Settlement:
    """Return what it costs if the battery flows so, + discharging; wishes beyond a limit are cut to it and counted."""
    series, home, result = cell.series, cell.home, Settlement()
    given = home.battery.discharge_efficiency
    for start, end in series.segments:
        net_kw, level_kwh = _flow(cell, battery_kw, start, end, result)
        bought, sold = series.import_per_kwh[start:end], series.export_per_kwh[start:end]
        bought_kw = np.maximum(net_kw, 0.0)
        sold_kw = np.minimum(np.maximum(-net_kw, 0.0), home.grid.max_export_kw)
        result.bill += float(bought_kw @ bought - sold_kw @ sold) * series.hours
        result.end_value += (level_kwh - home.start_kwh) * given * float(bought.mean())
    return result


def self_consumption_kw(cell: Cell) -> Floats:
    """Return what the battery does if it only stores surplus and covers the house."""
    battery, hours = cell.home.battery, cell.series.hours
    lacking_kw = cell.series.load_kw - cell.series.solar_kw
    powers = np.zeros(lacking_kw.size)
    for start, end in cell.series.segments:
        level = cell.home.start_kwh
        for index in range(start, end):
            wish = float(lacking_kw[index])
            if wish > 0.0:
                stored_kw = (level - battery.reserve_kwh) * battery.discharge_efficiency / hours
                power = min(wish, battery.max_discharge_kw, stored_kw)
                level -= power * hours / battery.discharge_efficiency
            else:
                room_kw = (battery.capacity_kwh - level) / (battery.charge_efficiency * hours)
                power = -min(-wish, battery.max_charge_kw, room_kw)
                level -= power * hours * battery.charge_efficiency
            powers[index] = power
    return powers


def _flow(cell: Cell, battery_kw: Floats, start: int, end: int, result: Settlement) -> tuple[Floats, float]:
    """Follow the powers through a segment; return what the house draws from the grid, and the last level."""
    battery, hours, level = cell.home.battery, cell.series.hours, cell.home.start_kwh
    net_kw = cell.series.load_kw[start:end] - cell.series.solar_kw[start:end]
    for index in range(start, end):
        wish = float(battery_kw[index])
        power = abs(wish)
        for kind, most_kw in _limits(cell, index, level, discharging=wish >= 0.0).items():
            if power > most_kw:
                if power - most_kw > TOLERANCE_KW:
                    result.violations[kind] = result.violations.get(kind, 0) + 1
                power = max(most_kw, 0.0)
        if wish >= 0.0:
            level = max(battery.reserve_kwh, level - power * hours / battery.discharge_efficiency)
            net_kw[index - start] -= power
        else:
            level = min(battery.capacity_kwh, level + power * hours * battery.charge_efficiency)
            net_kw[index - start] += power
            result.charged_kwh += power * hours
    return net_kw, level


def _limits(cell: Cell, index: int, level: float, *, discharging: bool) -> dict[str, float]:
    """Return the most that the battery can give or take in a step, by what limits it."""
    battery, grid, hours = cell.home.battery, cell.home.grid, cell.series.hours
    load, solar = float(cell.series.load_kw[index]), float(cell.series.solar_kw[index])
    if discharging:
        limits = {
            "discharge power": battery.max_discharge_kw,
            "below the least level": (level - battery.reserve_kwh) * battery.discharge_efficiency / hours,
            "grid export": max(0.0, grid.max_export_kw + load - solar),
        }
        return limits if cell.allows_battery_export else limits | {"battery export": load}
    limits = {
        "charge power": battery.max_charge_kw,
        "above full": (battery.capacity_kwh - level) / (battery.charge_efficiency * hours),
        "grid import": max(0.0, grid.max_import_kw - load + solar),
    }
    return limits if cell.allows_grid_charging else limits | {"grid charging": solar}
