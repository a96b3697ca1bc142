"""The exact optimum of a planning problem, found by HiGHS as a linear programme with few whole numbers."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import numpy as np

from ..model.forecast import Floats
from ..model.plan import Origin
from .greedy import greedy_plan
from .optimum_check import check_number, check_problem
from .optimum_goals import Goal, goals_of
from .optimum_home import home_of, value_of_stored
from .optimum_result import NoOptimumError, Optimum, Run, carry_out, placed_by
from .optimum_search import Built, Found, build, find
from .problem import PlanningProblem
from .scenarios import Scenario, expected_import, median_scenario

__all__ = ["NEAR", "NoOptimumError", "Optimum", "Run", "default_end_value", "solve"]

NEAR: Final = timedelta(hours=6)
"""How far ahead whole numbers are worth their time: what comes later is decided again before it comes."""
_SLIGHT_KW: Final = 1e-6


def default_end_value(problem: PlanningProblem, scenarios: Sequence[Scenario] | None = None) -> float:
    """Return what a kWh left at the end is worth: the mean price of import, less losses, wear and spikes."""
    paths = median_scenario(problem) if scenarios is None else scenarios
    return value_of_stored(problem.battery, expected_import(paths), problem.hours)


def solve(
    problem: PlanningProblem,
    scenarios: Sequence[Scenario] | None = None,
    *,
    end_value_per_kwh: float | None = None,
    common_steps: int = 1,
    unaided: bool = False,
    near: timedelta = NEAR,
    gap: float = 0.01,
    time_limit_s: float = 1.5,
) -> Optimum:
    """Return the plan of least expected cost over *scenarios*, by default the median alone.

    With *unaided*, the connection bears what is placed even if the battery does not help.
    What is placed is the same in all scenarios, and so is the battery's power in the first *common_steps*. Whole
    numbers (a car's least power, an appliance's runs, one direction at a time) hold in the steps that begin before
    *near*; later ones are relaxed so that relaxing gains nothing. The cost is proven to *gap*, unless *time_limit_s*
    is over before. Raises ``NoOptimumError`` if nothing is found in time, ``ValueError`` that names what cannot be
    computed with.
    """
    started = time.perf_counter()
    paths = median_scenario(problem) if scenarios is None else tuple(scenarios)
    check_problem(problem, paths)
    end_value = default_end_value(problem, paths) if end_value_per_kwh is None else end_value_per_kwh
    check_number("end_value_per_kwh", end_value)
    home = home_of(problem, end_value)
    goals = goals_of(problem, expected_import(paths))
    built = build(home, paths, goals, near_h=near.total_seconds() / 3600.0, common_steps=common_steps, unaided=unaided)
    found = find(built, gap, started + time_limit_s)
    optimum = _result(built, found, goals)
    if len(paths) == 1:
        simple = greedy_plan(problem, paths[0], end_value_per_kwh=end_value)
        if simple.expected_cost < optimum.expected_cost:
            optimum = replace(optimum, runs=simple.runs, placed_kw=simple.placed_kw, missing_kwh=simple.missing_kwh)
    return replace(optimum, seconds=time.perf_counter() - started)


def _result(built: Built, found: Found, goals: Sequence[Goal]) -> Optimum:
    """Let each scenario happen as found, within the last digit of every limit."""
    chosen = {each.goal.name: _clean(each.power_kw(found.values)) for each in built.placed}
    placed = placed_by(goals, chosen, built.home.hours.size)
    runs = [
        carry_out(built.home, path.scenario, path.limits, placed, _clean(path.battery_kw(found.values)))
        for path in built.paths
    ]
    return Optimum(
        origin=Origin.OPTIMUM,
        runs=tuple(runs),
        placed_kw=placed.power_kw,
        missing_kwh=placed.missing_kwh,
        marginal_per_kwh=found.marginal_per_kwh,
        status="optimal" if found.proven else "feasible",
        gap=found.gap,
    )


def _clean(power_kw: Floats) -> Floats:
    """Return *power_kw* without the dust that a solver leaves."""
    clean: Floats = np.where(np.abs(power_kw) < _SLIGHT_KW, 0.0, power_kw)
    return clean
