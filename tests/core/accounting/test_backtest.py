"""What past days would have cost, added up soundly."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.accounting.backtest import (
    LivedSteps,
    day_costs,
    segments_of,
    self_consumption,
)
from custom_components.energy_optimizer.core.accounting.counterfactual import stored_by
from custom_components.energy_optimizer.core.model.battery import BatteryModel
from custom_components.energy_optimizer.core.model.forecast import Floats

PARIS = ZoneInfo("Europe/Paris")
START = datetime(2026, 10, 23, 22, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
BATTERY = BatteryModel(
    capacity_kwh=10.0,
    reserve_kwh=1.0,
    max_charge_kw=3.0,
    max_discharge_kw=4.0,
    charge_efficiency=0.9,
    discharge_efficiency=0.9,
)


def lived(seed: int, count: int = 146) -> LivedSteps:
    """Return three days, one of them 25 hours long."""
    luck = np.random.default_rng(seed)
    return LivedSteps(
        starts_at=START,
        step=HALF_HOUR,
        load_kw=luck.gamma(1.0, 1.0, count),
        solar_kw=luck.gamma(0.5, 1.5, count),
        import_per_kwh=luck.normal(0.2, 0.2, count),
        export_per_kwh=luck.normal(0.1, 0.1, count),
    )


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), start=st.floats(1.0, 10.0))
def test_days_add_up_to_the_whole(seed: int, start: float) -> None:
    steps = lived(seed)
    segments = segments_of(steps, 0, least=HALF_HOUR)
    assert segments == ((0, 146),)
    following = self_consumption(steps, segments, BATTERY, start)
    nothing = np.zeros(146)
    days = day_costs(steps, segments, {"without": nothing, "following": following}, BATTERY, 0.15, PARIS)
    assert [day.day for day in days] == [date(2026, 10, 24), date(2026, 10, 25), date(2026, 10, 26)]
    grid = steps.load_kw - steps.solar_kw - following
    level = start + sum(stored_by(BATTERY, float(power) / 2) for power in following)
    money = np.where(grid > 0, grid * steps.import_per_kwh, grid * steps.export_per_kwh).sum() / 2
    assert sum(day.costs["following"] for day in days) == pytest.approx(money - (level - start) * 0.15)
    assert 1.0 - 1e-9 <= level <= 10.0 + 1e-9
    assert (following <= 4.0 + 1e-9).all()
    assert (following >= -3.0 - 1e-9).all()
    net = steps.load_kw - steps.solar_kw
    assert (following * net >= -1e-9).all()
    assert sum(day.costs["without"] for day in days) == pytest.approx(
        np.where(net > 0, net * steps.import_per_kwh, net * steps.export_per_kwh).sum() / 2
    )


def test_what_nobody_knows_is_part_of_no_stretch() -> None:
    steps = lived(1)
    holed: Floats = steps.load_kw.copy()
    holed[[10, 40, 41]] = np.nan
    steps.import_per_kwh[100] = np.nan
    steps = LivedSteps(
        starts_at=START,
        step=HALF_HOUR,
        load_kw=holed,
        solar_kw=steps.solar_kw,
        import_per_kwh=steps.import_per_kwh,
        export_per_kwh=steps.export_per_kwh,
    )
    assert segments_of(steps, 0, least=timedelta(hours=6)) == ((11, 40), (42, 100), (101, 146))
    segments = segments_of(steps, 20, least=timedelta(hours=11))
    assert segments == ((42, 100), (101, 146))
    days = day_costs(steps, segments, {"without": np.zeros(146)}, BATTERY, 0.15, PARIS)
    assert [day.known_share for day in days] == pytest.approx([6 / 48, 1.0, 47 / 48])
    assert all(np.isfinite(day.costs["without"]) for day in days)
