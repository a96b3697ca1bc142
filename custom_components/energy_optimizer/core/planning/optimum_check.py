"""What a problem must look like before anything is computed from it."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from ..model.battery import BatteryModel
from ..model.contract import GridLimits
from ..model.forecast import QUANTILES, Floats
from ..model.loads import FlexibleLoad, VehicleLoad
from .problem import PlanningProblem
from .scenarios import Scenario

_MOST: Final = 1e5
"""No home has powers in kW, energies in kWh or prices per kWh beyond it."""

_LEAST_KW: Final = 1e-3
"""A watt: nothing that draws less needs a plan."""


def check_problem(problem: PlanningProblem, scenarios: Sequence[Scenario]) -> None:
    """Raise ``ValueError`` that names what cannot be computed with."""
    if len(problem.edges) < 2 or not np.all(problem.hours > 0.0):
        raise ValueError("edges: a plan needs at least one step, and each must end after it begins")
    check_battery(problem.battery)
    check_number("level_kwh", problem.level_kwh, -_MOST)
    check_grid(problem.grid)
    check_number("peak_per_kw", problem.peak_per_kw)
    check_number("peak_so_far_kw", problem.peak_so_far_kw)
    if not scenarios or not math.isclose(sum(each.weight for each in scenarios), 1.0, abs_tol=1e-6):
        raise ValueError("scenarios: their weights must add up to 1")
    for scenario in scenarios:
        check_scenario(scenario, len(problem.edges) - 1)
    _check_loads(problem)


def check_quantiles(problem: PlanningProblem) -> None:
    """Raise ``ValueError`` unless each quantile of each forecast is known and plausible, and the risk is a share."""
    steps = len(problem.edges) - 1
    for name, least in (("load_kw", -_MOST), ("solar_kw", 0.0), ("import_per_kwh", -_MOST), ("export_per_kwh", -_MOST)):
        rows: Floats = getattr(problem, name)
        if rows.shape != (len(QUANTILES), steps):
            raise ValueError(f"{name} must have {len(QUANTILES)} quantiles for each of {steps} steps")
        check_series(name, rows.ravel(), rows.size, least)
    if not 0.0 <= problem.risk <= 1.0:
        raise ValueError("risk must lie between 0 and 1")


def check_battery(battery: BatteryModel) -> None:
    """Raise ``ValueError`` for a battery that cannot be."""
    for name in ("capacity_kwh", "reserve_kwh", "max_charge_kw", "max_discharge_kw", "wear_per_kwh"):
        check_number(name, getattr(battery, name))
    for name in ("charge_efficiency", "discharge_efficiency"):
        if not 0.0 < getattr(battery, name) <= 1.0:
            raise ValueError(f"{name} must lie above 0 and not above 1")


def check_grid(grid: GridLimits) -> None:
    """Raise ``ValueError`` for limits that cannot be."""
    check_number("max_import_kw", grid.max_import_kw)
    check_number("max_export_kw", grid.max_export_kw)


def check_series(name: str, values: Floats, count: int, least: float = -_MOST) -> None:
    """Raise ``ValueError`` unless there is a plausible number for each step."""
    if values.shape != (count,):
        raise ValueError(f"{name} must have one value for each of {count} steps")
    if not np.all(np.isfinite(values)):
        raise ValueError(f"{name} has unknown values")
    if np.any(values < least) or np.any(values > _MOST):
        raise ValueError(f"{name} must lie between {least:g} and {_MOST:g}")


def check_scenario(scenario: Scenario, count: int) -> None:
    """Raise ``ValueError`` unless all series of *scenario* are known and plausible."""
    check_number("weight", scenario.weight)
    check_series("load_kw", scenario.load_kw, count)
    check_series("solar_kw", scenario.solar_kw, count, least=0.0)
    check_series("import_per_kwh", scenario.import_per_kwh, count)
    check_series("export_per_kwh", scenario.export_per_kwh, count)


def _check_loads(problem: PlanningProblem) -> None:
    names = [load.name for load in problem.loads] + [vehicle.name for vehicle in problem.vehicles]
    if len(set(names)) < len(names):
        raise ValueError("loads and vehicles: each must have a name of its own")
    for load in problem.loads:
        _check_need(load, load.power_kw, load.power_kw)
    for vehicle in problem.vehicles:
        _check_need(vehicle, vehicle.min_kw, vehicle.max_kw)


def _check_need(wanted: FlexibleLoad | VehicleLoad, min_kw: float, max_kw: float) -> None:
    check_number(f"{wanted.name}: energy_kwh", wanted.energy_kwh)
    check_number(f"{wanted.name}: missing_per_kwh", wanted.missing_per_kwh)
    check_number(f"{wanted.name}: power", max_kw, _LEAST_KW)
    check_number(f"{wanted.name}: least power", min_kw)
    if min_kw > max_kw:
        raise ValueError(f"{wanted.name}: its least power lies above its most")


def check_number(name: str, value: float, least: float = 0.0) -> None:
    """Raise ``ValueError`` unless *value* is a plausible number not below *least*."""
    if not least <= value <= _MOST:
        raise ValueError(f"{name} must be a number between {least:g} and {_MOST:g}, not {value}")
