"""What a plan expects a while to cost."""

from datetime import UTC, datetime, timedelta
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.planning.expected_cost import expected_cost
from tests.planned_homes import Part, plan_of

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_buying_costs_and_selling_earns() -> None:
    plan = plan_of(
        NOON, Part(hours=1, grid_kw=2.0, import_per_kwh=0.4), Part(hours=1, grid_kw=-3.0, export_per_kwh=0.1)
    )
    assert expected_cost(plan, NOON, NOON + HOUR) == pytest.approx(0.8)
    assert expected_cost(plan, NOON, NOON + 2 * HOUR) == pytest.approx(0.5)


def test_a_step_counts_by_its_share() -> None:
    plan = plan_of(NOON, Part(hours=1, grid_kw=2.0, import_per_kwh=0.4, step=HOUR))
    assert expected_cost(plan, NOON + HOUR / 4, NOON + HOUR / 2) == pytest.approx(0.2)


@pytest.mark.parametrize(("starts", "ends"), [(-1, 1), (0, 3), (3, 4)])
def test_what_the_plan_does_not_reach_is_unknown(starts: int, ends: int) -> None:
    plan = plan_of(NOON, Part(hours=2))
    assert expected_cost(plan, NOON + starts * HOUR, NOON + ends * HOUR) is None


def test_an_unknown_price_makes_only_its_own_time_unknown() -> None:
    plan = plan_of(NOON, Part(hours=1), Part(hours=1, import_per_kwh=nan))
    assert expected_cost(plan, NOON, NOON + HOUR) == pytest.approx(0.3)
    assert expected_cost(plan, NOON, NOON + 2 * HOUR) is None


def test_no_time_costs_nothing() -> None:
    assert expected_cost(plan_of(NOON, Part(hours=1)), NOON + HOUR, NOON + HOUR) == 0.0


@given(cut=st.integers(0, 240), grid=st.lists(st.floats(-10, 10), min_size=4, max_size=4))
def test_two_parts_cost_what_the_whole_costs(cut: int, grid: list[float]) -> None:
    plan = plan_of(NOON, *(Part(hours=1, grid_kw=power) for power in grid))
    ends, between = NOON + 4 * HOUR, NOON + timedelta(minutes=cut)
    whole, first, rest = (expected_cost(plan, *span) for span in ((NOON, ends), (NOON, between), (between, ends)))
    assert None not in (whole, first, rest)
    assert first + rest == pytest.approx(whole, abs=1e-9)
