"""What stored energy will be worth: a dynamic programme backwards through the steps of a plan.

In each step the price is known before the decision is taken, and what the house draws and the sun gives only after it.
So the best decision is found within each possible price, over all that the house and the sun may do; and since the
battery follows the real load in most decisions, later errors of the forecast are partly mended by themselves, which a
plan of fixed powers cannot see. Errors of different steps count as independent.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from ..model.forecast import QUANTILES, Floats
from .options import Options, options_of
from .problem import PlanningProblem

LEVELS: Final = 41
"""Levels at which the worth is computed; between them it is interpolated."""
PRICE_WEIGHTS: Final = np.array([0.175, 0.175, 0.3, 0.175, 0.175])
"""How likely the neighbourhood of each quantile is."""
LOAD_WEIGHTS: Final = np.array([0.155, 0.2, 0.25, 0.2, 0.195])
"""The same for what a house draws, whose peaks reach far above the highest quantile: with these its mean is right."""
_SUN_ROWS: Final = (0, 2, 4)
_SUN_WEIGHTS: Final = np.array([0.3, 0.4, 0.3])
_SURE: Final = np.ones(1)
_TIE: Final = 1e-9
"""Per decision, in the home's currency: of equals the first is taken."""
_RISK_SLOPE: Final = 1.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Step:
    """What may happen in one step, as nodes with weights."""

    hours: float
    load_kw: Floats
    solar_kw: Floats
    weights: Floats
    import_per_kwh: Floats
    export_per_kwh: Floats
    price_weights: Floats


