"""Foretold prices, corrected by what came of such forecasts: spikes that mostly do not come, hours that are missed."""

from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..model.forecast import Floats
from .calendar_days import Ints
from .price_axis import PriceAxis, is_known, looked_up
from .weighted_quantiles import weighted_quantiles

_HALF_LIFE_DAYS: Final = 14.0
_LEVELS_HALF_LIFE_DAYS: Final = 30.0
_BINS: Final = 12
_LEAST_IN_BIN: Final = 24
_TOP_SHARES: Final = (0.97, 0.99)
"""Rare high forecasts stand apart: they are the ones that are most wrong."""
_BIN_PRIOR: Final = 10.0
"""How many steps that came as foretold a level is given in advance."""
_BEYOND: Final = 0.6
"""How much of what goes beyond all earlier forecasts is believed."""
_SIMILAR: Final = 0.25
_UNLIKE_WEIGHT: Final = 0.02
_ERROR_STAYS: Final = 0.7
_ERROR_STAYS_HOURS: Final = 1.2
_RECENT_HOURS: Final = 1.0
_SEEN_HOURS: Final = 4.0
_RECENT_PRIOR: Final = 0.3
_SUPPOSED_ERROR: Final = np.array([-0.3, -0.1, 0.0, 0.1, 0.3])
_SUPPOSED_DAYS: Final = 1.0


def quantiles_as_foretold(axis: PriceAxis, places: Ints) -> Floats:
    """Return the scaled quantiles of coming *places*, all of which are foretold.

    What is usual after such a forecast, plus the rest of the error at the same hour of past days with a like forecast,
    plus what the last hours' error leaves behind.
    """
    likely = likely_prices(axis)
    error = axis.prices - likely
    now = int(axis.coming[0])
    begin = now + 1 if is_known(error[now : now + 1]).all() else now
    ages = np.arange(1, int(places.max(initial=0)) // axis.per_day + 1)
    earlier = places - ages[:, None] * axis.per_day
    step_h = 24.0 / axis.per_day
    recent = _recent_error(error, begin - np.append(0, ages) * axis.per_day, step_h)
    stays = _ERROR_STAYS * np.exp(-(places - begin + 0.5) * step_h / _ERROR_STAYS_HOURS)
    values = likely[places] + looked_up(error, earlier) + np.outer(recent[0] - recent[1:], stays)
    unlike = (axis.foretold[places] - looked_up(axis.foretold, earlier)) / _SIMILAR
    weights = np.exp2(-ages / _HALF_LIFE_DAYS)[:, None] * (np.exp(-0.5 * unlike**2) + _UNLIKE_WEIGHT)
    weights[np.isnan(values)] = 0.0
    supposed = likely[places] + _SUPPOSED_ERROR[:, None] + recent[0] * stays
    supposed_weights = np.full(supposed.shape, _SUPPOSED_DAYS / _SUPPOSED_ERROR.size)
    return weighted_quantiles(np.concatenate([values, supposed]), np.concatenate([weights, supposed_weights]))


def likely_prices(axis: PriceAxis) -> Floats:
    """Return for all places what usually came of a forecast as high as theirs, in one rising curve."""
    both = np.flatnonzero(is_known(axis.foretold) & is_known(axis.prices))
    if both.size < axis.per_day:
        return axis.foretold
    both = both[np.argsort(axis.foretold[both], kind="stable")]
    told, came = axis.foretold[both], axis.prices[both]
    weight = np.exp2((both - axis.prices.size) / axis.per_day / _LEVELS_HALF_LIFE_DAYS)
    bins = np.linspace(0.0, 1.0, max(1, min(_BINS, both.size // _LEAST_IN_BIN)), endpoint=False)
    starts = np.unique((np.append(bins, _TOP_SHARES) * both.size).astype(np.int64))
    total = np.add.reduceat(weight, starts)
    usual_told = np.add.reduceat(weight * told, starts) / total
    usual_came = np.add.reduceat(weight * came, starts) / total
    trusted = total / (total + _BIN_PRIOR)
    curve = np.maximum.accumulate(usual_told + trusted * (usual_came - usual_told))
    beyond = np.maximum(axis.foretold - usual_told[-1], 0.0) + np.minimum(axis.foretold - usual_told[0], 0.0)
    likely: Floats = np.interp(axis.foretold, usual_told, curve) + _BEYOND * beyond
    return likely


def _recent_error(error: Floats, places: Ints, step_h: float) -> Floats:
    """Return the mean error shortly before each of *places*, less if little is known of it."""
    seen = max(1, round(_SEEN_HOURS / step_h))
    fade = np.exp(-np.arange(seen, 0, -1) * step_h / _RECENT_HOURS)
    fade /= fade.sum()
    there = is_known(error)
    padding = np.zeros(seen)
    windows = sliding_window_view(np.concatenate([padding, np.where(there, error, 0.0)]), seen)
    shares = sliding_window_view(np.concatenate([padding, there.astype(np.float64)]), seen)
    inside = np.maximum(places, 0)
    mean: Floats = (windows[inside] @ fade) / (shares[inside] @ fade + _RECENT_PRIOR)
    return mean
