"""The optimum of homes that can be worked out by hand or by trying everything."""

import itertools
from dataclasses import replace
from datetime import timedelta

import highspy
import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.contract import ConnectionRule, GridLimits
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.planning.optimum import NoOptimumError, default_end_value, solve
from custom_components.energy_optimizer.core.planning.problem import Means, PlanningProblem
from custom_components.energy_optimizer.core.planning.scenarios import (
    median_scenario,
    quantile_scenarios,
    sampled_scenarios,
)
from tests.core.planning.optimum_problems import LOSSLESS, POWERWALL, cost_of, judge, problem

ALL = timedelta(days=3)


def _cheapest_by_trying(home: PlanningProblem, end_value: float, kw_grid: float = 1.0) -> float:
    """Return the least cost of all plans whose powers are multiples of *kw_grid*."""
    path = median_scenario(home)[0]
    battery, nothing = home.battery, np.zeros(home.hours.size)
    powers = np.arange(-battery.max_charge_kw, battery.max_discharge_kw + kw_grid / 2, kw_grid)
    best = np.inf
    for plan in itertools.product(powers, repeat=home.hours.size):
        level, allowed = home.level_kwh, True
        for k, power in enumerate(plan):
            level -= power / battery.discharge_efficiency if power > 0 else power * battery.charge_efficiency
            net = path.load_kw[k] - path.solar_kw[k]
            allowed &= battery.reserve_kwh - 1e-9 <= level <= battery.capacity_kwh + 1e-9
            allowed &= power >= 0 or net - power <= max(home.grid.max_import_kw, net)
            allowed &= power <= 0 or power - net <= home.grid.max_export_kw
            allowed &= home.rule.allows_grid_charging or -power <= path.solar_kw[k]
            allowed &= home.rule.allows_battery_export or power <= path.load_kw[k]
        if allowed:
            best = min(best, cost_of(home, path, np.array(plan), nothing, end_value))
    return best


