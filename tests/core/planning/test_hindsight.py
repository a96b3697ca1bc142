"""The best that was possible, held against rules of thumb, exhaustive trying and the optimum of a plan."""

import time

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.contract import ConnectionRule, GridLimits
from custom_components.energy_optimizer.core.model.forecast import Floats
from custom_components.energy_optimizer.core.planning.greedy import self_consumption
from custom_components.energy_optimizer.core.planning.hindsight import best_possible
from custom_components.energy_optimizer.core.planning.optimum import solve
from custom_components.energy_optimizer.core.planning.scenarios import median_scenario
from tests.core.planning.optimum_problems import LOSSLESS, POWERWALL, WIDE, cost_of, problem


def _year(seed: int, hours: int = 8760) -> tuple[Floats, Floats, Floats, Floats]:
    """Return load, sun and prices of a home with a market price, seasons and weather."""
    rng = np.random.default_rng(seed)
    t = np.arange(hours)
    season = 0.5 - 0.5 * np.cos(2 * np.pi * t / 8760)
    weather = np.repeat(rng.uniform(0.1, 1.0, hours // 24 + 1), 24)[:hours]
    solar = 5.0 * np.clip(np.sin((t % 24 - 6) / 12 * np.pi), 0.0, None) * (0.3 + 0.7 * season) * weather
    load = 0.3 + 0.6 * np.exp(-(((t % 24) - 19) ** 2) / 8) + 0.3 * rng.gamma(1.0, 1.0, hours)
    market = 0.08 + 0.06 * np.sin((t % 24 - 13) / 12 * 2 * np.pi) + 0.03 * rng.standard_normal(hours)
    return load, solar, market + 0.13, market - 0.05 * season


def test_a_year_of_hours_within_half_a_minute() -> None:
    load, solar, buy, sell = _year(0)
    begun = time.process_time()
    battery_kw, cost, bound = best_possible(
        load, solar, buy, sell, 1.0, POWERWALL, WIDE, ConnectionRule.FREE, 6.75, 0.95 * float(buy.mean())
    )
    assert time.process_time() - begun < 30.0
    assert bound <= cost <= bound + 1e-3 * abs(cost) + 1.0
    alone = float(np.where(load > solar, (load - solar) * buy, (load - solar) * sell).sum())
    assert cost < alone - 200.0
    assert battery_kw.shape == load.shape


@pytest.mark.parametrize("rule", ConnectionRule)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_cost_is_what_the_powers_cost_and_no_plan_is_better(seed: int, rule: ConnectionRule) -> None:
    load, solar, buy, sell = (each[4000:4072] for each in _year(seed))
    battery_kw, cost, bound = best_possible(load, solar, buy, sell, 1.0, POWERWALL, WIDE, rule, 5.0, 0.15)
    home = problem(list(load), list(solar), list(buy), list(sell), level_kwh=5.0, rule=rule)
    settled = cost_of(home, median_scenario(home)[0], battery_kw, np.zeros(72), 0.15)
    assert cost == pytest.approx(settled + 0.15 * 5.0, abs=1e-6)
    plan = solve(home, end_value_per_kwh=0.15, gap=1e-4, time_limit_s=20.0)
    followed = self_consumption(home, end_value_per_kwh=0.15)
    assert bound - 1e-6 <= plan.expected_cost + 0.15 * 5.0
    assert cost <= plan.expected_cost + 0.15 * 5.0 + 0.01
    assert cost < followed.expected_cost + 0.15 * 5.0


def test_steps_of_many_lengths() -> None:
    """An hour in quarters is an hour."""
    load, solar, buy, sell = (np.array(each) for each in ([2.0, 2.0], [0.0, 0.0], [0.1, 0.5], [0.0, 0.0]))
    whole = best_possible(load, solar, buy, sell, 1.0, LOSSLESS, WIDE, ConnectionRule.FREE, 0.0, 0.0)
    split = [np.repeat(each, (1, 4)) for each in (load, solar, buy, sell)]
    hours = np.array([1.0, 0.25, 0.25, 0.25, 0.25])
    parts = best_possible(*split, hours, LOSSLESS, WIDE, ConnectionRule.FREE, 0.0, 0.0)
    assert whole[1] == pytest.approx(0.4)
    assert parts[1] == pytest.approx(0.4)


def test_what_is_left_counts_against_what_was_there() -> None:
    """A battery that may do nothing costs what the house costs, whatever it holds."""
    one = np.ones(4)
    still = GridLimits(max_import_kw=0.0, max_export_kw=0.0)
    for start in (0.0, 4.0):
        _, cost, bound = best_possible(
            one, 0 * one, 0.2 * one, 0 * one, 1.0, LOSSLESS, still, ConnectionRule.FREE, start, 0.5
        )
        assert cost == pytest.approx(0.8, abs=1e-6)
        assert bound <= cost


def test_selling_dearer_than_buying() -> None:
    """What is stored is sold, what is bought is used: never both at once."""
    one = np.ones(6)
    _, cost, bound = best_possible(
        one, 0 * one, 0.1 * one, 0.5 * one, 1.0, LOSSLESS, WIDE, ConnectionRule.FREE, 0.0, 0.0
    )
    # Three hours of charging 2 kW at 0.1, three of selling 1 kW of the 2 kW given.
    assert cost == pytest.approx(3 * 3 * 0.1 - 3 * 0.5, abs=1e-3)
    assert bound == pytest.approx(cost, abs=0.01)


def test_negative_sale_with_more_sun_than_the_grid_takes() -> None:
    """The inverter cuts off only what the grid does not take: that cannot be chosen to avoid a bad price."""
    load, solar = np.zeros(2), np.array([6.0, 3.0])
    buy, sell = np.array([0.3, 0.3]), np.array([-0.2, -0.2])
    grid = GridLimits(max_import_kw=9.0, max_export_kw=3.0)
    battery_kw, cost, bound = best_possible(load, solar, buy, sell, 1.0, LOSSLESS, grid, ConnectionRule.FREE, 2.0, 0.0)
    # Two kWh fit in: in the first hour they spare nothing, in the second 0.4.
    np.testing.assert_allclose(battery_kw, [0.0, -2.0], atol=1e-3)
    assert cost == pytest.approx(3 * 0.2 + 1 * 0.2, abs=1e-3)
    assert bound <= cost


def test_unknown_measurements_are_refused() -> None:
    one = np.ones(3)
    with pytest.raises(ValueError, match="load_kw has unknown"):
        best_possible(one * np.nan, one, one, one, 1.0, POWERWALL, WIDE, ConnectionRule.FREE, 5.0, 0.1)
    with pytest.raises(ValueError, match="start_kwh"):
        best_possible(one, one, one, one, 1.0, POWERWALL, WIDE, ConnectionRule.FREE, float("nan"), 0.1)
    with pytest.raises(ValueError, match="hours"):
        best_possible(one, one, one, one, 0.0, POWERWALL, WIDE, ConnectionRule.FREE, 5.0, 0.1)
    with pytest.raises(ValueError, match="max_export_kw"):
        best_possible(
            one,
            one,
            one,
            one,
            1.0,
            POWERWALL,
            GridLimits(max_import_kw=1.0, max_export_kw=-1.0),
            ConnectionRule.FREE,
            5.0,
            0.1,
        )
