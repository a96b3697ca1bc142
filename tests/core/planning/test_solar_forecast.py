"""What is foretold of the sun, beside what it does in simulated homes."""

from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from custom_components.energy_optimizer.core.model.forecast import QUANTILES, Floats, Forecast, Series
from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.model.site import SolarPanels, SolarSite
from custom_components.energy_optimizer.core.model.sun import sun_position
from custom_components.energy_optimizer.core.planning.solar_forecast import forecast_solar
from custom_components.energy_optimizer.core.simulation.panels import Panels

HALF_HOUR = timedelta(minutes=30)
PER_DAY = 48
PARIS = Place(latitude=48.85, longitude=2.35, time_zone=ZoneInfo("Europe/Paris"))
SYDNEY = Place(latitude=-33.87, longitude=151.2, time_zone=ZoneInfo("Australia/Sydney"))
TROMSO = Place(latitude=69.65, longitude=18.96, time_zone=ZoneInfo("Europe/Oslo"))
ROOF = SolarPanels(kwp=5.0, tilt_degrees=30.0, azimuth_degrees=180.0)
SPRING = datetime(2025, 4, 1, tzinfo=UTC)


def power(place: Place, start: datetime, days: int, *, seed: int = 7, azimuth: float = 180.0) -> Series:
    """Return the mean power of simulated panels of 5 kWp."""
    panels = Panels(seed=seed, place=place, kwp=5.0, tilt_degrees=30.0, azimuth_degrees=azimuth)
    minutes = panels.power_kw(start.timestamp() + 300.0 * (np.arange(days * 288.0) + 0.5))
    return Series(starts_at=start, step=HALF_HOUR, values=minutes.reshape(-1, 6).mean(axis=1))


def until(whole: Series, steps: int) -> Series:
    return Series(starts_at=whole.starts_at, step=whole.step, values=whole.values[:steps].copy())


def told(whole: Series, values: Floats) -> Series:
    return Series(starts_at=whole.starts_at, step=whole.step, values=values)


def heights(forecast: Forecast, place: Place) -> Floats:
    """Return the sun's greatest height in each step."""
    begin, step_s = forecast.starts_at.timestamp(), forecast.step.total_seconds()
    instants = begin + step_s / 10.0 * np.arange(forecast.quantiles.shape[1] * 10.0)
    highest: Floats = sun_position(instants, place).elevation.reshape(-1, 10).max(axis=1)
    return highest


def assert_sound(forecast: Forecast, count: int, place: Place) -> None:
    assert forecast.quantiles.shape == (len(QUANTILES), count)
    assert np.isfinite(forecast.quantiles).all()
    assert np.all(forecast.quantiles >= 0.0)
    assert np.all(np.diff(forecast.quantiles, axis=0) >= 0.0)
    assert np.all(forecast.quantiles[:, heights(forecast, place) < -6.0] == 0.0)


@pytest.mark.parametrize("place", [PARIS, SYDNEY], ids=["paris", "sydney"])
def test_own_forecast_is_better_than_yesterday(place: Place) -> None:
    wholes = [power(place, SPRING, 70, seed=seed, azimuth=180.0 if place is PARIS else 0.0) for seed in range(4)]
    ours, yesterday, below = [], [], []
    for whole, now in product(wholes, range(28 * PER_DAY + 13, 68 * PER_DAY, 89)):
        forecast = forecast_solar(until(whole, now), PER_DAY, SolarSite(place=place))
        came, before = whole.values[now : now + PER_DAY], whole.values[now - PER_DAY : now]
        lit = came > 0.05
        ours.append(np.abs(forecast.p50 - came)[lit].mean())
        yesterday.append(np.abs(before - came)[lit].mean())
        below.append([(came <= row)[lit].mean() for row in forecast.quantiles])
    assert np.mean(ours) < 0.9 * np.mean(yesterday)
    assert np.mean(below, axis=0) == pytest.approx(QUANTILES, abs=0.1)


def test_the_season_moves_what_was_learned() -> None:
    """Two months of clear days before: the sun rises earlier than it ever did, and higher."""
    site = SolarSite(place=PARIS, panels=(ROOF,))
    clear = forecast_solar(empty(SPRING - timedelta(days=60)), 62 * PER_DAY, site).p90
    past = Series(starts_at=SPRING - timedelta(days=60), step=HALF_HOUR, values=clear[: 60 * PER_DAY])
    tomorrow = forecast_solar(past, 2 * PER_DAY, SolarSite(place=PARIS)).p50
    assert tomorrow.sum() == pytest.approx(clear[-2 * PER_DAY :].sum(), rel=0.05)


def test_a_low_forecast_is_raised() -> None:
    whole = power(PARIS, SPRING, 40)
    now = 38 * PER_DAY
    forecast = forecast_solar(until(whole, now), PER_DAY, SolarSite(place=PARIS), given=told(whole, 0.7 * whole.values))
    came = whole.values[now : now + PER_DAY].sum()
    assert forecast.p50.sum() == pytest.approx(came, rel=0.1)
    assert (forecast.p90 - forecast.p10).sum() < 0.4 * came