@pytest.mark.parametrize("rule", ConnectionRule)
@pytest.mark.parametrize("seed", range(8))
def test_as_good_as_trying_everything(seed: int, rule: ConnectionRule) -> None:
    """Whole kilowatts, whole hours and no losses: the best plan is one of whole kilowatts."""
    rng = np.random.default_rng(seed)
    n = 5
    home = problem(
        list(rng.integers(0, 4, n)),
        list(rng.integers(0, 5, n)),
        list(rng.uniform(-0.2, 0.5, n)),
        list(rng.uniform(-0.2, 0.6, n)),
        battery=LOSSLESS,
        level_kwh=float(rng.integers(0, 5)),
        grid=GridLimits(max_import_kw=float(rng.integers(1, 6)), max_export_kw=float(rng.integers(1, 4))),
        rule=rule,
    )
    answer = solve(home, near=ALL, gap=0.0, time_limit_s=20.0, end_value_per_kwh=0.1)
    assert answer.expected_cost == pytest.approx(_cheapest_by_trying(home, 0.1), abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_losses_are_never_burnt_for_money(seed: int) -> None:
    """With losses, trying a grid of powers can only miss the optimum from above, and not by much."""
    rng = np.random.default_rng(seed)
    lossy = replace(LOSSLESS, charge_efficiency=0.5, wear_per_kwh=0.01)
    home = problem(
        list(rng.integers(0, 3, 5)),
        list(rng.integers(0, 5, 5)),
        list(rng.uniform(-0.4, 0.3, 5)),
        list(rng.uniform(-0.4, 0.1, 5)),
        battery=lossy,
        level_kwh=2.0,
    )
    answer = solve(home, near=ALL, gap=0.0, time_limit_s=20.0, end_value_per_kwh=0.0)
    tried = _cheapest_by_trying(home, 0.0, kw_grid=0.5)
    assert tried - 0.02 <= answer.expected_cost <= tried + 1e-4


def test_buys_cheap_and_waits_for_the_dear_evening() -> None:
    home = problem([1.0] * 6, [0.0] * 6, [0.1, 0.1, 0.2, 0.2, 0.6, 0.6], [0.0] * 6, level_kwh=1.35)
    answer = solve(home, end_value_per_kwh=0.0)
    assert answer.battery_kw[:2].sum() == pytest.approx(-4.0 / 0.95**2, abs=1e-4)
    np.testing.assert_allclose(answer.grid_kw[2:], 0.0, atol=1e-4)
    assert answer.gap <= 0.01
    assert answer.status == "optimal"


def test_small_spreads_do_not_pay_for_losses_and_wear() -> None:
    home = problem([1.0] * 4, [0.0] * 4, [0.20, 0.20, 0.23, 0.23], [0.0] * 4, level_kwh=1.35)
    worn = replace(home, battery=replace(POWERWALL, wear_per_kwh=0.05))
    assert solve(home, end_value_per_kwh=0.0).battery_kw.min() < -0.5
    np.testing.assert_allclose(solve(worn, end_value_per_kwh=0.0).battery_kw, 0.0, atol=1e-6)


def test_selling_dearer_than_buying_is_no_money_machine() -> None:
    """Nothing may be bought and sold at once, now or at any later time."""
    home = problem([1.0] * 30, [0.0] * 30, [0.10] * 30, [0.50] * 30, level_kwh=1.35)
    for near in (timedelta(0), timedelta(hours=3), ALL):
        answer = solve(home, near=near, end_value_per_kwh=0.0, time_limit_s=20.0)
        judge(home, median_scenario(home), answer, 0.0)
        assert answer.expected_cost >= -12 * 30 * 0.5


def test_negative_prices_fill_the_battery_once() -> None:
    home = problem([0.5] * 4, [0.0] * 4, [-0.3, -0.3, -0.3, 0.3], [-0.4] * 4, level_kwh=13.5)
    answer = solve(home, end_value_per_kwh=0.0)
    # Covering the house and filling up again takes a little more of what is paid for; burning would take far more.
    judge(home, median_scenario(home), answer, 0.0)
    assert answer.level_kwh[2] == pytest.approx(13.5)
    assert np.clip(-answer.battery_kw, 0.0, None).sum() <= 1.2
    assert answer.battery_kw[3] == pytest.approx(0.5)


def test_room_is_made_before_taking_energy_pays() -> None:
    home = problem([0.5] * 6, [0.0] * 6, [0.1, 0.1, 0.1, -0.5, -0.5, -0.5], [0.0] * 6, level_kwh=13.5)
    answer = solve(home, end_value_per_kwh=0.0)
    assert answer.level_kwh[2] < 2.0
    assert answer.battery_kw[3:].min() == pytest.approx(-5.0)


def test_what_the_inverter_cuts_off_at_a_full_grid_is_stored_first() -> None:
    home = problem(
        [0.0] * 3,
        [0.0, 8.0, 8.0],
        [0.3] * 3,
        [0.1] * 3,
        level_kwh=1.35,
        grid=GridLimits(max_import_kw=9.0, max_export_kw=4.0),
    )
    answer = solve(home, end_value_per_kwh=0.2)
    np.testing.assert_allclose(answer.runs[0].spilled_kw, 0.0, atol=1e-4)
    np.testing.assert_allclose(answer.battery_kw[1:], -5.0, atol=1.1)


def test_a_load_above_the_limit_is_no_reason_to_give_up() -> None:
    home = problem([12.0] * 2, [0.0] * 2, [0.1, 0.4], [0.0] * 2, grid=GridLimits(max_import_kw=9.0, max_export_kw=0.0))
    answer = solve(home, end_value_per_kwh=0.0)
    assert answer.battery_kw[0] > -1e-6
    judge(home, median_scenario(home), answer, 0.0)


def test_below_the_reserve_the_battery_only_fills() -> None:
    home = problem([1.0] * 8, [0.0] * 8, [0.1] * 4 + [0.6] * 4, [0.0] * 8, level_kwh=1.0)
    high = replace(home, battery=replace(POWERWALL, reserve_kwh=6.0))
    answer = solve(high, end_value_per_kwh=0.0, near=ALL)
    judge(high, median_scenario(high), answer, 0.0)
    # Filling ten kWh at 0.1 to save four at 0.6 pays; before that nothing is given.
    assert answer.level_kwh[3] >= 6.0
    assert answer.battery_kw[4:].min() > 0.9
    dear = replace(high, import_per_kwh=np.full_like(high.import_per_kwh, 0.3))
    np.testing.assert_allclose(solve(dear, end_value_per_kwh=0.0, near=ALL).battery_kw, 0.0, atol=1e-6)


def test_a_hair_below_the_reserve_is_as_good_as_at_it() -> None:
    home = problem([1.0] * 4, [2.0, 0.0, 0.0, 0.0], [0.3] * 4, [0.1] * 4, level_kwh=1.3)
    answer = solve(home, end_value_per_kwh=0.0)
    judge(home, median_scenario(home), answer, 0.0)
    assert answer.battery_kw[1:].sum() == pytest.approx(0.95 * (0.95 - 0.05), abs=0.05)


def test_the_peak_of_the_month_is_shaved() -> None:
    home = problem([1.0, 6.0, 1.0], [0.0] * 3, [0.2] * 3, [0.0] * 3, level_kwh=8.0)
    charged = replace(home, peak_per_kw=10.0, peak_so_far_kw=2.5)
    answer = solve(charged, end_value_per_kwh=0.195)
    assert answer.grid_kw.max() == pytest.approx(2.5, abs=1e-4)
    judge(charged, median_scenario(charged), answer, 0.195)
    assert solve(home, end_value_per_kwh=0.195).grid_kw.max() == pytest.approx(6.0)


def test_a_path_without_forced_charging_only_stores_surplus() -> None:
    home = problem([1.0] * 4, [0.0, 3.0, 0.0, 0.0], [0.05, 0.05, 0.6, 0.6], [0.5] * 4, level_kwh=3.0)
    kinds = {DecisionKind.SELF_CONSUMPTION: Means(), DecisionKind.HOLD: Means()}
    answer = solve(replace(home, means=kinds), end_value_per_kwh=0.0)
    assert answer.battery_kw[0] == pytest.approx(0.0, abs=1e-6)
    assert answer.battery_kw.min() >= -2.0 - 1e-6
    assert answer.battery_kw.max() <= 1.0 + 1e-6
    slow = {**kinds, DecisionKind.CHARGE: Means(power_kw=1.7)}
    empty = replace(home, means=slow, level_kwh=1.35, solar_kw=np.zeros_like(home.solar_kw))
    assert solve(empty, end_value_per_kwh=0.0).battery_kw.min() >= -1.7 - 1e-6
    assert solve(empty, end_value_per_kwh=0.0).battery_kw[:2].sum() == pytest.approx(-2.0 / 0.95**2, abs=1e-4)


def test_the_marginal_value_is_what_a_kwh_more_saves() -> None:
    rng = np.random.default_rng(4)
    n = 40
    home = problem(
        list(rng.uniform(0.2, 2.0, n)),
        list(np.maximum(rng.uniform(-4.0, 4.0, n), 0.0)),
        list(rng.uniform(0.1, 0.5, n)),
        list(rng.uniform(0.0, 0.1, n)),
        minutes=30,
    )
    answer = solve(home, gap=0.0)
    more = solve(replace(home, level_kwh=home.level_kwh + 0.01), gap=0.0)
    less = solve(replace(home, level_kwh=home.level_kwh - 0.01), gap=0.0)
    next_saves = (answer.expected_cost - more.expected_cost) / 0.01
    last_saved = (less.expected_cost - answer.expected_cost) / 0.01
    assert next_saves - 1e-3 <= answer.marginal_per_kwh[0] <= last_saved + 1e-3
    assert answer.marginal_per_kwh[-1] <= default_end_value(home) + 1e-6 or answer.level_kwh[-1] < 1.36


def test_scenarios_share_their_first_steps_and_nothing_more() -> None:
    base = problem([1.0] * 6, [3.0, 3.0, 3.0, 0.0, 0.0, 0.0], [0.3] * 6, [0.05] * 6, level_kwh=3.0)
    spread = np.array([0.5, 0.8, 1.0, 1.3, 2.0])[:, None]
    home = replace(base, load_kw=base.load_kw * spread, solar_kw=base.solar_kw * spread[::-1] * 0.5)
    for paths in (quantile_scenarios(home, 0.5), sampled_scenarios(home, 6, seed=3)):
        answer = solve(home, paths, common_steps=2)
        judge(home, paths, answer, default_end_value(home, paths))
        powers = np.array([run.battery_kw for run in answer.runs])
        assert np.ptp(powers[:, :2], axis=0).max() < 1e-4
        assert np.ptp(powers[:, 2:], axis=0).max() > 0.1
        assert answer.expected_cost == pytest.approx(sum(run.weight * run.cost for run in answer.runs))


def test_the_value_of_what_is_left_leaves_losses_wear_and_spikes_out() -> None:
    home = problem([1.0] * 20, [0.0] * 20, [0.2] * 19 + [15.0], [0.1] * 20)
    assert default_end_value(home) == pytest.approx(0.95 * 0.2)
    worn = replace(home, battery=replace(POWERWALL, wear_per_kwh=0.5))
    assert default_end_value(worn) == 0.0


def test_the_same_question_has_the_same_answer() -> None:
    rng = np.random.default_rng(1)
    home = problem(*(list(rng.uniform(-0.1 if i > 1 else 0.0, 0.5, 60)) for i in range(4)), minutes=15)
    first, second = solve(home, time_limit_s=20.0), solve(home, time_limit_s=20.0)
    np.testing.assert_array_equal(first.battery_kw, second.battery_kw)


def test_no_time_is_no_optimum() -> None:
    home = problem([1.0] * 4, [0.0] * 4, [0.2] * 4, [0.0] * 4)
    with pytest.raises(NoOptimumError, match="time"):
        solve(home, time_limit_s=0.0)


def test_another_user_of_the_solver_in_the_same_thread_is_no_obstacle() -> None:
    """HiGHS refuses to run with another number of threads than the first one that ran."""
    home = problem([1.0] * 4, [0.0] * 4, [0.2] * 4, [0.0] * 4)
    highspy.Highs.resetGlobalScheduler(True)
    try:
        other = highspy.Highs()
        other.setOptionValue("output_flag", False)
        other.setOptionValue("threads", 2)
        other.addVar(0.0, 1.0)
        other.run()
        assert solve(home).status == "optimal"
    finally:
        highspy.Highs.resetGlobalScheduler(True)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"level_kwh": float("nan")}, "level_kwh"),
        ({"load_kw": np.full((5, 4), np.nan)}, "load_kw"),
        ({"solar_kw": np.full((5, 4), -1.0)}, "solar_kw"),
        ({"import_per_kwh": np.full((5, 4), np.inf)}, "import_per_kwh"),
        ({"export_per_kwh": np.full((5, 3), 0.1)}, "export_per_kwh"),
        ({"battery": replace(POWERWALL, charge_efficiency=0.0)}, "charge_efficiency"),
        ({"battery": replace(POWERWALL, capacity_kwh=-1.0)}, "capacity_kwh"),
        ({"grid": GridLimits(max_import_kw=float("nan"), max_export_kw=1.0)}, "max_import_kw"),
        ({"peak_per_kw": -1.0}, "peak_per_kw"),
    ],
)
def test_what_cannot_be_computed_with_is_named(changes: dict, named: str) -> None:
    home = problem([1.0] * 4, [0.0] * 4, [0.2] * 4, [0.0] * 4)
    with pytest.raises(ValueError, match=named):
        solve(replace(home, **changes))


def test_the_rest_of_the_question_is_checked_too() -> None:
    home = problem([1.0] * 4, [0.0] * 4, [0.2] * 4, [0.0] * 4)
    path = median_scenario(home)[0]
    with pytest.raises(ValueError, match="weights"):
        solve(home, (path, path))
    with pytest.raises(ValueError, match="edges"):
        solve(replace(home, edges=home.edges[:1]))
    with pytest.raises(ValueError, match="end_value_per_kwh"):
        solve(home, end_value_per_kwh=float("nan"))
