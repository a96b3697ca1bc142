"""What a day costs, against a second count that goes minute by minute, where clocks change and zones are odd."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from custom_components.energy_optimizer.core.accounting.cost import DayCost
from custom_components.energy_optimizer.core.model.energy import EnergyTotals
from custom_components.energy_optimizer.core.tariffs.days import Season
from custom_components.energy_optimizer.core.tariffs.time_of_use import (
    TierPrice,
    TimeOfUsePlan,
    TimeOfUseTariff,
    Window,
)

PLAN = TimeOfUsePlan(
    seasons=(Season(name="All year"),),
    prices=(
        TierPrice(tier="Night", import_per_kwh=0.1, export_per_kwh=0.05),
        TierPrice(tier="Noon", import_per_kwh=-0.02, export_per_kwh=-0.01),
        TierPrice(tier="Day", import_per_kwh=0.3, export_per_kwh=0.08),
    ),
    windows=(
        Window(tier="Night", start_minute=22 * 60, end_minute=2 * 60 + 15),
        Window(tier="Noon", start_minute=12 * 60, end_minute=14 * 60),
    ),
    rest_tier="Day",
)


def price_by_hand(local: datetime) -> tuple[float, float]:
    """Restate ``PLAN``: what a kWh costs and earns at a time of a clock on the wall."""
    if (local.hour, local.minute) < (2, 15) or local.hour >= 22:
        return 0.1, 0.05
    return (-0.02, -0.01) if 12 <= local.hour < 14 else (0.3, 0.08)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Paris", date(2026, 3, 29), 23),
        ("Europe/Paris", date(2026, 10, 25), 25),
        ("America/Los_Angeles", date(2026, 3, 8), 23),
        ("America/Los_Angeles", date(2026, 11, 1), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Asia/Kolkata", date(2026, 5, 20), 24),
        ("Asia/Kathmandu", date(2026, 5, 20), 24),
        ("Africa/Cairo", date(2026, 4, 24), 23),
    ],
)
@pytest.mark.parametrize("every_minutes", [1, 4, 5, 7])
def test_a_day_agrees_with_a_count_minute_by_minute(zone: str, day: date, hours: float, every_minutes: int) -> None:
    """Read every few minutes; the count by hand knows power and price of each minute and nothing of readings.

    Power is steady between readings, so that spreading is exact and both must agree.
    """
    time_zone = ZoneInfo(zone)
    tariff = TimeOfUseTariff(plan=PLAN, time_zone=time_zone)
    at = datetime.combine(day - timedelta(days=1), time(23), time_zone).astimezone(UTC)
    state, imported, exported = DayCost(day=day - timedelta(days=1)), 5000.0, 800.0
    state = state.advance(EnergyTotals(grid_import_kwh=imported, grid_export_kwh=exported), at, tariff, time_zone)
    minutes, energy, cost, earnings = 0, 0.0, 0.0, 0.0
    while True:
        step = int(at.timestamp()) // 60 % 97
        power, back = 0.3 + step / 20, step / 30
        for _ in range(every_minutes):
            local = at.astimezone(time_zone)
            if local.date() == day:
                buy, sell = price_by_hand(local)
                minutes, energy = minutes + 1, energy + power / 60
                cost, earnings = cost + power / 60 * buy, earnings + back / 60 * sell
            at, imported, exported = at + timedelta(minutes=1), imported + power / 60, exported + back / 60
        if at.astimezone(time_zone).date() > day:
            break
        state = state.advance(EnergyTotals(grid_import_kwh=imported, grid_export_kwh=exported), at, tariff, time_zone)
        so_far = (energy, cost, earnings)
        assert state.day == at.astimezone(time_zone).date()
        if state.day == day:
            assert state.bought is not None
            assert (state.bought.kwh, float(state.cost or 0), float(state.earnings or 0)) == pytest.approx(so_far)
    assert minutes == hours * 60
