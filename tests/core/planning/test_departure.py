"""When reality has left what a plan was made for."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.battery import BatteryModel
from custom_components.energy_optimizer.core.model.contract import GridLimits
from custom_components.energy_optimizer.core.model.plan import Plan
from custom_components.energy_optimizer.core.model.powerwall import PowerwallReading
from custom_components.energy_optimizer.core.planning.departure import Departure
from custom_components.energy_optimizer.core.planning.planner import make_plan
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
STEPS = 24
LOAD = (0.5, 0.7, 1.0, 1.4, 2.0)
SUN = (2.0, 2.5, 3.0, 3.5, 4.0)


def problem_of(level_kwh: float = 6.0) -> PlanningProblem:
    """Return two hours in which the house lacks between -3.5 and 0 kW."""
    row = np.ones(STEPS)
    return PlanningProblem(
        now=NOON + timedelta(minutes=1),
        edges=tuple(NOON + n * timedelta(minutes=5) for n in range(STEPS + 1)),
        load_kw=np.outer(LOAD, row),
        solar_kw=np.outer(SUN, row),
        import_per_kwh=np.outer([0.3] * 5, row),
        export_per_kwh=np.outer([0.05] * 5, row),
        level_kwh=level_kwh,
        battery=BatteryModel(
            capacity_kwh=13.5,
            reserve_kwh=1.0,
            max_charge_kw=5.0,
            max_discharge_kw=5.0,
            charge_efficiency=0.95,
            discharge_efficiency=0.95,
        ),
        grid=GridLimits(max_import_kw=15.0, max_export_kw=10.0),
    )


PROBLEM = problem_of()
PLAN = make_plan(PROBLEM)


def reading(
    seconds: float, home_kw: float | None = 1.0, solar_kw: float | None = 3.0, off_kwh: float | None = 0.0
) -> PowerwallReading:
    """Return a look at a battery that is *off_kwh* above what the plan expects; ``None`` for an unknown level."""
    at = NOON + timedelta(minutes=1, seconds=seconds)
    level = None if off_kwh is None else (expected(PLAN, at) + off_kwh) / 13.5 * 100
    return PowerwallReading(taken_at=at, home_kw=home_kw, solar_kw=solar_kw, level_percent=level)


def expected(plan: Plan, at: datetime) -> float:
    """Return the level between the ends of the plan's steps."""
    known = [(PROBLEM.now, PROBLEM.level_kwh), *((step.ends_at, step.level_kwh) for step in plan.steps)]
    times = [instant.timestamp() for instant, _ in known]
    return float(np.interp(at.timestamp(), times, [level for _, level in known]))


def test_what_was_foreseen_is_no_news() -> None:
    departure = Departure()
    assert not any(departure.sees(reading(10 * n), PLAN, PROBLEM) for n in range(60))


@pytest.mark.parametrize(("home_kw", "solar_kw"), [(2.5, 1.9), (0.4, 4.5)])
def test_two_readings_in_a_row_outside_tell_once_per_step(home_kw: float, solar_kw: float) -> None:
    departure = Departure()
    told = [n for n in range(60) if departure.sees(reading(10 * n, home_kw, solar_kw), PLAN, PROBLEM)]
    assert told == [1, 24, 54]  # steps begin at 0, 240 and 540 seconds


def test_a_single_reading_outside_is_a_kettle() -> None:
    departure = Departure()
    found = [departure.sees(reading(10 * n, 5.0 if n % 2 else 1.0), PLAN, PROBLEM) for n in range(20)]
    assert not any(found)


def test_powers_that_are_not_known_say_nothing() -> None:
    departure = Departure()
    assert not any(departure.sees(reading(10 * n, None, 0.0), PLAN, PROBLEM) for n in range(5))
    assert not any(departure.sees(reading(10 * n, 9.0, None), PLAN, PROBLEM) for n in range(5))


@pytest.mark.parametrize(
    ("off_kwh", "is_off"), [(0.38, False), (-0.38, False), (0.43, True), (-0.43, True), (None, False)]
)
def test_a_level_off_by_three_percent_is_news(off_kwh: float | None, *, is_off: bool) -> None:
    assert Departure().sees(reading(200, off_kwh=off_kwh), PLAN, PROBLEM) is is_off


def test_beyond_the_plan_there_is_nothing_to_depart_from() -> None:
    late = reading(STEPS * 300 + 10, 9.0, 0.0, off_kwh=-3.0)
    departure = Departure()
    assert not departure.sees(late, PLAN, PROBLEM)
    assert not departure.sees(late, PLAN, PROBLEM)
