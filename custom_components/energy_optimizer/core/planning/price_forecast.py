"""What a kWh will cost or earn: as published, beyond that as foretold, beyond that as on past days."""

from collections.abc import Collection
from datetime import date, datetime, tzinfo
from typing import Final

import numpy as np

from ..model.forecast import MEDIAN, QUANTILES, Floats, Forecast, Series
from .calendar_days import DAY_S
from .price_axis import PriceAxis, is_known
from .price_days import quantiles_by_days
from .price_foretold import quantiles_as_foretold

_LOOK_BACK_DAYS: Final = 56


def forecast_prices(
    past: Series,
    known: Series,
    count: int,
    zone: tzinfo,
    *,
    given: Series | None = None,
    holidays: Collection[date] = (),
) -> Forecast:
    """Foretell one side's price for *count* steps from the end of *past*, which holds what prices were.

    Steps whose price is in *known* have that in all quantiles. *given* is what was foretold for steps past and
    coming. No quantile is beyond all prices that were seen or foretold; all are no numbers if there were none.

    Raises:
        ValueError: if the steps do not divide a day or differ from series to series.
    """
    step_s = round(past.step.total_seconds())
    if step_s <= 0 or DAY_S % step_s:
        raise ValueError("Steps must divide the day")
    if known.step != past.step or (given is not None and given.step != past.step):
        raise ValueError("Steps of all series must be alike")
    before = min(_LOOK_BACK_DAYS * DAY_S // step_s, past.values.size)
    start = past.ends_at - before * past.step
    prices = np.concatenate([_between(past, start, before), _between(known, past.ends_at, count)])
    foretold = np.full(before + count, np.nan) if given is None else _between(given, start, before + count)
    quantiles = np.repeat(prices[None, before:], len(QUANTILES), axis=0)
    unknown = np.flatnonzero(~is_known(prices[before:]))
    seen = np.concatenate([prices, foretold])
    if unknown.size and (seen := seen[is_known(seen)]).size:
        series = Series(starts_at=start, step=past.step, values=prices)
        axis = PriceAxis.of(series, foretold, before, zone, holidays)
        expected = axis.per_kwh(_expected(axis, unknown))
        quantiles[:, unknown] = np.clip(expected, seen.min(), seen.max())
    return Forecast(starts_at=past.ends_at, step=past.step, quantiles=quantiles)


def _expected(axis: PriceAxis, unknown: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Floats:
    """Return the scaled quantiles of the *unknown* ones of the coming steps."""
    places = axis.coming[unknown]
    told = is_known(axis.foretold[places])
    quantiles = np.empty((len(QUANTILES), places.size))
    prices = axis.prices
    if told.any():
        quantiles[:, told] = quantiles_as_foretold(axis, places[told])
        prices = prices.copy()
        prices[places[told]] = quantiles[MEDIAN, told]  # days after a forecast go on from it
    if not told.all():
        quantiles[:, ~told] = quantiles_by_days(axis, prices, places[~told])
    return quantiles


def _between(series: Series, start: datetime, count: int) -> Floats:
    """Return *count* values from *start* on, not a number where the series has none."""
    values = np.full(count, np.nan)
    offset = round((start - series.starts_at) / series.step)
    first, last = max(0, -offset), min(count, series.values.size - offset)
    if first < last:
        part = series.values[first + offset : last + offset]
        values[first:last] = np.where(np.isfinite(part), part, np.nan)
    return values
