"""What is decided in homes where the best decision is plain, and how long it stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.battery import BatteryModel
from custom_components.energy_optimizer.core.model.contract import ConnectionRule, GridLimits
from custom_components.energy_optimizer.core.model.decision import Decision, DecisionKind
from custom_components.energy_optimizer.core.model.forecast import QUANTILES, Floats
from custom_components.energy_optimizer.core.model.loads import FlexibleLoad, VehicleLoad
from custom_components.energy_optimizer.core.model.plan import ReasonKey
from custom_components.energy_optimizer.core.planning.optimum import solve
from custom_components.energy_optimizer.core.planning.planner import make_plan, standing_of
from custom_components.energy_optimizer.core.planning.problem import Means, PlanningProblem
from custom_components.energy_optimizer.core.planning.recourse import Recourse

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def rows(values: list[float]) -> Floats:
    return np.repeat(np.array([values]), len(QUANTILES), axis=0)


def home(
    load: list[float], solar: list[float], buy: list[float], sell: list[float], level_kwh: float = 6.0
) -> PlanningProblem:
    return PlanningProblem(
        now=NOW,
        edges=tuple(NOW + hour * HOUR for hour in range(len(load) + 1)),
        load_kw=rows(load),
        solar_kw=rows(solar),
        import_per_kwh=rows(buy),
        export_per_kwh=rows(sell),
        level_kwh=level_kwh,
        battery=BatteryModel(
            capacity_kwh=13.5,
            reserve_kwh=2.7,
            max_charge_kw=5.0,
            max_discharge_kw=5.0,
            charge_efficiency=0.95,
            discharge_efficiency=0.95,
        ),
        grid=GridLimits(max_import_kw=15.0, max_export_kw=10.0),
        risk=0.0,
    )


def test_cheap_hours_fill_the_battery_for_dear_ones() -> None:
    plan = make_plan(home([0.5] * 6, [0.0] * 6, [0.1, 0.1, 0.3, 0.6, 0.6, 0.6], [0.02] * 6, level_kwh=2.7))
    assert plan.steps[0].decision.kind is DecisionKind.CHARGE
    assert plan.steps[0].reason.key is ReasonKey.BUY_CHEAP
    assert plan.steps[0].reason.price_per_kwh == pytest.approx(0.1)
    assert plan.steps[4].decision.kind is DecisionKind.SELF_CONSUMPTION
    assert plan.steps[4].reason.key is ReasonKey.COVER_HOUSE


def test_what_is_stored_waits_for_the_dear_evening() -> None:
    plan = make_plan(home([1.0, 1.0, 4.0], [0.0] * 3, [0.50, 0.50, 0.54], [0.05] * 3, level_kwh=6.0))
    assert plan.steps[0].decision.kind is DecisionKind.HOLD
    reason = plan.steps[0].reason
    assert reason.key is ReasonKey.KEEP_FOR_LATER
    assert reason.price_per_kwh == pytest.approx(0.50)
    assert reason.later_per_kwh == pytest.approx(0.54, abs=0.01)


def test_a_dear_export_empties_the_battery_where_the_contract_allows_it() -> None:
    problem = home([0.3] * 4, [0.0] * 4, [0.25] * 4, [0.9, 0.05, 0.05, 0.05], level_kwh=12.0)
    assert make_plan(problem).steps[0].decision == Decision(kind=DecisionKind.DISCHARGE, power_kw=5.0)
    bound = make_plan(replace(problem, rule=ConnectionRule.NO_EXPORT)).steps[0]
    assert bound.decision.kind is DecisionKind.SELF_CONSUMPTION
    assert bound.grid_kw == pytest.approx(0.0)


def test_under_net_billing_nothing_is_bought_for_the_battery() -> None:
    problem = home([0.5] * 4, [0.4, 0.0, 0.0, 0.0], [0.05, 0.9, 0.9, 0.9], [0.01] * 4, level_kwh=3.0)
    plan = make_plan(replace(problem, rule=ConnectionRule.SUN_ONLY))
    assert plan.steps[0].battery_kw == pytest.approx(-0.4), "the sun goes into the battery, the house buys"


def test_whoever_is_paid_to_take_takes() -> None:
    plan = make_plan(home([0.5] * 3, [0.0] * 3, [-0.2, 0.2, 0.2], [-0.25, 0.05, 0.05], level_kwh=3.0))
    assert plan.steps[0].decision.kind is DecisionKind.CHARGE
    assert plan.steps[0].reason.key is ReasonKey.PAID_TO_TAKE


def test_surplus_is_sold_first_where_the_battery_fills_later_anyway() -> None:
    problem = home([0.2] * 6, [4.0] * 4 + [0.0] * 2, [0.3] * 6, [0.2, 0.2, 0.02, 0.02, 0.0, 0.0], level_kwh=6.0)
    assert make_plan(problem).steps[0].decision.kind is DecisionKind.EXPORT_SOLAR
    assert make_plan(problem).steps[0].reason.key is ReasonKey.SELL_SURPLUS


def test_a_path_that_can_only_follow_the_house_is_planned_so() -> None:
    problem = home([0.5] * 6, [0.0] * 6, [0.1, 0.1, 0.3, 0.6, 0.6, 0.6], [0.02] * 6)
    plan = make_plan(replace(problem, means={DecisionKind.SELF_CONSUMPTION: Means()}))
    assert {step.decision.kind for step in plan.steps} == {DecisionKind.SELF_CONSUMPTION}
    assert plan.expected_cost == pytest.approx(plan.self_consumption_cost)


def test_a_path_with_one_power_is_planned_with_it() -> None:
    problem = home([0.5] * 6, [0.0] * 6, [0.1, 0.1, 0.3, 0.6, 0.6, 0.6], [0.02] * 6, level_kwh=2.7)
    means = {DecisionKind.SELF_CONSUMPTION: Means(), DecisionKind.CHARGE: Means(power_kw=1.7, adjustable=False)}
    assert make_plan(replace(problem, means=means)).steps[0].decision.power_kw == pytest.approx(1.7)


def test_an_uncertain_price_is_waited_for_when_waiting_may_pay() -> None:
    """Half of the time the next hour is very dear: what is stored is kept until that is known."""
    problem = home([2.0, 2.0], [0.0, 0.0], [0.3, 0.3], [0.0, 0.0], level_kwh=4.7)
    spread = problem.import_per_kwh.copy()
    spread[:, 1] = [0.05, 0.1, 0.2, 0.9, 1.2]
    waits = {kind: Means() for kind in (DecisionKind.SELF_CONSUMPTION, DecisionKind.HOLD)}
    assert make_plan(problem).steps[0].decision.kind is DecisionKind.SELF_CONSUMPTION
    doubtful = replace(problem, import_per_kwh=spread, means=waits)
    assert make_plan(doubtful).steps[0].decision.kind is DecisionKind.HOLD


def test_a_decision_stands_for_a_quarter_of_an_hour_unless_a_price_changes() -> None:
    calm = home([1.0] * 3, [0.0] * 3, [0.3, 0.2, 0.2], [0.05] * 3)
    holding = home([1.0, 4.0, 4.0], [0.0] * 3, [0.30, 0.32, 0.32], [0.05] * 3)
    first = make_plan(holding)
    assert first.steps[0].decision.kind is DecisionKind.HOLD
    soon, later = NOW + timedelta(minutes=5), NOW + timedelta(minutes=20)
    kept = make_plan(replace(calm, now=soon), first)
    assert kept.steps[0].decision.kind is DecisionKind.HOLD
    assert kept.decided_at == NOW
    left = make_plan(replace(calm, now=later), first)
    assert left.steps[0].decision.kind is DecisionKind.SELF_CONSUMPTION
    assert left.decided_at == later


def test_what_is_worth_hardly_more_changes_nothing() -> None:
    """Holding is worth a hair more here; a battery that follows the house goes on following it."""
    problem = home([1.0] * 4, [0.0] * 4, [0.300, 0.302, 0.302, 0.302], [0.0] * 4, level_kwh=4.7)
    alone = make_plan(problem)
    calm = make_plan(home([1.0] * 4, [0.0] * 4, [0.3] * 4, [0.0] * 4, level_kwh=12.0))
    assert alone.steps[0].decision.kind is DecisionKind.HOLD
    after = make_plan(replace(problem, now=NOW + timedelta(minutes=30)), calm)
    assert after.steps[0].decision.kind is DecisionKind.SELF_CONSUMPTION


def test_what_stands_is_read_from_the_plan_before() -> None:
    plan = make_plan(home([1.0] * 3, [0.0] * 3, [0.3, 0.3, 0.9], [0.05] * 3))
    stands = standing_of(plan, NOW + timedelta(minutes=90))
    assert stands is not None
    assert stands.decision == plan.steps[1].decision
    assert standing_of(plan, NOW + timedelta(hours=9)) is None
    assert standing_of(None, NOW) is None


def test_a_stored_kwh_is_worth_what_it_will_save() -> None:
    waits = {kind: Means() for kind in (DecisionKind.SELF_CONSUMPTION, DecisionKind.HOLD)}
    problem = home([3.0, 3.0], [0.0, 0.0], [0.2, 0.5], [0.0, 0.0], level_kwh=4.0)
    recourse = Recourse(replace(problem, means=waits))
    assert recourse.marginal_per_kwh(0, 4.0) == pytest.approx(0.5 * 0.95, rel=0.02), "the dear hour lacks it"
    assert recourse.marginal_per_kwh(0, 13.0) == pytest.approx(0.35 * 0.95, rel=0.02), "it is left in the end"


def test_consumers_are_placed_and_the_battery_knows_of_them() -> None:
    load = FlexibleLoad(name="water", power_kw=2.0, energy_kwh=2.0, ready_by=NOW + 4 * HOUR)
    problem = home([0.2] * 4, [0.0] * 4, [0.5, 0.5, 0.1, 0.5], [0.02] * 4, level_kwh=2.7)
    plan = make_plan(replace(problem, loads=(load,)))
    assert [step.placed_kw["water"] for step in plan.steps] == pytest.approx([0.0, 0.0, 2.0, 0.0])
    assert plan.steps[2].grid_kw >= 2.2


def test_consumers_do_not_count_on_the_battery_to_spare_the_connection() -> None:
    car = VehicleLoad(name="car", min_kw=1.4, max_kw=7.0, energy_kwh=12.0, ready_by=NOW + 4 * HOUR)
    problem = home([1.0] * 4, [0.0] * 4, [0.1, 0.1, 0.5, 0.5], [0.02] * 4, level_kwh=13.0)
    problem = replace(problem, vehicles=(car,), grid=GridLimits(max_import_kw=4.0, max_export_kw=4.0))
    assert solve(problem).placed_kw["car"].max() > 3.5
    plan = make_plan(problem)
    assert max(step.placed_kw["car"] for step in plan.steps) == pytest.approx(3.0)
    assert sum(step.placed_kw["car"] for step in plan.steps) == pytest.approx(12.0)
    assert max(step.grid_kw for step in plan.steps) <= 4.0 + 1e-6


def test_nonsense_is_refused_by_name() -> None:
    problem = home([0.5] * 2, [0.0] * 2, [0.1, float("nan")], [0.02] * 2)
    with pytest.raises(ValueError, match="import"):
        make_plan(problem)


def test_a_full_battery_is_not_left_charging() -> None:
    charging = make_plan(home([0.0] * 3, [0.0] * 3, [0.1, 0.5, 0.5], [0.0] * 3, level_kwh=12.0))
    assert charging.steps[0].decision.kind is DecisionKind.CHARGE
    full = home([0.0] * 3, [0.0] * 3, [0.1, 0.1, 0.1], [0.0] * 3, level_kwh=13.5)
    after = make_plan(replace(full, now=NOW + timedelta(minutes=20)), charging)
    assert after.steps[0].decision.kind is DecisionKind.SELF_CONSUMPTION
