"""Whatever prices were and were foretold, in whatever zone."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.forecast import QUANTILES, Floats, Series
from custom_components.energy_optimizer.core.planning.price_forecast import forecast_prices

ZONES = ("Europe/Paris", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Los_Angeles", "Africa/Casablanca", "UTC")
INSTANTS = st.integers(1_577_836_800 // 300, 2_051_222_400 // 300).map(lambda at: datetime.fromtimestamp(300 * at, UTC))
CAP, FLOOR = 17.5, -1.0


def noise(seed: int, count: int, missing: float) -> Floats:
    """Return prices with spikes up to the market's cap, some negative, some unknown."""
    random = np.random.default_rng(seed)
    values = np.clip(0.1 * random.standard_t(1.2, count), FLOOR, CAP)
    values[random.random(count) < missing] = np.nan
    return values


@settings(max_examples=80, deadline=None)
@given(
    ends_at=INSTANTS,
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    minutes=st.sampled_from([15, 30, 60]),
    days=st.floats(0.0, 20.0),
    hours=st.integers(1, 60),
    published=st.integers(0, 60),
    told_from=st.one_of(st.none(), st.integers(-20, 20)),
    missing=st.sampled_from([0.0, 0.2, 1.0]),
    seed=st.integers(0, 2**32),
)
def test_quantiles_are_ordered_and_finite_and_published_prices_sure(
    *,
    ends_at: datetime,
    zone: ZoneInfo,
    minutes: int,
    days: float,
    hours: int,
    published: int,
    told_from: int | None,
    missing: float,
    seed: int,
) -> None:
    step = timedelta(minutes=minutes)
    size, count = int(days * 1440 / minutes), hours * 60 // minutes
    past = Series(starts_at=ends_at - size * step, step=step, values=noise(seed, size, missing))
    known = Series(starts_at=ends_at, step=step, values=noise(seed + 1, published, missing))
    foretold = None
    if told_from is not None:
        values = noise(seed + 2, size + count, missing)
        foretold = Series(starts_at=past.starts_at + told_from * step, step=step, values=values)
    forecast = forecast_prices(past, known, count, zone, given=foretold)

    assert forecast.starts_at == ends_at
    assert forecast.quantiles.shape == (len(QUANTILES), count)
    sure = known.values[:count]
    where = np.flatnonzero(np.isfinite(sure))
    assert np.array_equal(forecast.quantiles[:, where], np.repeat(sure[None, where], len(QUANTILES), axis=0))
    parts = [past.values, sure, *([] if foretold is None else [foretold.values])]
    if np.isfinite(past.values).any() or np.isfinite(sure).any():
        assert np.isfinite(forecast.quantiles).all()
        assert np.all(np.diff(forecast.quantiles, axis=0) >= 0.0)
        assert np.nanmin(np.concatenate(parts)) <= forecast.quantiles.min()
        assert forecast.quantiles.max() <= np.nanmax(np.concatenate(parts))
