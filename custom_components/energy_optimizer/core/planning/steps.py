"""The steps of a plan: short ones near, longer ones later."""

from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from ..model.forecast import Floats, Forecast

_FINEST: Final = timedelta(minutes=5)
_COARSER: Final = (
    (timedelta(hours=1), timedelta(minutes=15)),
    (timedelta(hours=12), timedelta(minutes=30)),
    (timedelta(hours=24), timedelta(hours=1)),
)
"""From how far ahead steps are how long; each length divides the next."""


def plan_edges(now: datetime, horizon: timedelta = timedelta(hours=48)) -> tuple[datetime, ...]:
    """Return where the steps of a plan begin and end: from the five minutes that hold *now* to *horizon* or just after.

    A step of some length begins at a multiple of it since the epoch, so that prices change between steps.
    """
    if now.tzinfo is None:
        raise ValueError("now has no time zone")
    instant = _floor(now, _FINEST)
    end = now + horizon
    edges = [instant]
    while instant < end:
        instant += _length_at(instant, instant - edges[0])
        edges.append(instant)
    return tuple(edges)


def _length_at(instant: datetime, ahead: timedelta) -> timedelta:
    """Return the longest step that may begin at *instant*."""
    longest = _FINEST
    for since, length in _COARSER:
        if ahead >= since and _floor(instant, length) == instant:
            longest = length
    return longest


def _floor(instant: datetime, step: timedelta) -> datetime:
    seconds = int(step.total_seconds())
    return datetime.fromtimestamp(int(instant.timestamp()) // seconds * seconds, UTC)


def onto_edges(forecast: Forecast, edges: tuple[datetime, ...]) -> Floats:
    """Return the quantiles of *forecast* as time-weighted means over other steps, not a number where one is unknown.

    Its first and last value reach one of its steps further, because a plan begins on the clock's grid and a forecast
    with the present. Raises ``ValueError`` for steps that lie further outside.
    """
    step_s = forecast.step.total_seconds()
    begins = forecast.starts_at.timestamp() + step_s * np.arange(forecast.quantiles.shape[1])
    ends = begins + step_s
    at = np.array([edge.timestamp() for edge in edges])
    if begins.size == 0 or at[0] < begins[0] - step_s or at[-1] > ends[-1] + step_s:
        raise ValueError("the forecast does not reach over the steps of the plan")
    begins[0] -= step_s
    ends[-1] += step_s
    shared = np.minimum(at[1:, None], ends) - np.maximum(at[:-1, None], begins)
    shares = np.maximum(shared, 0.0) / np.diff(at)[:, None]
    unknown = np.isnan(forecast.quantiles)
    means: Floats = np.where(unknown, 0.0, forecast.quantiles) @ shares.T
    means[unknown.astype(np.float64) @ shares.T > 0.0] = np.nan
    return means
