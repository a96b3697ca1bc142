"""Energy from power."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.accounting.integration import flowed
from custom_components.energy_optimizer.core.model.powerwall import PowerwallReading

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
powers = st.floats(-20, 20, allow_subnormal=False)


def pair(before_kw: float | None, after_kw: float | None, seconds: float) -> tuple[PowerwallReading, PowerwallReading]:
    before = PowerwallReading(taken_at=START, grid_kw=before_kw)
    return before, replace(before, taken_at=START + timedelta(seconds=seconds), grid_kw=after_kw)


@pytest.mark.parametrize(
    ("before_kw", "after_kw", "imported", "exported"),
    [
        (6.0, 6.0, 0.1, 0.0),
        (0.0, 12.0, 0.1, 0.0),
        (-6.0, -6.0, 0.0, 0.1),
        (6.0, -6.0, 0.025, 0.025),
        (-3.0, 9.0, 0.05625, 0.00625),
    ],
)
def test_a_minute(before_kw, after_kw, imported, exported) -> None:
    added = flowed(*pair(before_kw, after_kw, 60))
    assert added["grid_import_kwh"] == pytest.approx(imported)
    assert added["grid_export_kwh"] == pytest.approx(exported)


def test_nothing_is_invented_across_a_gap() -> None:
    assert flowed(*pair(5, 5, 300))["grid_import_kwh"] == pytest.approx(5 / 12)
    assert flowed(*pair(5, 5, 301)) == {}


@pytest.mark.parametrize("seconds", [0, -10])
def test_a_clock_that_stands_or_jumps_back_adds_nothing(seconds) -> None:
    assert flowed(*pair(5, 5, seconds)) == {}


@pytest.mark.parametrize(("before_kw", "after_kw"), [(None, 5.0), (5.0, None)])
def test_unknown_power_is_no_zero(before_kw, after_kw) -> None:
    assert "grid_import_kwh" not in flowed(*pair(before_kw, after_kw, 60))


def test_a_power_that_nobody_reports_any_more_adds_nothing() -> None:
    before, after = pair(5, 5, 60)
    assert flowed(before, replace(after, stale=frozenset({"grid_kw"}))) == {}


@given(powers, powers, st.integers(1, 300))
def test_import_less_export_is_the_mean_power(before_kw: float, after_kw: float, seconds: int) -> None:
    added = flowed(*pair(before_kw, after_kw, seconds))
    assert added["grid_import_kwh"] >= 0
    assert added["grid_export_kwh"] >= 0
    mean_kwh = (before_kw + after_kw) / 2 * seconds / 3600
    assert added["grid_import_kwh"] - added["grid_export_kwh"] == pytest.approx(mean_kwh, abs=1e-9)


def test_all_flows_are_counted() -> None:
    before = PowerwallReading(taken_at=START, grid_kw=-1, battery_kw=-2, solar_kw=5, home_kw=2)
    assert flowed(before, replace(before, taken_at=START + timedelta(minutes=3))) == {
        "grid_import_kwh": 0,
        "grid_export_kwh": pytest.approx(0.05),
        "solar_kwh": pytest.approx(0.25),
        "battery_charge_kwh": pytest.approx(0.1),
        "battery_discharge_kwh": 0,
        "home_kwh": pytest.approx(0.1),
    }
