"""Forecasts as anyone would make them at first, beside which ours are held."""

from datetime import date, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from custom_components.energy_optimizer.core.model.forecast import Floats

from .cells import Cell

_DAYS: Final = 28
_FIRST_LOAD_KW: Final = 0.5
"""Where nothing was measured yet."""


class SimpleForecasts:
    """Of a cell, for each step, from whole earlier days alone; one value for each of *count* coming steps."""

    def __init__(self, cell: Cell, count: int) -> None:
        series, self._cell, self._count = cell.series, cell, count
        size = series.load_kw.size + count
        self._per_day = round(timedelta(days=1) / series.step)
        local = [(series.starts_at + index * series.step).astimezone(cell.zone) for index in range(size)]
        step_minutes = series.step / timedelta(minutes=1)
        self._slot = np.array([int((each.hour * 60 + each.minute) // step_minutes) for each in local])
        self._day = np.array([each.toordinal() for each in local])
        lived = ~np.isnan(series.load_kw)
        self._dates = np.unique(self._day[: lived.size][lived])
        self._load, self._solar = self._by_day(series.load_kw), self._by_day(series.solar_kw)
        self._is_weekend = np.array([_is_weekend(each) for each in self._dates.tolist()])

    def load_kw(self, index: int) -> Floats:
        """Return the mean of the last days of the same kind at each time, of weekdays or weekends."""
        today = int(np.searchsorted(self._dates, self._day[index]))
        last, kinds = slice(max(today - _DAYS, 0), today), self._is_weekend[max(today - _DAYS, 0) : today]
        usual = _mean(self._load[last], np.full(self._per_day, _FIRST_LOAD_KW))
        yesterday = _mean(self._load[max(today - 1, 0) : today], usual)
        by_kind = np.stack([_mean(self._load[last][kinds == kind], yesterday) for kind in (False, True)])
        ahead = slice(index, index + self._count)
        coming = np.array([int(_is_weekend(each)) for each in self._day[ahead].tolist()])
        expected: Floats = by_kind[coming, self._slot[ahead]]
        return expected

    def solar_kw(self, index: int) -> Floats:
        """Return what the forecast service says of today and tomorrow; elsewhere yesterday's sun."""
        today = int(np.searchsorted(self._dates, self._day[index]))
        usual = _mean(self._solar[max(today - _DAYS, 0) : today], np.zeros(self._per_day))
        yesterday = _mean(self._solar[max(today - 1, 0) : today], usual)
        ahead = slice(index, index + self._count)
        expected: Floats = yesterday[self._slot[ahead]]
        given = self._cell.series.solar_foretold_kw
        if given is None:
            return expected
        foretold = self._padded(given, index)
        is_told = ~np.isnan(foretold) & (self._day[ahead] <= self._day[index] + 1)
        return np.where(is_told, foretold, expected)

    def price(self, index: int, prices: Floats, foretold: Floats | None) -> Floats:
        """Return what is published or foretold; beyond, the price of the same time on the last known day."""
        expected = self._padded(prices if foretold is None else foretold, index)
        if foretold is None:
            expected[max(int(min(self._cell.series.known_until[index], index + self._count)) - index, 0) :] = np.nan
        expected[0] = prices[index]
        mean = float(np.nanmean(expected))
        for step in np.flatnonzero(np.isnan(expected)).tolist():
            back = step - self._per_day
            before = expected[back] if back >= 0 else prices[index + back] if index + back >= 0 else np.nan
            expected[step] = mean if np.isnan(before) else before
        return expected

    def _padded(self, values: Floats, index: int) -> Floats:
        """Return what comes from a step on, not a number beyond the end."""
        padded = np.full(self._count, np.nan)
        coming = values[index : index + self._count]
        padded[: coming.size] = coming
        return padded

    def _by_day(self, values: Floats) -> Floats:
        """Return a row for each measured day, a column for each time of day."""
        known = np.flatnonzero(~np.isnan(values))
        places = (np.searchsorted(self._dates, self._day[known]), self._slot[known])
        sums, counts = np.zeros((2, self._dates.size, self._per_day))
        np.add.at(sums, places, values[known])
        np.add.at(counts, places, 1.0)
        means = np.full(sums.shape, np.nan)
        np.divide(sums, counts, out=means, where=counts > 0.0)
        return means


def _is_weekend(ordinal: int) -> bool:
    return date.fromordinal(ordinal).weekday() >= 5


def _mean(rows: Floats, otherwise: Floats) -> Floats:
    """Return the mean of each column over what is known of it."""
    known: NDArray[np.bool_] = ~np.isnan(rows)
    counts = known.sum(axis=0)
    mean: Floats = np.where(counts > 0, np.nansum(rows, axis=0) / np.maximum(counts, 1), otherwise)
    return mean
