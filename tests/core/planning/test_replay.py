"""A past lived through again: nothing known before its time, nothing beyond what battery and contract allow."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.battery import BatteryModel
from custom_components.energy_optimizer.core.model.contract import ConnectionRule, GridLimits
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.model.forecast import Floats
from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.model.site import SolarSite
from custom_components.energy_optimizer.core.planning.problem import FREE_MEANS, Means
from custom_components.energy_optimizer.core.planning.replay import ReplayHome, ReplaySeries, replay

PARIS = ZoneInfo("Europe/Paris")
DAY = 24


def past(days: int = 4, seed: int = 1) -> ReplaySeries:
    """Return hourly days: an evening peak, some sun, cheap nights; prices known a day ahead."""
    rng = np.random.default_rng(seed)
    hour = np.arange(days * DAY) % DAY
    load = 0.4 + 1.5 * ((hour >= 18) & (hour < 22)) + rng.uniform(0.0, 0.4, hour.size)
    sun = np.maximum(np.sin((hour - 7) / 11 * np.pi), 0.0) * 3.0 * rng.uniform(0.3, 1.0, hour.size)
    price = np.where(hour < 6, 0.1, np.where(hour >= 18, 0.45, 0.25))
    return ReplaySeries(
        starts_at=datetime(2026, 3, 26, 23, tzinfo=UTC),
        step=timedelta(hours=1),
        load_kw=load,
        solar_kw=sun,
        import_per_kwh=price,
        export_per_kwh=np.full(hour.size, 0.04),
        segments=((0, hour.size),),
        known_until=(np.arange(hour.size) // DAY + 1) * DAY,
    )


def home() -> ReplayHome:
    return ReplayHome(
        zone=PARIS,
        site=SolarSite(place=Place(latitude=47.0, longitude=2.4, time_zone=PARIS)),
        battery=BatteryModel(
            capacity_kwh=10.0,
            reserve_kwh=1.0,
            max_charge_kw=3.0,
            max_discharge_kw=3.0,
            charge_efficiency=0.95,
            discharge_efficiency=0.95,
        ),
        start_kwh=5.0,
        grid=GridLimits(max_import_kw=9.0, max_export_kw=9.0),
    )


def cost(series: ReplaySeries, battery_kw: Floats) -> float:
    grid = series.load_kw - series.solar_kw - battery_kw
    return float(np.maximum(grid, 0.0) @ series.import_per_kwh - np.maximum(-grid, 0.0) @ series.export_per_kwh)


def test_the_past_does_not_change_when_the_future_is_taken_away() -> None:
    series, cut = past(), 2 * DAY + 7
    shorter = replace(
        series,
        load_kw=series.load_kw[:cut],
        solar_kw=series.solar_kw[:cut],
        import_per_kwh=series.import_per_kwh[: 3 * DAY],
        export_per_kwh=series.export_per_kwh[: 3 * DAY],
        segments=((0, cut),),
        known_until=series.known_until[:cut],
    )
    whole, part = replay(series, home()), replay(shorter, home())
    assert np.array_equal(whole.battery_kw[:cut], part.battery_kw)
    assert whole.decisions[:cut] == part.decisions


def test_levels_follow_from_powers_and_stay_within_the_battery() -> None:
    series, lived = past(), replay(past(), home())
    level = 5.0
    for power, after in zip(lived.battery_kw, lived.level_kwh, strict=True):
        level -= power / 0.95 if power > 0.0 else power * 0.95
        assert after == pytest.approx(level)
        assert 1.0 - 1e-9 <= after <= 10.0 + 1e-9
    assert lived.battery_kw.size == series.load_kw.size


def test_cheap_nights_are_used_and_pay() -> None:
    series, lived = past(days=6), replay(past(days=6), home())
    night = (np.arange(series.load_kw.size) % DAY) < 6
    assert (lived.battery_kw[night] < -1.0).any(), "it bought in some night"
    assert cost(series, lived.battery_kw) < cost(series, np.zeros(series.load_kw.size)) - 1.0


@pytest.mark.parametrize("rule", [ConnectionRule.SUN_ONLY, ConnectionRule.NO_EXPORT])
def test_the_contract_is_kept(rule: ConnectionRule) -> None:
    series = replace(past(), export_per_kwh=np.tile([0.02, 0.9], 2 * DAY))
    lived = replay(series, replace(home(), rule=rule))
    if rule is ConnectionRule.SUN_ONLY:
        assert (-lived.battery_kw <= series.solar_kw + 1e-9).all()
        assert DecisionKind.DISCHARGE in {each.kind for each in lived.decisions if each}
    else:
        assert (lived.battery_kw <= series.load_kw + 1e-9).all()


def test_a_slow_path_carries_on_with_what_was_meant_before() -> None:
    series = past()
    slow = {kind: Means(delay=timedelta(minutes=15)) for kind in FREE_MEANS}
    free, late = replay(series, home()), replay(series, replace(home(), means=slow))
    assert not np.array_equal(free.battery_kw, late.battery_kw)
    assert cost(series, late.battery_kw) < cost(series, np.zeros(series.load_kw.size))


def test_segments_begin_anew_and_gaps_are_left_out() -> None:
    series = past(days=5)
    gap = slice(2 * DAY, 3 * DAY)
    load = series.load_kw.copy()
    load[gap] = np.nan
    told: list[tuple[int, int]] = []
    lived = replay(
        replace(series, load_kw=load, segments=((0, 2 * DAY), (3 * DAY, 5 * DAY))),
        home(),
        progress=lambda done, total: told.append((done, total)),
    )
    assert not lived.battery_kw[gap].any()
    assert lived.decisions[2 * DAY] is None
    assert np.isnan(lived.level_kwh[gap]).all()
    assert told[-1] == (4 * DAY, 4 * DAY)


def test_unpublished_prices_are_foretold_from_the_past_alone() -> None:
    series = past(days=5)
    now_only = replace(series, known_until=np.arange(series.load_kw.size) + 1)
    assert cost(series, replay(now_only, home()).battery_kw) < cost(series, np.zeros(series.load_kw.size))
