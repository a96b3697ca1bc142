"""Energies since local midnight."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.accounting.day import DayEnergy
from custom_components.energy_optimizer.core.model.energy import EnergyTotals

PARIS = ZoneInfo("Europe/Paris")
KOLKATA = ZoneInfo("Asia/Kolkata")


def book(at: datetime, zone: ZoneInfo, **totals: float) -> DayEnergy:
    return DayEnergy(day=at.astimezone(zone).date(), last_at=at, last=EnergyTotals(**totals))


def test_what_a_counter_gains_is_todays() -> None:
    at = datetime(2026, 6, 1, 8, tzinfo=UTC)
    day = book(at, PARIS, solar_kwh=100.0).advance(EnergyTotals(solar_kwh=101.5), at + timedelta(seconds=10), PARIS)
    assert day.today.solar_kwh == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        (PARIS, datetime(2026, 3, 29, 23, tzinfo=UTC) - timedelta(hours=1)),  # the day before had 23 hours
        (PARIS, datetime(2026, 10, 25, 23, tzinfo=UTC)),  # and here 25
        (PARIS, datetime(2027, 12, 31, 23, tzinfo=UTC)),
        (PARIS, datetime(2028, 2, 28, 23, tzinfo=UTC)),
        (KOLKATA, datetime(2026, 6, 1, 18, 30, tzinfo=UTC)),
    ],
)
def test_local_midnight_starts_anew(zone, midnight) -> None:
    before, after = midnight - timedelta(minutes=1), midnight + timedelta(minutes=3)
    day = book(before, zone, home_kwh=10.0).advance(EnergyTotals(home_kwh=14.0), after, zone)
    assert day.day == before.astimezone(zone).date() + timedelta(days=1)
    assert day.today.home_kwh == pytest.approx(3.0)  # three of the four minutes


def test_days_without_us_are_spread_evenly() -> None:
    at = datetime(2026, 6, 1, 10, tzinfo=UTC)
    day = book(at, PARIS, home_kwh=10.0).advance(EnergyTotals(home_kwh=58.0), at + timedelta(days=2), PARIS)
    assert day.day == date(2026, 6, 3)
    assert day.today.home_kwh == pytest.approx(12.0)  # twelve of the 48 hours


def test_a_lower_counter_starts_anew() -> None:
    at = datetime(2026, 6, 1, 10, tzinfo=UTC)
    day = book(at, PARIS, solar_kwh=1000.0)
    for seconds, total in ((10, 1001.0), (20, 0.5), (30, 0.75)):
        day = day.advance(EnergyTotals(solar_kwh=total), at + timedelta(seconds=seconds), PARIS)
    assert day.today.solar_kwh == pytest.approx(1.25)


def test_a_silent_counter_catches_up() -> None:
    at = datetime(2026, 6, 1, 10, tzinfo=UTC)
    day = book(at, PARIS, solar_kwh=5.0)
    for seconds, total in ((10, None), (20, 7.0)):
        day = day.advance(EnergyTotals(solar_kwh=total), at + timedelta(seconds=seconds), PARIS)
    assert day.today.solar_kwh == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("today", "consumed", "sufficient"),
    [
        (EnergyTotals(), None, None),
        (EnergyTotals(solar_kwh=0.001, grid_export_kwh=0.0, home_kwh=0.0, grid_import_kwh=0.0), None, None),
        (EnergyTotals(solar_kwh=10, grid_export_kwh=4, home_kwh=8, grid_import_kwh=2), 60, 75),
        (EnergyTotals(solar_kwh=1, grid_export_kwh=4, home_kwh=8, grid_import_kwh=12), 0, 0),
        (EnergyTotals(solar_kwh=None, grid_export_kwh=4, home_kwh=None, grid_import_kwh=2), None, None),
    ],
)
def test_shares(today, consumed, sufficient) -> None:
    day = DayEnergy(day=date(2026, 6, 1), last_at=datetime(2026, 6, 1, tzinfo=UTC), today=today)
    assert day.self_consumption_percent == (None if consumed is None else pytest.approx(consumed))
    assert day.self_sufficiency_percent == (None if sufficient is None else pytest.approx(sufficient))


@given(st.lists(st.tuples(st.floats(0, 50), st.integers(1, 600)), min_size=1, max_size=60))
def test_a_days_gains_add_up(steps: list[tuple[float, int]]) -> None:
    at, total = datetime(2026, 6, 1, 0, tzinfo=UTC), 0.0
    zone = ZoneInfo("UTC")
    day = book(at, zone, home_kwh=0.0)
    for gain, seconds in steps:
        at, total = at + timedelta(seconds=seconds), total + gain
        day = day.advance(EnergyTotals(home_kwh=total), at, zone)
    assert day.today.home_kwh == pytest.approx(total)
