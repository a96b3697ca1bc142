"""How a home would have gone on had nobody steered its battery.

The battery of this other home lives on: it has a level of its own, which is carried from day to day, and does what the
real one did by itself before anyone steered it. In autonomous operation a Powerwall decides by means that are not
published; it is taken to cover the house as in self-consumption.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..model.battery import BatteryModel
from ..model.forecast import Floats
from ..model.powerwall import ExportRule, OperationMode
from .metered_steps import MeteredSteps

NOTHING_KWH: Final = 1e-9
"""A microwatt-hour: what lies below is the noise of adding."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Habit:
    """What a battery does when nobody steers it."""

    mode: OperationMode = OperationMode.SELF_CONSUMPTION
    reserve_percent: float = 0.0
    """Of the usable capacity; what it keeps for outages."""
    export_rule: ExportRule = ExportRule.BATTERY_OK

    def battery_kw(self, net_kw: float) -> float:
        """Return what it would like to give (negative: take) for what the house lacks (negative: surplus)."""
        return min(net_kw, 0.0) if self.mode is OperationMode.BACKUP else net_kw


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Lived:
    """What steps came to; not a number where nobody knows."""

    import_kwh: Floats
    export_kwh: Floats
    level_kwh: Floats
    """At the start and then at the end of each step."""


def live_on(
    steps: MeteredSteps, habit: Habit, battery: BatteryModel, start_kwh: float, *, unseen_kwh: float = 0.0
) -> Lived:
    """Return how the home would have gone on from a level of *start_kwh*.

    In each step that nobody knows, the level changes by *unseen_kwh*: what the real one did on average there, so that
    the time counts for neither.
    """
    known, hours = steps.are_known, steps.hours
    net_kwh = steps.unsteered_net_kwh
    floor_kwh = battery.capacity_kwh * habit.reserve_percent / 100.0
    level = start_kwh
    levels, flows = [level], []
    for index in range(steps.count):
        flow_kwh = 0.0
        if known[index]:
            flow_kwh = habit.battery_kw(float(net_kwh[index]) / hours) * hours
            flow_kwh = min(flow_kwh, _gives_kwh(battery, level - floor_kwh, hours))
            flow_kwh = max(flow_kwh, -_takes_kwh(battery, battery.capacity_kwh - level, hours))
            level += stored_by(battery, flow_kwh)
        else:
            level = min(max(level + unseen_kwh, 0.0), battery.capacity_kwh)
        flows.append(flow_kwh)
        levels.append(level)
    grid_kwh = np.where(known, net_kwh - np.array(flows), np.nan)
    grid_kwh = np.where(np.abs(grid_kwh) < NOTHING_KWH, 0.0, grid_kwh)
    exports = np.maximum(-grid_kwh, 0.0)
    if habit.export_rule is ExportRule.NEVER:
        exports = exports * 0.0
    both = steps.both_ways_kwh
    return Lived(
        import_kwh=np.maximum(grid_kwh, 0.0) + both,
        export_kwh=exports + both,
        level_kwh=np.array(levels),
    )


def stored_by(battery: BatteryModel, flow_kwh: float) -> float:
    """Return by how much giving *flow_kwh* (negative: taking) changes what is stored."""
    if flow_kwh > 0.0:
        return -flow_kwh / battery.discharge_efficiency
    return -flow_kwh * battery.charge_efficiency


def stored_kwh(battery: BatteryModel, charge_kwh: Floats, discharge_kwh: Floats) -> Floats:
    """Return by how much each step of what was measured changed what is stored."""
    return charge_kwh * battery.charge_efficiency - discharge_kwh / battery.discharge_efficiency


def _gives_kwh(battery: BatteryModel, above_kwh: float, hours: float) -> float:
    return min(battery.max_discharge_kw * hours, max(above_kwh, 0.0) * battery.discharge_efficiency)


def _takes_kwh(battery: BatteryModel, room_kwh: float, hours: float) -> float:
    return min(battery.max_charge_kw * hours, max(room_kwh, 0.0) / battery.charge_efficiency)
