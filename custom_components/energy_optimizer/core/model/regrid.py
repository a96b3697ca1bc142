"""A series on another grid of time."""

from datetime import datetime, timedelta
from typing import Final

import numpy as np

from .forecast import Floats, Forecast, Series

LEAST_KNOWN: Final = 0.5
"""The share of a step that must be known for its mean to be."""


def regridded(
    series: Series, starts_at: datetime, step: timedelta, count: int, *, least_known: float = LEAST_KNOWN
) -> Series:
    """Return the means of *series* over *count* other steps; not a number where less than *least_known* is known."""
    edges = _edges(starts_at, step, count)
    known = np.isfinite(series.values)
    known_s = _between(series, known.astype(np.float64), edges)
    amount = _between(series, np.where(known, series.values, 0.0), edges)
    enough = known_s >= max(least_known * step.total_seconds(), _TREMBLE_S)
    values = np.divide(amount, known_s, out=np.full(count, np.nan), where=enough)
    return Series(starts_at=starts_at, step=step, values=values)


def mean_between(series: Series, starts_at: datetime, ends_at: datetime, *, least_known: float = LEAST_KNOWN) -> float:
    """Return the mean of *series* over one stretch of time; not a number if too little of it is known."""
    return float(regridded(series, starts_at, ends_at - starts_at, 1, least_known=least_known).values[0])


def quantiles_between(forecast: Forecast, starts_at: datetime, ends_at: datetime) -> Floats:
    """Return each quantile's mean over one stretch; not a number where the forecast does not cover all of it."""
    rows = [Series(starts_at=forecast.starts_at, step=forecast.step, values=row) for row in forecast.quantiles]
    return np.array([mean_between(row, starts_at, ends_at, least_known=1.0 - 1e-9) for row in rows])


_TREMBLE_S: Final = 1e-3


def _edges(starts_at: datetime, step: timedelta, count: int) -> Floats:
    edges: Floats = starts_at.timestamp() + step.total_seconds() * np.arange(count + 1, dtype=np.float64)
    return edges


def _between(series: Series, heights: Floats, edges: Floats) -> Floats:
    """Return what a staircase of *heights* per second comes to between *edges*, nothing outside of it."""
    if not heights.size:
        return np.zeros(edges.size - 1)
    risen = np.concatenate(([0.0], np.cumsum(heights * series.step.total_seconds())))
    between: Floats = np.diff(np.interp(edges, _edges(series.starts_at, series.step, heights.size), risen))
    return between
