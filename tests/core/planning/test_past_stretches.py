"""What was decided for how long, and what the battery did."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.planning.past_stretches import past_stretches
from custom_components.energy_optimizer.core.planning.plan_history import PastStep

NOON = datetime(2026, 6, 10, 12, tzinfo=UTC)
HOLD, CHARGE = DecisionKind.HOLD, DecisionKind.CHARGE


def past(*steps: tuple[int, DecisionKind | None, float | None]) -> list[PastStep]:
    return [
        PastStep(
            starts_at=NOON + timedelta(minutes=minute),
            decision=decision,
            planned_battery_kw=None,
            planned_level_kwh=None,
            load_kw=None,
            solar_kw=None,
            battery_kw=battery_kw,
            grid_kw=None,
            level_percent=None,
        )
        for minute, decision, battery_kw in steps
    ]


def test_neighbours_that_decided_the_same_are_one() -> None:
    steps = past((0, HOLD, 0.0), (5, HOLD, 0.0), (10, CHARGE, -3.0), (15, CHARGE, -3.0))
    found = [
        (each.starts_at.minute, each.ends_at.minute, each.decision)
        for each in past_stretches(steps, NOON.replace(hour=13))
    ]
    assert found == [(0, 10, HOLD), (10, 20, CHARGE)]


def test_a_gap_and_a_time_without_a_plan_part_what_is_alike() -> None:
    steps = past((0, HOLD, 0.0), (10, HOLD, 0.0), (15, None, 0.0), (20, HOLD, 0.0))
    found = [each.starts_at.minute for each in past_stretches(steps, NOON.replace(hour=13))]
    assert found == [0, 10, 20]


def test_what_has_not_ended_is_not_past() -> None:
    steps = past((0, HOLD, 0.0), (5, HOLD, 0.0))
    (stretch,) = past_stretches(steps, NOON + timedelta(minutes=9))
    assert stretch.ends_at == NOON + timedelta(minutes=5)


def test_energies_are_known_only_if_they_were_measured_all_the_time() -> None:
    (stretch,) = past_stretches(past((0, CHARGE, -3.0), (5, CHARGE, 1.2)), NOON.replace(hour=13))
    assert stretch.energies_kwh == pytest.approx((0.25, 0.1))
    (partly,) = past_stretches(past((0, CHARGE, -3.0), (5, CHARGE, None)), NOON.replace(hour=13))
    assert partly.energies_kwh is None
