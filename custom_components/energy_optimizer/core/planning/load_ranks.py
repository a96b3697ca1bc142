"""Whether the load of late was unusually high or low for its time of day, and how long that lasts."""

from typing import Final, NamedTuple

import numpy as np

from ..model.forecast import QUANTILES, Floats
from .load_days import PastDays
from .load_history import LoadTable
from .load_shape import UsualLoad

_LOOK_BACK_DAYS: Final = 4
_HALF_LIFE_HOURS: Final = (0.5, 24.0)
_LEAD_HOURS: Final = (0.0, 1.0, 4.0, 12.0, 24.0, 48.0)
_LASTS: Final = (
    (0.60, 0.34, 0.08, 0.02, 0.04, 0.02),
    (0.28, 0.42, 0.58, 0.62, 0.40, 0.22),
)
"""How much of what was unusual of late, by half-life, is still so after each of ``_LEAD_HOURS``.

Homes on three continents, hourly and half-hourly, hardly differ in this; fitted to each of them it explains no more.
"""
_SPREAD: Final = (0.82, 0.93, 1.0, 1.0, 1.0, 1.04)
_CAUTION: Final = 0.25
_FURTHEST: Final = 0.01


class Unusualness(NamedTuple):
    """Log odds that a load is below what it was, averaged over the past with each half-life; zero is the median."""

    recent: float
    day: float


def unusualness(table: LoadTable, past: PastDays, usual: UsualLoad, now: tuple[int, int]) -> Unusualness:
    """Compare the last days with the days before them; *now* is the local day and the slot that begins."""
    first = int(np.searchsorted(table.day, now[0] - _LOOK_BACK_DAYS, side="right"))
    slots = table.power_kw.shape[1]
    days, power_kw = table.day[first:], table.power_kw[first:]
    if not days.size:
        return Unusualness(0.0, 0.0)
    weights = past.weights(days)
    weights[table.day[None, :] >= days[:, None]] = 0.0
    odds = _log_odds(power_kw, table.power_kw, weights, usual)
    ago = (now[0] - days[:, None]) * slots + now[1] - 1 - np.arange(slots)[None, :]
    known = np.isfinite(power_kw) & (ago >= 0)
    step_hours = 24.0 / slots
    means = []
    for half_life in _HALF_LIFE_HOURS:
        keep = 0.5 ** (step_hours / half_life)
        means.append(float(np.sum(np.where(known, odds * (1.0 - keep) * keep ** np.maximum(ago, 0), 0.0))))
    return Unusualness(*means)


def shares(unusual: Unusualness, lead_hours: Floats) -> Floats:
    """Return, for each of ``QUANTILES`` and each lead, which share of the usual outcomes lies below it."""
    middle = sum(each * np.interp(lead_hours, _LEAD_HOURS, lasts) for each, lasts in zip(unusual, _LASTS, strict=True))
    quantiles = np.array(QUANTILES)
    away = np.log(quantiles / (1.0 - quantiles))
    odds = middle + away[:, None] * np.interp(lead_hours, _LEAD_HOURS, _SPREAD)
    below: Floats = 1.0 / (1.0 + np.exp(-odds))
    return below


def _log_odds(power_kw: Floats, past_kw: Floats, weights: Floats, usual: UsualLoad) -> Floats:
    """Return how far up each slot's power was among what the past, by *weights*, says of that slot."""
    known = np.isfinite(past_kw)
    everything = np.concatenate((past_kw, usual.power_kw))
    below = (everything < power_kw[:, None, :]) * 0.5
    below += (everything <= power_kw[:, None, :]) * 0.5
    count = past_kw.shape[0]
    lower = np.einsum("drs,drs->ds", weights, below[:, :count]) + np.einsum(
        "rs,drs->ds", usual.weight, below[:, count:]
    )
    total = np.sum(weights * known, axis=1) + usual.weight.sum(axis=0)
    share = np.clip((lower + _CAUTION) / (total + 2.0 * _CAUTION), _FURTHEST, 1.0 - _FURTHEST)
    odds: Floats = np.log(share / (1.0 - share))
    return odds
