"""The word for what the home does."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.powerwall import GridStatus, PowerwallReading
from custom_components.energy_optimizer.core.model.system_mode import SystemMode, system_mode

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
powers = st.floats(-15, 15)


def reading(solar: float | None, battery: float | None, grid: float | None, **more) -> PowerwallReading:
    return PowerwallReading(taken_at=NOON, solar_kw=solar, battery_kw=battery, grid_kw=grid, **more)


@pytest.mark.parametrize(
    ("solar", "battery", "grid", "expected"),
    [
        (5.0, -3.0, 0.0, SystemMode.SOLAR_CHARGING_BATTERY),
        (5.0, -3.0, -1.0, SystemMode.SOLAR_CHARGING_BATTERY),
        (5.0, 0.0, -4.0, SystemMode.SOLAR_EXPORTING),
        (2.0, 0.0, 0.0, SystemMode.SOLAR_POWERING_HOME),
        (2.0, 0.0, 0.5, SystemMode.SOLAR_POWERING_HOME),
        (0.0, 5.0, -4.0, SystemMode.EXPORTING_TO_GRID),
        (3.0, 2.0, -4.0, SystemMode.EXPORTING_TO_GRID),
        (0.0, 1.2, 0.0, SystemMode.DRAWING_FROM_BATTERY),
        (0.5, 1.2, 0.0, SystemMode.DRAWING_FROM_BATTERY),
        (0.0, -3.3, 4.0, SystemMode.GRID_CHARGING_BATTERY),
        (0.0, 0.0, 0.8, SystemMode.GRID_POWERED),
        (0.3, 0.0, 0.8, SystemMode.GRID_POWERED),
        (0.0, 0.3, 0.8, SystemMode.GRID_POWERED),
    ],
)
def test_each_mode(solar, battery, grid, expected) -> None:
    assert system_mode(reading(solar, battery, grid)) is expected


def test_meter_noise_is_no_flow() -> None:
    assert system_mode(reading(0.04, 0.03, 0.4)) is SystemMode.GRID_POWERED


def test_an_island_is_off_grid_whatever_flows() -> None:
    assert system_mode(reading(5.0, -3.0, 0.0, grid_status=GridStatus.ISLANDED)) is SystemMode.OFF_GRID


def test_silent_panels_are_not_dark_panels() -> None:
    assert system_mode(reading(None, 0.0, -2.0)) is None
    assert system_mode(reading(None, 0.0, 0.8), has_solar=False) is SystemMode.GRID_POWERED


@pytest.mark.parametrize(("battery", "grid"), [(None, 1.0), (1.0, None), (None, None)])
def test_unknown_powers_give_no_mode(battery, grid) -> None:
    assert system_mode(reading(1.0, battery, grid)) is None


@given(st.floats(0, 15), powers, powers)
def test_names_agree_with_the_flows(solar: float, battery: float, grid: float) -> None:
    mode = system_mode(reading(solar, battery, grid))
    if mode in (SystemMode.SOLAR_EXPORTING, SystemMode.EXPORTING_TO_GRID):
        assert grid < 0
    if mode in (SystemMode.SOLAR_CHARGING_BATTERY, SystemMode.GRID_CHARGING_BATTERY):
        assert battery < 0
    if mode is SystemMode.DRAWING_FROM_BATTERY:
        assert battery > 0
    if mode is SystemMode.GRID_CHARGING_BATTERY:
        assert grid > 0
    if mode is not None and mode.value.startswith("solar"):
        assert solar > 0
