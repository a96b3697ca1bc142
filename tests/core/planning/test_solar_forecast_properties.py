"""Whatever was measured and foretold, wherever the home stands."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.energy_optimizer.core.model.forecast import QUANTILES, Floats, Series
from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.model.site import SolarPanels, SolarSite
from custom_components.energy_optimizer.core.model.sun import sun_position
from custom_components.energy_optimizer.core.planning.solar_forecast import forecast_solar

PANELS = st.builds(
    SolarPanels,
    kwp=st.floats(0.1, 30.0),
    tilt_degrees=st.floats(0.0, 90.0),
    azimuth_degrees=st.floats(0.0, 360.0),
)
SITES = st.builds(
    SolarSite,
    place=st.builds(
        Place,
        latitude=st.floats(-90.0, 90.0),
        longitude=st.floats(-180.0, 180.0),
        time_zone=st.just(ZoneInfo("UTC")),
    ),
    panels=st.lists(PANELS, max_size=2).map(tuple),
)
INSTANTS = st.integers(1_577_836_800, 2_051_222_400).map(lambda second: datetime.fromtimestamp(second, UTC))


def noise(seed: int, count: int, scale: float, missing: float) -> Floats:
    """Return powers that have nothing to do with the sun, some of them unknown."""
    random = np.random.default_rng(seed)
    values = scale * random.random(count) ** 3
    values[random.random(count) < missing] = np.nan
    return values


@settings(max_examples=80, deadline=None)
@given(
    site=SITES,
    ends_at=INSTANTS,
    minutes=st.sampled_from([15, 20, 30, 60]),
    days=st.floats(0.0, 20.0),
    hours=st.integers(1, 60),
    told_from=st.one_of(st.none(), st.integers(-20, 20)),
    scale=st.floats(0.0, 1e4),
    missing=st.sampled_from([0.0, 0.2, 1.0]),
    seed=st.integers(0, 2**32),
)
def test_quantiles_are_ordered_finite_and_dark_at_night(
    *,
    site: SolarSite,
    ends_at: datetime,
    minutes: int,
    days: float,
    hours: int,
    told_from: int | None,
    scale: float,
    missing: float,
    seed: int,
) -> None:
    step = timedelta(minutes=minutes)
    size, count = int(days * 1440 / minutes), hours * 60 // minutes
    past = Series(starts_at=ends_at - size * step, step=step, values=noise(seed, size, scale, missing))
    service = None
    if told_from is not None:
        values = noise(seed + 1, size + count, scale, missing)
        service = Series(starts_at=past.starts_at + told_from * step, step=step, values=values)
    before = past.values.copy()
    forecast = forecast_solar(past, count, site, given=service)

    assert forecast.starts_at == ends_at
    assert forecast.quantiles.shape == (len(QUANTILES), count)
    assert np.isfinite(forecast.quantiles).all()
    assert np.all(forecast.quantiles >= 0.0)
    assert np.all(np.diff(forecast.quantiles, axis=0) >= 0.0)
    assert np.array_equal(past.values, before, equal_nan=True)
    instants = ends_at.timestamp() + step.total_seconds() * np.arange(0.0, count, 0.1)
    night = sun_position(instants, site.place).elevation.reshape(count, 10).max(axis=1) < -6.5
    assert np.all(forecast.quantiles[:, night] == 0.0)