def test_hours_in_the_shade_are_learned() -> None:
    whole = power(PARIS, SPRING, 40)
    shaded = whole.values.copy().reshape(-1, PER_DAY)
    shaded[:, : PER_DAY // 2] *= 0.1  # a hill in the east, until noon UTC
    now = 38 * PER_DAY
    past = told(whole, shaded.reshape(-1)[:now])
    forecast = forecast_solar(past, PER_DAY, SolarSite(place=PARIS, panels=(ROOF,)), given=whole)
    came = shaded[38]
    assert forecast.p50[: PER_DAY // 2 - 2].sum() < 2.0 * came[: PER_DAY // 2 - 2].sum()
    assert forecast.p50[PER_DAY // 2 :].sum() == pytest.approx(came[PER_DAY // 2 :].sum(), rel=0.15)


def test_what_the_sun_did_today_counts_now_and_fades() -> None:
    whole = power(PARIS, SPRING, 40)
    now = 38 * PER_DAY + 22
    dull = until(whole, now)
    dull.values[-12:] *= 0.2
    site = SolarSite(place=PARIS)
    usual, less = (forecast_solar(past, PER_DAY, site, given=whole).p50 for past in (until(whole, now), dull))
    assert less[:2].sum() < 0.75 * usual[:2].sum()
    assert less[-8:].sum() > 0.9 * usual[-8:].sum()


def test_days_that_nobody_foretold_are_our_own() -> None:
    whole = power(PARIS, SPRING, 42)
    now = 38 * PER_DAY
    partly = whole.values.copy()
    partly[now + PER_DAY :] = np.nan
    site = SolarSite(place=PARIS)
    past = until(whole, now)
    own = forecast_solar(past, 2 * PER_DAY, site)
    both = forecast_solar(past, 2 * PER_DAY, site, given=told(whole, partly))
    assert np.array_equal(both.quantiles[:, PER_DAY:], own.quantiles[:, PER_DAY:])
    assert not np.array_equal(both.quantiles[:, :PER_DAY], own.quantiles[:, :PER_DAY])


def test_a_forecast_without_a_number_is_none() -> None:
    past = until(power(PARIS, SPRING, 20), 20 * PER_DAY - 20)
    nothing = told(past, np.full(past.values.size + 96, np.nan))
    site = SolarSite(place=PARIS)
    assert np.array_equal(
        forecast_solar(past, 96, site, given=nothing).quantiles, forecast_solar(past, 96, site).quantiles
    )


def test_what_comes_later_changes_nothing() -> None:
    """Neither steps beyond those asked for nor what was asked before."""
    whole = power(PARIS, SPRING, 40)
    now, site = 30 * PER_DAY + 20, SolarSite(place=PARIS)
    past = until(whole, now)
    short = told(whole, whole.values[: now + 48])
    first = forecast_solar(past, 48, site, given=short).quantiles
    forecast_solar(until(whole, now + 30), 48, site, given=whole)
    assert np.array_equal(forecast_solar(past, 48, site, given=whole).quantiles, first)


def empty(at: datetime, step: timedelta = HALF_HOUR) -> Series:
    return Series(starts_at=at, step=step, values=np.array([]))


def test_the_first_day_goes_by_the_panels() -> None:
    forecast = forecast_solar(empty(SPRING), 96, SolarSite(place=PARIS, panels=(ROOF,)))
    assert_sound(forecast, 96, PARIS)
    assert 8.0 < forecast.p50[:48].sum() / 2.0 < 25.0
    assert 3.5 < forecast.p90.max() <= ROOF.kwp
    assert forecast.p10.max() < 0.5 * forecast.p50.max()


def test_the_first_day_goes_by_the_service() -> None:
    coming = power(PARIS, SPRING, 2)
    forecast = forecast_solar(empty(SPRING), 96, SolarSite(place=PARIS), given=coming)
    assert_sound(forecast, 96, PARIS)
    assert forecast.p50.sum() == pytest.approx(coming.values.sum(), rel=0.15)


def test_nothing_known_is_probably_nothing_but_not_surely() -> None:
    forecast = forecast_solar(empty(SPRING), 96, SolarSite(place=PARIS))
    assert_sound(forecast, 96, PARIS)
    assert forecast.p50.max() == 0.0
    assert forecast.p90.max() > 1.0


def test_one_dull_day_is_not_all_that_panels_can_give() -> None:
    bright = power(PARIS, SPRING, 1)
    past = told(bright, 0.3 * bright.values)
    assert forecast_solar(past, 48, SolarSite(place=PARIS)).p90.sum() > 1.2 * past.values.sum()


def test_a_home_without_panels_has_no_sun() -> None:
    past = Series(starts_at=SPRING, step=HALF_HOUR, values=np.zeros(20 * PER_DAY))
    assert forecast_solar(past, 96, SolarSite(place=PARIS)).quantiles.max() == 0.0


def test_polar_night_and_midnight_sun() -> None:
    site = SolarSite(place=TROMSO, panels=(ROOF,))
    for start, lit in ((datetime(2025, 11, 1, tzinfo=UTC), False), (datetime(2025, 5, 1, tzinfo=UTC), True)):
        whole = power(TROMSO, start, 50)
        forecast = forecast_solar(until(whole, 48 * PER_DAY), 96, site)
        assert_sound(forecast, 96, TROMSO)
        assert bool(forecast.p50.max() > 1.0) is lit


def test_a_stale_meter_is_bridged() -> None:
    """A month of silence before now: the weeks before it still tell the shape."""
    whole = power(PARIS, SPRING, 60)
    past = until(whole, 58 * PER_DAY)
    past.values[-30 * PER_DAY :] = np.nan
    forecast = forecast_solar(past, 48, SolarSite(place=PARIS))
    assert_sound(forecast, 48, PARIS)
    assert 5.0 < forecast.p50.sum() / 2.0 < 35.0


@pytest.mark.parametrize("minutes", [0, 7, 25])
def test_steps_divide_the_day(minutes: int) -> None:
    with pytest.raises(ValueError, match="divide the day"):
        forecast_solar(empty(SPRING, timedelta(minutes=minutes)), 4, SolarSite(place=PARIS))


def test_steps_are_alike() -> None:
    with pytest.raises(ValueError, match="those of the measured"):
        forecast_solar(empty(SPRING), 4, SolarSite(place=PARIS), given=empty(SPRING, timedelta(minutes=15)))
