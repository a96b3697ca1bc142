"""Loads and cars in the plan: when, at what power, and what happens if it cannot be."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.contract import ConnectionRule, GridLimits
from custom_components.energy_optimizer.core.model.loads import FlexibleLoad, VehicleLoad
from custom_components.energy_optimizer.core.planning.greedy import greedy_plan
from custom_components.energy_optimizer.core.planning.optimum import Optimum, default_end_value, solve
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem
from custom_components.energy_optimizer.core.planning.scenarios import median_scenario
from tests.core.planning.optimum_problems import LOSSLESS, NOW, judge, problem

HOUR = timedelta(hours=1)
NO_BATTERY = replace(LOSSLESS, capacity_kwh=0.0)
DISHES = FlexibleLoad(name="dishes", power_kw=2.0, energy_kwh=3.0, ready_by=NOW + 5 * HOUR, interruptible=False)
BOILER = FlexibleLoad(name="boiler", power_kw=2.0, energy_kwh=3.0, ready_by=NOW + 5 * HOUR, missing_per_kwh=2.0)
CAR = VehicleLoad(name="car", min_kw=1.4, max_kw=7.0, energy_kwh=10.0, ready_by=NOW + 5 * HOUR, missing_per_kwh=2.0)
PLANS = [lambda home: solve(home, time_limit_s=20.0), greedy_plan]


def _night(prices: list[float], minutes: int = 60, **more) -> PlanningProblem:
    n = len(prices)
    return problem([0.5] * n, [0.0] * n, prices, [0.0] * n, minutes=minutes, battery=NO_BATTERY, level_kwh=0.0, **more)


def _judged(home: PlanningProblem, answer: Optimum) -> Optimum:
    judge(home, median_scenario(home), answer, default_end_value(home))
    return answer


@pytest.mark.parametrize("plan", PLANS, ids=["optimum", "greedy"])
def test_a_run_in_one_go_takes_the_cheapest_window(plan) -> None:
    home = _night([0.3, 0.3, 0.1, 0.1, 0.3, 0.05, 0.05], loads=(DISHES,))
    answer = _judged(home, plan(home))
    np.testing.assert_allclose(answer.placed_kw["dishes"], [0, 0, 2, 1, 0, 0, 0], atol=1e-5)
    assert answer.missing_kwh == {}


@pytest.mark.parametrize("plan", PLANS, ids=["optimum", "greedy"])
def test_a_load_that_may_pause_takes_the_cheapest_steps(plan) -> None:
    home = _night([0.3, 0.1, 0.3, 0.3, 0.2, 0.05], loads=(BOILER,))
    np.testing.assert_allclose(_judged(home, plan(home)).placed_kw["boiler"], [0, 2, 0, 0, 1, 0], atol=1e-5)


@pytest.mark.parametrize("plan", PLANS, ids=["optimum", "greedy"])
def test_a_car_waits_for_its_arrival_and_is_full_when_it_leaves(plan) -> None:
    late = VehicleLoad(
        name="car",
        min_kw=1.4,
        max_kw=7.0,
        energy_kwh=10.0,
        ready_by=NOW + 4.5 * HOUR,
        arrives_at=NOW + 2.5 * HOUR,
        missing_per_kwh=2.0,
    )
    home = _night([0.1, 0.1, 0.3, 0.2, 0.3, 0.1], vehicles=(late,))
    power = _judged(home, plan(home)).placed_kw["car"]
    assert power[:2].max() == 0.0
    assert power[5] == 0.0
    assert power[3] == pytest.approx(7.0)
    assert power.sum() == pytest.approx(10.0)


def test_near_at_hand_a_car_draws_nothing_or_enough() -> None:
    """Surplus of 1 kW is less than the car can take; far ahead that is not yet settled."""
    n = 12
    home = problem(
        [0.0] * n, [1.0] * n, [0.3] * n, [0.02] * n, minutes=30, battery=LOSSLESS, level_kwh=4.0, vehicles=(CAR,)
    )
    power = _judged(home, solve(home, gap=1e-3, time_limit_s=20.0)).placed_kw["car"]
    assert np.all((power < 1e-6) | (power >= 1.4 - 1e-6))


def test_an_appliance_runs_at_its_own_power_and_as_long_as_it_must() -> None:
    needs = FlexibleLoad(
        name="pump", power_kw=1.0, energy_kwh=1.0, ready_by=NOW + 3 * HOUR, least_run=timedelta(minutes=30)
    )
    prices = [0.1 if k % 4 == 1 else 0.3 for k in range(12)]
    home = _night(prices, minutes=15, loads=(needs,))
    power = _judged(home, solve(home, gap=1e-4, time_limit_s=20.0)).placed_kw["pump"]
    on = power > 1e-6
    starts = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(int)))
    assert all(end - begin >= 2 for begin, end in starts.reshape(-1, 2))
    assert sum(power) / 4 == pytest.approx(1.0)


@pytest.mark.parametrize("plan", PLANS, ids=["optimum", "greedy"])
def test_what_runs_already_and_cannot_pause_goes_on(plan) -> None:
    running = FlexibleLoad(
        name="dishes", power_kw=2.0, energy_kwh=3.0, ready_by=NOW + 9 * HOUR, interruptible=False, runs_now=True
    )
    home = _night([0.9, 0.9, 0.1, 0.1], loads=(running,), grid=GridLimits(max_import_kw=1.0, max_export_kw=1.0))
    np.testing.assert_allclose(_judged(home, plan(home)).placed_kw["dishes"], [2, 1, 0, 0])


@pytest.mark.parametrize("plan", PLANS, ids=["optimum", "greedy"])
def test_a_goal_out_of_reach_gets_all_that_is_possible_and_says_what_lacks(plan) -> None:
    home = _night([0.3, 0.3, 0.1], vehicles=(CAR,), grid=GridLimits(max_import_kw=3.5, max_export_kw=1.0))
    soon = VehicleLoad(name="car", min_kw=1.4, max_kw=7.0, energy_kwh=10.0, ready_by=NOW + 2 * HOUR, missing_per_kwh=2)
    home = _night([0.3, 0.3, 0.1], vehicles=(soon,), grid=home.grid)
    answer = _judged(home, plan(home))
    assert answer.missing_kwh["car"] == pytest.approx(4.0)
    assert answer.placed_kw["car"][2] == 0.0


@pytest.mark.parametrize("plan", PLANS, ids=["optimum", "greedy"])
def test_what_is_worth_less_than_it_costs_is_left(plan) -> None:
    modest = FlexibleLoad(name="pool", power_kw=1.0, energy_kwh=2.0, ready_by=NOW + 3 * HOUR, missing_per_kwh=0.15)
    home = _night([0.3, 0.1, 0.3], loads=(modest,))
    answer = _judged(home, plan(home))
    assert answer.placed_kw["pool"][1] == pytest.approx(1.0)
    assert answer.missing_kwh["pool"] == pytest.approx(1.0)


def test_what_is_due_after_the_plan_may_wait_for_then() -> None:
    patient = VehicleLoad(
        name="car", min_kw=0.0, max_kw=7.0, energy_kwh=8.0, ready_by=NOW + 9 * HOUR, missing_per_kwh=2.0
    )
    home = _night([0.1, 0.4, 0.4], vehicles=(patient,))
    answer = solve(home)
    np.testing.assert_allclose(answer.placed_kw["car"], [7, 0, 0], atol=1e-5)
    assert answer.missing_kwh == {}


def test_a_load_may_be_fed_from_the_battery_where_that_may_not_be_sold() -> None:
    home = problem(
        [0.0] * 3, [0.0] * 3, [0.5] * 3, [0.4] * 3, rule=ConnectionRule.NO_EXPORT, loads=(BOILER,), level_kwh=10.0
    )
    assert solve(home, end_value_per_kwh=0.1).battery_kw.sum() == pytest.approx(3.0, abs=1e-4)


def test_names_must_differ_and_powers_make_sense() -> None:
    with pytest.raises(ValueError, match="name of its own"):
        solve(_night([0.1], loads=(BOILER, BOILER)))
    broken = VehicleLoad(name="car", min_kw=8.0, max_kw=7.0, energy_kwh=1.0, ready_by=NOW)
    with pytest.raises(ValueError, match="least power"):
        solve(_night([0.1], vehicles=(broken,)))
    nothing = FlexibleLoad(name="pump", power_kw=0.0, energy_kwh=1.0, ready_by=NOW)
    with pytest.raises(ValueError, match="pump: power"):
        greedy_plan(_night([0.1], loads=(nothing,)))
