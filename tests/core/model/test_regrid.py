"""A series on another grid of time."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.forecast import QUANTILES, Forecast, Series
from custom_components.energy_optimizer.core.model.regrid import mean_between, quantiles_between, regridded

START = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def series(*values: float, step: int = 30, at: datetime = START) -> Series:
    return Series(starts_at=at, step=step * MINUTE, values=np.array(values, dtype=float))


def test_means_over_shifted_and_longer_steps() -> None:
    hours = series(1.0, 3.0, 5.0, step=60)
    shifted = regridded(hours, START + 50 * MINUTE, 30 * MINUTE, 3)
    assert shifted.values == pytest.approx([1 / 3 * 1 + 2 / 3 * 3, 3.0, 3.0 * 1 / 3 + 5.0 * 2 / 3])
    assert regridded(hours, START, 180 * MINUTE, 1).values == pytest.approx([3.0])


def test_what_is_not_known_is_not_zero() -> None:
    half_known = series(2.0, np.nan, np.nan, np.nan, step=15)
    assert np.isnan(regridded(half_known, START, 60 * MINUTE, 1).values).all()
    assert regridded(half_known, START, 30 * MINUTE, 2).values == pytest.approx([2.0, np.nan], nan_ok=True)
    outside = regridded(half_known, START - 60 * MINUTE, 30 * MINUTE, 2)
    assert np.isnan(outside.values).all()
    assert np.isnan(regridded(series(), START, 30 * MINUTE, 2).values).all()


def test_a_forecast_says_nothing_of_what_it_does_not_cover() -> None:
    quantiles = np.arange(10, dtype=float).reshape(5, 2)
    forecast = Forecast(starts_at=START, step=30 * MINUTE, quantiles=quantiles)
    assert quantiles_between(forecast, START + 15 * MINUTE, START + 45 * MINUTE) == pytest.approx(
        quantiles.mean(axis=1)
    )
    assert np.isnan(quantiles_between(forecast, START + 45 * MINUTE, START + 75 * MINUTE)).all()
    assert len(QUANTILES) == 5


@settings(max_examples=60)
@given(
    st.lists(st.floats(0, 20) | st.just(np.nan), min_size=1, max_size=60),
    st.integers(-90, 300),
    st.sampled_from([5, 15, 30, 60]),
    st.integers(1, 40),
)
def test_means_stay_within_what_was_and_keep_the_energy(values: list[float], shift: int, step: int, count: int) -> None:
    whole = series(*values, step=15)
    other = regridded(whole, START + shift * MINUTE, step * MINUTE, count, least_known=0.0)
    known, found = whole.values[np.isfinite(whole.values)], other.values[np.isfinite(other.values)]
    if found.size:
        assert found.max() <= known.max() + 1e-6
        assert found.min() >= known.min() - 1e-6
    if np.isfinite(whole.values).all():
        length = len(values) * 15
        all_of_it = regridded(whole, START, step * MINUTE, -(-length // step), least_known=1.0)
        covered = length // step
        kwh = (all_of_it.values[:covered] * step / 60).sum()
        expected = mean_between(whole, START, START + covered * step * MINUTE) * covered * step / 60 if covered else 0.0
        assert kwh == pytest.approx(expected, abs=1e-6)
