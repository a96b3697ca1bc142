"""Whatever the home: there is a plan, within every limit, and never worse than doing nothing."""

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.model.forecast import QUANTILES
from custom_components.energy_optimizer.core.model.plan import Origin, Plan
from custom_components.energy_optimizer.core.planning.greedy import self_consumption
from custom_components.energy_optimizer.core.planning.optimum import NoOptimumError
from custom_components.energy_optimizer.core.planning.planner import make_plan
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem
from custom_components.energy_optimizer.core.planning.recourse import Recourse

from .random_problems import problems

DUST = 1e-6
RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@given(problem=problems(with_loads=True))
@settings(RELAXED, max_examples=60)
def test_plans_keep_every_limit_and_lose_no_energy(problem: PlanningProblem) -> None:
    plan = make_plan(problem)
    assert len(plan.steps) == len(problem.hours)
    assert plan.steps[0].starts_at == problem.edges[0]
    _assert_sound(plan, problem)


@given(problem=problems())
@settings(RELAXED, max_examples=100)
def test_no_plan_is_expected_to_cost_more_than_self_consumption(problem: PlanningProblem) -> None:
    plan = make_plan(problem)
    assert plan.expected_cost <= plan.self_consumption_cost + DUST


@given(problem=problems(sure=True))
@settings(RELAXED, max_examples=100)
def test_where_all_is_known_the_plan_itself_costs_no_more_than_self_consumption(problem: PlanningProblem) -> None:
    plan = make_plan(problem)
    recourse = Recourse(problem)
    value = recourse.end_value_per_kwh
    following = self_consumption(problem, end_value_per_kwh=value).runs[0]
    battery, peak = problem.battery, max([0.0, *(step.grid_kw - problem.peak_so_far_kw for step in plan.steps)])
    wear = sum(
        max(step.battery_kw, 0.0) * hours * battery.wear_per_kwh
        for step, hours in zip(plan.steps, problem.hours, strict=True)
    )
    cost = sum(step.cost for step in plan.steps) + wear + peak * problem.peak_per_kw
    cost -= value * plan.steps[-1].level_kwh
    assert cost <= following.cost + DUST


@given(problem=problems(sure=True), level=st.sampled_from([0.0, 0.5, 1.0, 1.1]), reserve=st.sampled_from([1.0, 1.2]))
@settings(RELAXED, max_examples=60)
def test_levels_and_reserves_at_or_beyond_the_capacity_are_planned_with(
    problem: PlanningProblem, level: float, reserve: float
) -> None:
    capacity = problem.battery.capacity_kwh
    odd = replace(problem, battery=replace(problem.battery, reserve_kwh=reserve * capacity), level_kwh=level * capacity)
    plan = make_plan(odd)
    assert plan.expected_cost <= plan.self_consumption_cost + DUST
    assert abs(plan.expected_cost) < 1e5
    _assert_sound(plan, odd)


@given(problem=problems(with_loads=True))
@settings(RELAXED, max_examples=30)
def test_simple_rules_place_what_the_solver_cannot(problem: PlanningProblem) -> None:
    problem = replace(problem, peak_per_kw=12.0)
    with patch(f"{make_plan.__module__}.solve", side_effect=NoOptimumError):
        plan = make_plan(problem)
    assert plan.origin is Origin.GREEDY
    _assert_sound(plan, problem)


@given(
    problem=problems(),
    name=st.sampled_from(["load_kw", "solar_kw", "import_per_kwh", "export_per_kwh"]),
    row=st.integers(0, len(QUANTILES) - 1),
    value=st.sampled_from([np.nan, np.inf]),
)
@settings(RELAXED, max_examples=60)
def test_unknown_values_in_any_quantile_are_named(problem: PlanningProblem, name: str, row: int, value: float) -> None:
    rows = getattr(problem, name).copy()
    rows[row, -1] = value
    with pytest.raises(ValueError, match=name):
        make_plan(replace(problem, **{name: rows}))


@given(problem=problems(), more=st.floats(0.01, 1.0))
@settings(RELAXED, max_examples=40)
def test_stored_energy_never_makes_the_rest_dearer_unless_the_grid_pays_for_taking(
    problem: PlanningProblem, more: float
) -> None:
    prices = np.concatenate([problem.import_per_kwh, problem.export_per_kwh])
    if prices.min() < 0.0:
        return
    recourse = Recourse(problem)
    low, high = recourse.levels_kwh[0], recourse.levels_kwh[-1]
    level = low + (high - low) * (1.0 - more)
    assert recourse.cost_at(0, high) <= recourse.cost_at(0, level) + DUST


def _assert_sound(plan: Plan, problem: PlanningProblem) -> None:
    battery, grid, level = problem.battery, problem.grid, problem.level_kwh
    for step, hours in zip(plan.steps, problem.hours, strict=True):
        power, placed = step.battery_kw, sum(step.placed_kw.values())
        surplus = step.solar_kw - step.load_kw - placed
        assert -battery.max_charge_kw - DUST <= power <= battery.max_discharge_kw + DUST
        if power > 0.0:
            level -= power * hours / battery.discharge_efficiency
            assert level >= battery.reserve_kwh - 1e-5
            assert power <= max(grid.max_export_kw - surplus, 0.0) + DUST
            assert problem.rule.allows_battery_export or power <= step.load_kw + placed + DUST
        else:
            level -= power * hours * battery.charge_efficiency
            assert level <= max(battery.capacity_kwh, problem.level_kwh) + 1e-5
            assert -power <= max(grid.max_import_kw + surplus, 0.0) + DUST
            assert problem.rule.allows_grid_charging or -power <= step.solar_kw + DUST
        house_kw = step.load_kw - step.solar_kw
        assert placed < DUST or step.grid_kw <= max(grid.max_import_kw, house_kw) + 1e-5
        assert abs(step.level_kwh - level) < 1e-5
        assert abs(step.grid_kw - max(-surplus - power, -grid.max_export_kw)) < 1e-5
        assert step.decision.kind in {*problem.means, DecisionKind.SELF_CONSUMPTION}
        assert problem.rule.allows_battery_export or step.decision.kind is not DecisionKind.DISCHARGE
