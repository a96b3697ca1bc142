"""Prices that nobody foretells: as they were on past days of their kind, from the level that is published."""

from typing import Final

import numpy as np

from ..model.forecast import Floats
from .calendar_days import Ints
from .price_axis import PriceAxis, is_known, looked_up
from .weighted_quantiles import weighted_quantiles

_HALF_LIFE_DAYS: Final = 14.0
_ALIKE: Final = np.array([[1.0, 0.05, 0.05], [0.05, 1.0, 0.4], [0.05, 0.4, 1.0]])
"""How much a past day counts for a coming one: working days, Saturdays, Sundays with holidays."""
_LEVEL_STAYS: Final = 0.6
"""How much of a day's distance from the usual level the next day still has."""
_SHAPE_STAYS: Final = 0.15
_USUAL_DAYS: Final = 14
_USUAL_WEIGHT: Final = 0.5
"""Whatever the prices of the last weeks were counts as much as half a day of yesterday's kind."""
_USUAL: Final = (0.1, 0.3, 0.5, 0.7, 0.9)


def quantiles_by_days(axis: PriceAxis, prices: Floats, places: Ints) -> Floats:
    """Return the quantiles of *places* after *prices* of the axis (scaled), some of which must be known.

    Each past day tells a price: its own, moved as far as the level and shape published now differ from those published
    at that time, less the further the last published day lies back.
    """
    per_day = axis.per_day
    last = int(np.flatnonzero(is_known(prices))[-1])
    ages = np.arange(1, int(places.max(initial=0)) // per_day + 1)[:, None]
    days_back = np.maximum(-((last - places) // per_day), 1)
    earlier = places - ages * per_day
    last_day, last_day_then = places - days_back * per_day, earlier - days_back * per_day
    levels = _levels(prices, per_day)
    higher = np.nan_to_num(levels[last] - looked_up(levels, last - ages * per_day))
    steeper = np.nan_to_num(looked_up(prices, last_day) - looked_up(prices, last_day_then) - higher)
    steeper[axis.kinds[np.maximum(last_day, 0)] != axis.kinds[np.maximum(last_day_then, 0)]] = 0.0
    values = looked_up(prices, earlier) + higher * _LEVEL_STAYS**days_back + steeper * _SHAPE_STAYS**days_back
    alike = _ALIKE[axis.kinds[places], axis.kinds[np.maximum(earlier, 0)]]
    spread = float(np.std(levels[is_known(levels)])) if is_known(levels).any() else 0.0
    weights = np.exp2(-ages / _HALF_LIFE_DAYS) * alike
    weights = weights * np.exp(-0.5 * (higher / max(spread, 1e-3)) ** 2)
    weights[np.isnan(values)] = 0.0
    lately = prices[is_known(prices)][-_USUAL_DAYS * per_day :]
    usual = np.repeat(np.quantile(lately, _USUAL)[:, None], places.size, axis=1)
    usual_weights = np.full(usual.shape, _USUAL_WEIGHT / len(_USUAL))
    return weighted_quantiles(np.concatenate([values, usual]), np.concatenate([weights, usual_weights]))


def _levels(prices: Floats, per_day: int) -> Floats:
    """Return the mean of the day that ends with each place; not a number where over half of it is unknown."""
    there = is_known(prices)
    total = np.concatenate([[0.0], np.cumsum(np.where(there, prices, 0.0))])
    count = np.concatenate([[0], np.cumsum(there)])
    ends = np.arange(1, prices.size + 1)
    starts = np.maximum(ends - per_day, 0)
    number = count[ends] - count[starts]
    means: Floats = np.where(2 * number >= per_day, (total[ends] - total[starts]) / np.maximum(number, 1), np.nan)
    return means
