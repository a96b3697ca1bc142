"""Made-up pasts of a home's load."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, tzinfo

import numpy as np

from custom_components.energy_optimizer.core.model.forecast import Floats, Forecast, Series

HALF_HOUR = timedelta(minutes=30)


def past_of(
    ends_at: datetime,
    days: float,
    zone: tzinfo,
    load_kw: Callable[[datetime], float],
    step: timedelta = HALF_HOUR,
    *,
    noise: float = 0.0,
    seed: int = 1,
) -> Series:
    """Return a past whose load follows from the local time at which each step starts."""
    count = int(timedelta(days=days) / step)
    starts_at = ends_at - count * step
    values = np.array([load_kw((starts_at + index * step).astimezone(zone)) for index in range(count)])
    factor = np.random.default_rng(seed).lognormal(0.0, noise, count) if noise else 1.0
    return Series(starts_at=starts_at.astimezone(UTC), step=step, values=values * factor)


def at_local(forecast: Forecast, zone: tzinfo, days: int, hour: float) -> Floats:
    """Return the quantiles of the step in which the clocks of *zone* show *hour*, so many *days* after the first."""
    today = forecast.starts_at.astimezone(zone).date()
    clock = time(int(hour), int(hour % 1 * 60), tzinfo=zone)
    local = datetime.combine(today + timedelta(days=days), clock)
    index = (local.astimezone(UTC) - forecast.starts_at) // forecast.step
    assert 0 <= index < forecast.quantiles.shape[1]
    column: Floats = forecast.quantiles[:, index]
    return column


def evening_home(local: datetime) -> float:
    """Return a load that is high from 19 to 21 o'clock."""
    return 2.0 if 19 <= local.hour < 21 else 0.3
