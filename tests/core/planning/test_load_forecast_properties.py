"""What holds of every load forecast, whatever was measured."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.forecast import QUANTILES, Series
from custom_components.energy_optimizer.core.planning.load_forecast import forecast_load

ZONES = [
    ZoneInfo(name)
    for name in ("Europe/Paris", "America/Los_Angeles", "Australia/Lord_Howe", "Asia/Kolkata", "Asia/Kathmandu", "UTC")
]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


@st.composite
def pasts(draw: st.DrawFn) -> Series:
    """Draw a past with gaps, noise below zero, spikes, and nothing at all now and then."""
    step = timedelta(minutes=draw(st.sampled_from([5, 10, 15, 30, 60])))
    steps_per_day = timedelta(days=1) // step
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.sampled_from([0, 1, 7, steps_per_day, 3 * steps_per_day + 5, 20 * steps_per_day + 11]))
    kind = draw(st.sampled_from(["skewed", "nothing", "constant", "spikes", "noise"]))
    values = {
        "skewed": rng.lognormal(-1.0, 1.0, count),
        "nothing": np.zeros(count),
        "constant": np.full(count, draw(st.sampled_from([1e-9, 0.2, 25.0]))),
        "spikes": np.where(rng.random(count) < 0.01, 1e4, 0.1),
        "noise": rng.normal(0.0, 0.02, count),
    }[kind]
    values[rng.random(count) < draw(st.sampled_from([0.0, 0.2, 0.97, 1.0]))] = np.nan
    if draw(st.booleans()):
        values[rng.random(count) < 0.02] = draw(st.sampled_from([np.inf, -np.inf, -3.0]))
    if draw(st.booleans()):
        values[count // 4 : count // 4 + 9 * steps_per_day] = np.nan
    minutes = draw(st.integers(0, 365 * 24 * 12)) * 5
    return Series(starts_at=FIRST + timedelta(minutes=minutes), step=step, values=values)


@st.composite
def temperatures(draw: st.DrawFn, past: Series, count: int) -> Series | None:
    """Draw temperatures over past and future, with holes, on a grid of their own."""
    if draw(st.booleans()):
        return None
    hours = int((past.ends_at + count * past.step - past.starts_at) / timedelta(hours=1)) + 2
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.normal(12.0, 8.0, hours)
    values[rng.random(hours) < draw(st.sampled_from([0.0, 0.5, 1.0]))] = np.nan
    return Series(starts_at=past.starts_at, step=timedelta(hours=1), values=values)


@given(st.data(), pasts(), st.sampled_from(ZONES), st.sampled_from([1, 2, 96, 150]))
@settings(max_examples=150)
def test_quantiles_are_finite_rise_and_are_never_below_zero(
    data: st.DataObject, past: Series, zone: ZoneInfo, count: int
) -> None:
    before = past.values.copy()
    temperature = data.draw(temperatures(past, count))
    forecast = forecast_load(past, count, zone, temperature=temperature)
    assert forecast.quantiles.shape == (len(QUANTILES), count)
    assert np.isfinite(forecast.quantiles).all()
    assert (forecast.quantiles >= 0.0).all()
    assert (np.diff(forecast.quantiles, axis=0) >= 0.0).all()
    assert (forecast.starts_at, forecast.step) == (past.ends_at, past.step)
    assert np.array_equal(past.values, before, equal_nan=True)
    again = forecast_load(past, count, zone, temperature=temperature)
    assert np.array_equal(again.quantiles, forecast.quantiles)


@given(pasts(), st.sampled_from(ZONES))
@settings(max_examples=50)
def test_a_longer_look_ahead_begins_like_a_shorter_one(past: Series, zone: ZoneInfo) -> None:
    short, long = (forecast_load(past, count, zone).quantiles for count in (30, 140))
    assert np.allclose(short, long[:, :30], atol=1e-12)


@given(pasts(), st.sampled_from(ZONES), st.floats(0.0, 50.0), st.floats(0.1, 0.9))
@settings(max_examples=50)
def test_what_comes_later_changes_nothing_that_was_foretold(
    past: Series, zone: ZoneInfo, later_kw: float, share: float
) -> None:
    now = int(past.values.size * share)
    whole = past.values.copy()
    before = forecast_load(Series(starts_at=past.starts_at, step=past.step, values=whole[:now]), 96, zone)
    whole[now:] = later_kw
    after = forecast_load(Series(starts_at=past.starts_at, step=past.step, values=whole[:now]), 96, zone)
    assert np.array_equal(before.quantiles, after.quantiles)


@given(pasts(), st.sampled_from(ZONES))
@settings(max_examples=50)
def test_nothing_is_foretold_above_what_was_measured_and_what_is_usual(past: Series, zone: ZoneInfo) -> None:
    known = past.values[np.isfinite(past.values)]
    highest = forecast_load(past, 96, zone).quantiles.max()
    assert highest <= max(2.0, 8.0 * known.max(initial=0.0))
