"""The plan that needs no solver."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.contract import ConnectionRule
from custom_components.energy_optimizer.core.model.loads import VehicleLoad
from custom_components.energy_optimizer.core.model.plan import Origin
from custom_components.energy_optimizer.core.planning.greedy import greedy_plan, self_consumption
from custom_components.energy_optimizer.core.planning.optimum import solve
from tests.core.planning.optimum_problems import NOW, POWERWALL, problem


def test_self_consumption_stores_surplus_and_covers_the_house() -> None:
    home = problem([1.0, 1.0, 4.0], [3.0, 9.0, 0.0], [0.3] * 3, [0.05] * 3, level_kwh=1.35)
    run = self_consumption(home, end_value_per_kwh=0.0).runs[0]
    np.testing.assert_allclose(run.battery_kw, [-2.0, -5.0, 4.0])
    np.testing.assert_allclose(run.grid_kw, [0.0, -3.0, 0.0])
    assert run.cost == pytest.approx(-3.0 * 0.05)


def test_self_consumption_covers_what_is_placed_too() -> None:
    home = problem([1.0], [0.0], [0.3], [0.05], level_kwh=9.0, rule=ConnectionRule.NO_EXPORT)
    run = self_consumption(home, placed_kw=np.array([2.0])).runs[0]
    assert run.battery_kw[0] == pytest.approx(3.0)


def test_it_buys_when_cheap_holds_and_covers_the_dear_hours() -> None:
    home = problem([1.0] * 12, [0.0] * 12, [0.1] * 4 + [0.25] * 4 + [0.6] * 4, [0.0] * 12, level_kwh=1.35)
    plan = greedy_plan(home, end_value_per_kwh=0.0)
    assert plan.origin is Origin.GREEDY
    assert plan.battery_kw[:4].sum() < -4.0
    np.testing.assert_allclose(plan.grid_kw[8:], 0.0, atol=1e-9)
    assert plan.expected_cost < self_consumption(home, end_value_per_kwh=0.0).expected_cost - 1.0


def test_it_sells_what_is_dear_where_that_is_allowed() -> None:
    home = problem([0.5] * 10, [0.0] * 10, [0.3] * 10, [0.05] * 9 + [2.0], level_kwh=8.0)
    assert greedy_plan(home).battery_kw[-1] == pytest.approx(5.0)
    bound = replace(home, rule=ConnectionRule.NO_EXPORT)
    assert greedy_plan(bound).battery_kw.max() <= 0.5 + 1e-9


def test_it_takes_most_of_what_a_dull_day_offers() -> None:
    hours = np.arange(48) % 24
    home = problem(
        list(0.5 + np.exp(-((hours - 19) ** 2) / 6)),
        list(0.5 * np.clip(np.sin((hours - 6) / 12 * np.pi), 0.0, None)),
        list(np.where(hours < 6, 0.12, np.where((hours >= 17) & (hours < 21), 0.5, 0.25))),
        [0.04] * 48,
        level_kwh=3.0,
    )
    simple, best, followed = greedy_plan(home), solve(home), self_consumption(home)
    assert best.expected_cost <= simple.expected_cost + 1e-9
    assert simple.expected_cost - best.expected_cost <= 0.4 * (followed.expected_cost - best.expected_cost)


def test_a_car_near_its_least_power_never_gets_less() -> None:
    car = VehicleLoad(name="car", min_kw=4.1, max_kw=11.0, energy_kwh=15.0, ready_by=NOW + timedelta(hours=3))
    home = problem([1.0] * 4, [0.0] * 4, [0.1, 0.2, 0.3, 0.1], [0.0] * 4, vehicles=(car,))
    power = greedy_plan(home).placed_kw["car"]
    assert np.all((power == 0.0) | (power >= 4.0))
    assert power[0] == pytest.approx(11.0)
    assert power[3] == 0.0


def test_the_marginal_value_is_the_dearest_use_to_come() -> None:
    home = problem([1.0] * 4, [0.0] * 4, [0.2, 0.5, 0.3, 0.1], [0.0] * 4, battery=replace(POWERWALL, wear_per_kwh=0.1))
    worth = greedy_plan(home, end_value_per_kwh=0.05).marginal_per_kwh
    np.testing.assert_allclose(worth, [0.95 * 0.4, 0.95 * 0.2, 0.05, 0.05])


def test_unknown_numbers_are_refused() -> None:
    home = problem([1.0], [0.0], [0.2], [0.0])
    with pytest.raises(ValueError, match="load_kw"):
        greedy_plan(replace(home, load_kw=np.full((5, 1), np.nan)))
    with pytest.raises(ValueError, match="end_value_per_kwh"):
        greedy_plan(home, end_value_per_kwh=-1.0)