class Recourse:
    """The worth of each level at each edge of the plan's steps, and of each decision in them.

    Costs are in the home's currency, from an edge to the end of the plan, less the value of what is left then.
    """

    def __init__(self, problem: PlanningProblem, placed_kw: Floats | None = None, peak_kw: float | None = None) -> None:
        """Compute it for *problem*, with what the optimum placed in each step, and a peak that is reached anyway."""
        self.problem = problem
        self.options: Options = options_of(problem)
        self._hours = problem.hours
        self._load_kw = problem.load_kw if placed_kw is None else problem.load_kw + placed_kw
        self._peak_kw = max(problem.peak_so_far_kw, peak_kw or 0.0)
        battery = problem.battery
        lowest_kwh = min(battery.reserve_kwh, battery.capacity_kwh, problem.level_kwh)
        self.levels_kwh = np.linspace(lowest_kwh, max(battery.capacity_kwh, problem.level_kwh), LEVELS)
        self._scale = (LEVELS - 1) / max(self.levels_kwh[-1] - lowest_kwh, 1e-9)
        tilt = np.exp(_RISK_SLOPE * problem.risk * (2.0 * np.array(QUANTILES) - 1.0))
        self._load_weights = LOAD_WEIGHTS * tilt / (LOAD_WEIGHTS @ tilt)
        sun_weights = _SUN_WEIGHTS / tilt[list(_SUN_ROWS)]
        self._weights = np.outer(self._load_weights, sun_weights / sun_weights.sum()).ravel()
        self._steps = [self._step(index) for index in range(self._hours.size)]
        self.costs = self._backwards(slice(None))

    def decision_costs(self, step: int, level_kwh: float, price: int | None = None) -> Floats:
        """Return what each decision in *step* costs from a level on, over all that may happen.

        With *price*, a row of the forecast's quantiles, as if that price were known; else over all prices.
        """
        each = self._steps[step]
        costs = self._costs(each, np.array([level_kwh]), self.costs[step + 1])[:, 0, :]
        chosen: Floats = costs[price] if price is not None else each.price_weights @ costs
        return chosen

    def marginal_per_kwh(self, edge: int, level_kwh: float) -> float:
        """Return what one more stored kWh is worth at an edge, in currency per kWh."""
        half = 0.5 / self._scale
        low, high = max(level_kwh - half, self.levels_kwh[0]), min(level_kwh + half, self.levels_kwh[-1])
        if high - low < 1e-6:
            return 0.0
        cost = np.interp([low, high], self.levels_kwh, self.costs[edge])
        return float((cost[0] - cost[1]) / (high - low))

    def worth_per_kwh(self, edge: int, one_kwh: float, other_kwh: float) -> float:
        """Return what a kWh between two levels is worth at an edge; where they are nearly one, what one more is."""
        if abs(one_kwh - other_kwh) < 0.5 / self._scale:
            return self.marginal_per_kwh(edge, one_kwh)
        return (self.cost_at(edge, one_kwh) - self.cost_at(edge, other_kwh)) / (other_kwh - one_kwh)

    def cost_at(self, edge: int, level_kwh: float) -> float:
        """Return what is to be paid from an edge on."""
        return float(np.interp(level_kwh, self.levels_kwh, self.costs[edge]))

    def self_consumption_cost_at(self, edge: int, level_kwh: float) -> float:
        """Return the same if the battery only follows the house."""
        return float(np.interp(level_kwh, self.levels_kwh, self.self_consumption_costs[edge]))

    @cached_property
    def self_consumption_costs(self) -> Floats:
        """The same as ``costs`` if the battery only follows the house."""
        return self._backwards(slice(0, 1))

    def _backwards(self, which: slice) -> Floats:
        costs = np.empty((len(self._steps) + 1, LEVELS))
        costs[-1] = -self.levels_kwh * self.end_value_per_kwh
        for index in range(len(self._steps) - 1, -1, -1):
            step = self._steps[index]
            each = self._costs(step, self.levels_kwh, costs[index + 1], which)
            costs[index] = step.price_weights @ each.min(axis=2)
        return costs

    @property
    def end_value_per_kwh(self) -> float:
        """What a stored kWh is worth at the end: what buying it would cost on average."""
        hours = self._hours
        mean = float(PRICE_WEIGHTS @ self.problem.import_per_kwh @ hours / hours.sum())
        return self.problem.battery.discharge_efficiency * max(mean - self.problem.battery.wear_per_kwh, 0.0)

    def _costs(self, step: _Step, levels_kwh: Floats, after: Floats, which: slice = slice(None)) -> Floats:
        """Return what each decision costs at each level and price: an array of prices x levels x decisions."""
        problem, hours = self.problem, step.hours
        battery_kw = self.battery_kw(step.load_kw, step.solar_kw, levels_kwh, hours, which)
        place = self.after(levels_kwh[:, None, None], battery_kw, hours)
        place -= self.levels_kwh[0]
        place *= self._scale
        below = np.minimum(np.maximum(place, 0.0).astype(np.intp), LEVELS - 2)
        later = after[below]
        place -= below
        later += np.diff(after)[below] * place
        grid_kw = (step.load_kw - step.solar_kw) - battery_kw
        bought_kw = np.maximum(grid_kw, 0.0)
        sold_kwh = np.minimum(bought_kw - grid_kw, problem.grid.max_export_kw) @ step.weights * hours
        bought_kwh = bought_kw @ step.weights * hours
        rest = later @ step.weights
        if problem.battery.wear_per_kwh:
            rest += problem.battery.wear_per_kwh * hours * (np.maximum(battery_kw, 0.0) @ step.weights)
        if problem.peak_per_kw:
            rest += problem.peak_per_kw * (np.maximum(bought_kw - self._peak_kw, 0.0) @ step.weights)
        rest += _TIE * np.arange(rest.shape[1])
        costs: Floats = (
            step.import_per_kwh[:, None, None] * bought_kwh - step.export_per_kwh[:, None, None] * sold_kwh + rest
        )
        return costs

    def battery_kw(
        self, load_kw: Floats, solar_kw: Floats, levels_kwh: Floats, hours: float, which: slice = slice(None)
    ) -> Floats:
        """Return what the battery does, + discharging, at each level, by each decision, for each load and sun."""
        problem, battery = self.problem, self.problem.battery
        most_in_kw = np.minimum(battery.max_charge_kw, np.maximum(problem.grid.max_import_kw - load_kw + solar_kw, 0.0))
        if not problem.rule.allows_grid_charging:
            most_in_kw = np.minimum(most_in_kw, solar_kw)
        most_out_kw = np.minimum(
            battery.max_discharge_kw, np.maximum(problem.grid.max_export_kw + load_kw - solar_kw, 0.0)
        )
        if not problem.rule.allows_battery_export:
            most_out_kw = np.minimum(most_out_kw, load_kw)
        wanted_kw = np.maximum(load_kw - solar_kw, self.options.low_kw[which, None])
        np.minimum(wanted_kw, self.options.high_kw[which, None], out=wanted_kw)
        np.minimum(np.maximum(wanted_kw, -most_in_kw, out=wanted_kw), most_out_kw, out=wanted_kw)
        room_kw = np.maximum(battery.capacity_kwh - levels_kwh, 0.0) / (battery.charge_efficiency * hours)
        stored_kw = np.maximum(levels_kwh - battery.reserve_kwh, 0.0) * battery.discharge_efficiency / hours
        possible_kw: Floats = np.maximum(wanted_kw[None], -room_kw[:, None, None])
        np.minimum(possible_kw, stored_kw[:, None, None], out=possible_kw)
        return possible_kw

    def after(self, level_kwh: Floats, battery_kw: Floats, hours: float) -> Floats:
        """Return the level after *hours* at a power, + discharging."""
        battery = self.problem.battery
        given_kw = np.maximum(battery_kw, 0.0)
        taken_kw = given_kw - battery_kw
        after: Floats = level_kwh - given_kw * (hours / battery.discharge_efficiency)
        after += taken_kw * (hours * battery.charge_efficiency)
        return after

    def _step(self, index: int) -> _Step:
        problem = self.problem
        load_kw, solar_kw = self._load_kw[:, index], problem.solar_kw[_SUN_ROWS, index]
        buy, sell = problem.import_per_kwh[:, index], problem.export_per_kwh[:, index]
        is_known = bool(buy[0] == buy[-1] and sell[0] == sell[-1])
        is_dark = solar_kw[-1] == 0.0
        return _Step(
            hours=float(self._hours[index]),
            load_kw=load_kw if is_dark else np.repeat(load_kw, solar_kw.size),
            solar_kw=np.zeros(load_kw.size) if is_dark else np.tile(solar_kw, load_kw.size),
            weights=self._load_weights if is_dark else self._weights,
            import_per_kwh=buy[:1] if is_known else buy,
            export_per_kwh=sell[:1] if is_known else sell,
            price_weights=_SURE if is_known else PRICE_WEIGHTS,
        )
