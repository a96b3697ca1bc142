"""Whatever the home, the prices and the state: a plan within all limits, never worse than the simple ones."""

from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.plan import Origin
from custom_components.energy_optimizer.core.planning.greedy import greedy_plan, self_consumption
from custom_components.energy_optimizer.core.planning.optimum import default_end_value, solve
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem
from custom_components.energy_optimizer.core.planning.scenarios import median_scenario, quantile_scenarios
from tests.core.planning.optimum_problems import homes, judge

GAP = 1e-3
ALL = timedelta(days=3)


def _slack(home: PlanningProblem) -> float:
    """Return what the gap may come to where the bill is about nothing."""
    gross = float(np.abs(home.load_kw[2]) @ home.hours) + home.battery.capacity_kwh
    gross += sum(each.energy_kwh for each in (*home.loads, *home.vehicles))
    return GAP * gross * max(float(np.abs(home.import_per_kwh[2]).mean()), 1e-3) + 1e-6


@settings(max_examples=120)
@given(homes(), st.sampled_from([timedelta(0), timedelta(hours=2), ALL]))
def test_a_home_without_devices(home: PlanningProblem, near: timedelta) -> None:
    paths, end_value = median_scenario(home), default_end_value(home)
    answer = solve(home, near=near, gap=GAP, time_limit_s=20.0)
    judge(home, paths, answer, end_value)
    assert answer.origin is Origin.OPTIMUM
    followed = self_consumption(home)
    judge(home, paths, followed, end_value)
    assert answer.expected_cost <= followed.expected_cost + 1e-9


@settings(max_examples=60)
@given(homes())
def test_the_solver_alone_beats_the_simple_plan(home: PlanningProblem) -> None:
    """With whole numbers everywhere nothing is relaxed, so that nothing simple can be cheaper."""
    with_gap = solve(home, near=ALL, gap=GAP, time_limit_s=20.0)
    simple = greedy_plan(home)
    assert with_gap.status == "optimal"
    assert with_gap.gap <= GAP or with_gap.gap * abs(with_gap.expected_cost) <= _slack(home)
    assert with_gap.expected_cost <= simple.expected_cost + _slack(home)


@settings(max_examples=100)
@given(homes(devices=True))
def test_a_home_with_devices(home: PlanningProblem) -> None:
    paths, end_value = median_scenario(home), default_end_value(home)
    answer = solve(home, gap=GAP, time_limit_s=20.0)
    judge(home, paths, answer, end_value)
    simple = greedy_plan(home)
    judge(home, paths, simple, end_value)
    assert answer.expected_cost <= simple.expected_cost + 1e-9


@settings(max_examples=40)
@given(homes(devices=True), st.integers(1, 3), st.sampled_from([0.0, 0.4, 1.0]))
def test_several_scenarios(home: PlanningProblem, common: int, risk: float) -> None:
    paths = quantile_scenarios(home, risk)
    answer = solve(home, paths, common_steps=common, gap=GAP, time_limit_s=20.0)
    judge(home, paths, answer, default_end_value(home, paths))
    for run in answer.runs:
        np.testing.assert_allclose(run.battery_kw[:common], answer.runs[0].battery_kw[:common], atol=1e-4)
