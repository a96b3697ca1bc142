"""Prices side by side by the clock on the wall, on a scale on which a spike is large but not everything."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from ..model.forecast import Floats, Series
from .calendar_days import DAY_S, Ints, local_steps, weekday_of

_LEAST_SCALE: Final = 1e-3
_SATURDAY: Final = 5
_SUNDAY: Final = 6
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PriceAxis:
    """Prices and what was foretold of them, a place for each step of local time.

    Nothing stands where the clock is put forward; where it is put back the second hour stands for both.
    """

    prices: Floats
    """In units of ``scale``, as inverse hyperbolic sine: nearly proportional about zero, logarithmic far from it."""
    foretold: Floats
    coming: Ints
    """The places of the steps to come."""
    kinds: Ints
    """0 for the places of a working day, 1 for a Saturday, 2 for a Sunday or holiday."""
    per_day: int
    scale: float

    @classmethod
    def of(cls, prices: Series, foretold: Floats, before: int, zone: tzinfo, holidays: Collection[date]) -> Self:
        """Put *prices* and *foretold* in their places; the first *before* steps are past."""
        step_s = round(prices.step.total_seconds())
        per_day = DAY_S // step_s
        clock = local_steps(prices.starts_at, prices.step, prices.values.size, zone)
        number = clock.day * per_day + clock.second // step_s
        first = int(number.min())
        places = number - first
        scale = max(_LEAST_SCALE, float(np.nanmedian(np.abs(np.concatenate([prices.values, foretold])))))
        on_axis = np.full((2, int(places.max()) + 1), np.nan)
        on_axis[:, places] = np.arcsinh(np.stack([prices.values, foretold]) / scale)
        day = (np.arange(on_axis.shape[1]) + first) // per_day
        weekday = weekday_of(day)
        kinds = (weekday == _SATURDAY) + 2 * (weekday == _SUNDAY)
        kinds[np.isin(day + _EPOCH_ORDINAL, [each.toordinal() for each in holidays])] = 2
        return cls(
            prices=on_axis[0],
            foretold=on_axis[1],
            coming=places[before:],
            kinds=kinds,
            per_day=per_day,
            scale=scale,
        )

    def per_kwh(self, scaled: Floats) -> Floats:
        """Return prices per kWh again."""
        return np.asarray(self.scale * np.sinh(scaled), dtype=np.float64)


def looked_up(values: Floats, places: Ints) -> Floats:
    """Return the values at *places*; not a number outside."""
    inside = (places >= 0) & (places < values.size)
    found: Floats = np.where(inside, values[np.where(inside, places, 0)], np.nan)
    return found


def is_known(values: Floats) -> NDArray[np.bool_]:
    """Say which values are numbers."""
    return ~np.isnan(values)
