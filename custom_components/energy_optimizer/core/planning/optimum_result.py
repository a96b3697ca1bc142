"""What the optimum, or the plan that stands in for it, comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..model.forecast import Floats
from ..model.plan import Origin
from .optimum_goals import Goal
from .optimum_home import Home, Limits, follow, settle
from .scenarios import Scenario


class NoOptimumError(Exception):
    """The solver has no answer; the simple plan must stand in."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Run:
    """How one scenario goes; powers are means over steps (battery + discharge, grid + import)."""

    weight: float
    battery_kw: Floats
    grid_kw: Floats
    spilled_kw: Floats
    """What the inverter cuts off because the grid does not take it."""
    level_kwh: Floats
    """At the end of each step."""
    cost: float
    """With wear, peak and missed goals, less the value of all that is left in the end."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Optimum:
    """Powers and levels step by step, one run for each scenario; what is placed is the same in all of them."""

    origin: Origin
    runs: tuple[Run, ...]
    placed_kw: Mapping[str, Floats]
    """Flexible loads and cars by name."""
    missing_kwh: Mapping[str, float]
    """What a load or car will lack when it is due; only those that lack something."""
    marginal_per_kwh: Floats
    """What one more kWh stored at the end of each step would save."""
    status: str
    """``optimal`` to the gap that was asked for, ``feasible`` if no more is known, ``simple`` without a solver."""
    gap: float = 0.0
    """How far from the proven optimum it may be at most, as a share of the cost."""
    seconds: float = 0.0

    @property
    def expected_cost(self) -> float:
        """The cost of all scenarios by their weights."""
        return sum(run.weight * run.cost for run in self.runs)

    @property
    def battery_kw(self) -> Floats:
        """The expected power of the battery."""
        return self._expected([run.battery_kw for run in self.runs])

    @property
    def grid_kw(self) -> Floats:
        """The expected power at the meter."""
        return self._expected([run.grid_kw for run in self.runs])

    @property
    def level_kwh(self) -> Floats:
        """The expected level at the end of each step."""
        return self._expected([run.level_kwh for run in self.runs])

    def _expected(self, rows: list[Floats]) -> Floats:
        mean: Floats = np.array([run.weight for run in self.runs]) @ np.array(rows)
        return mean


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Placed:
    """What is placed, and what is missed by it."""

    power_kw: Mapping[str, Floats]
    free_kw: Floats
    """The sum of what was placed by choice; what ran already counts as the house's."""
    missing_kwh: Mapping[str, float]
    cost: float
    """Of what is missed, or bought after the last step."""


def placed_by(goals: Sequence[Goal], chosen_kw: Mapping[str, Floats], count: int) -> Placed:
    """Return what the powers in *chosen_kw*, and those that were no choice, come to."""
    powers, missing, cost, free = {}, {}, 0.0, np.zeros(count)
    for goal in goals:
        if (power := goal.committed_kw) is None:
            power = chosen_kw.get(goal.name, np.zeros(count))
            free = free + power
        powers[goal.name] = power
        cost += float(goal.cost(power))
        if (lacking := goal.missing_kwh(power)) > 0.0:
            missing[goal.name] = lacking
    return Placed(power_kw=powers, free_kw=free, missing_kwh=missing, cost=cost)


def carry_out(home: Home, scenario: Scenario, limits: Limits, placed: Placed, wish_kw: Floats) -> Run:
    """Let the battery do what is wished as far as limits and level allow, and settle the bill."""
    battery, level = follow(home, limits, placed.free_kw, wish_kw)
    settled = settle(home, scenario, limits.net_kw + placed.free_kw, battery, level)
    return Run(
        weight=scenario.weight,
        battery_kw=battery,
        grid_kw=settled.grid_kw,
        spilled_kw=settled.spilled_kw,
        level_kwh=level,
        cost=float(settled.cost) + placed.cost,
    )
