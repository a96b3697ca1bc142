"""What was planned for the last day and what happened."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.model.powerwall import PowerwallReading
from custom_components.energy_optimizer.core.planning.plan_history import PlanHistory
from tests.planned_homes import Part, plan_of

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
PLAN = plan_of(NOON, Part(hours=2, kind=DecisionKind.HOLD, battery_kw=-1.0))


def reading(seconds: float, **kw: float | None) -> PowerwallReading:
    return PowerwallReading(taken_at=NOON + timedelta(seconds=seconds), **kw)


def test_a_step_holds_means_the_last_level_and_what_the_plan_expected_at_its_start() -> None:
    history = PlanHistory()
    history.take_in(reading(10, home_kw=1.0, battery_kw=-1.0, level_percent=50.0), PLAN)
    history.take_in(reading(200, home_kw=3.0, battery_kw=-2.0, level_percent=51.0), None)
    assert not history.steps
    history.take_in(reading(301, home_kw=9.0), PLAN)
    (step,) = history.steps
    assert (step.starts_at, step.decision) == (NOON, DecisionKind.HOLD)
    assert (step.planned_battery_kw, step.planned_level_kwh) == (-1.0, pytest.approx(PLAN.steps[0].level_kwh))
    assert (step.load_kw, step.battery_kw, step.level_percent) == (2.0, -1.5, 51.0)
    assert (step.solar_kw, step.grid_kw) == (None, None)


def test_without_a_plan_only_what_happened_is_kept() -> None:
    history = PlanHistory()
    for seconds in (0, 300):
        history.take_in(reading(seconds, solar_kw=2.0), None)
    (step,) = history.steps
    assert (step.decision, step.planned_battery_kw, step.planned_level_kwh) == (None, None, None)
    assert (step.solar_kw, step.level_percent) == (2.0, None)


def test_times_without_readings_leave_no_steps() -> None:
    history = PlanHistory()
    for minute in (0, 5, 60, 65):
        history.take_in(reading(60 * minute, home_kw=1.0), PLAN)
    assert [step.starts_at.minute for step in history.steps] == [0, 5, 0]
    assert [step.decision for step in history.steps] == [DecisionKind.HOLD] * 3


def test_a_day_is_kept() -> None:
    history = PlanHistory()
    for minute in range(0, 60 * 30, 5):
        history.take_in(reading(60 * minute, home_kw=1.0), None)
    assert len(history.steps) == 288
    assert history.steps[-1].starts_at - history.steps[0].starts_at == timedelta(hours=24) - timedelta(minutes=5)
