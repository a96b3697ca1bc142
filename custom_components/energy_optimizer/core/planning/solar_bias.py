"""What a solar forecast is multiplied by to be right on average."""

from typing import Final

import numpy as np

from ..model.forecast import Floats

_HALF_LIFE_DAYS: Final = 14.0
_TRUSTED_DAYS: Final = 3.0
"""So many clear days without any error a new forecast is given in advance."""
_ALIKE_DAYS: Final = 10.0
"""So many clear days the hours are taken to be all as wrong as the whole day."""


def unbiased(foretold_kw: Floats, power_kw: Floats, clear_kw: Floats, per_day: int) -> Floats:
    """Return the forecast, scaled for each time of the day by how much more was measured there, lately above all.

    The measured power covers the first steps of the forecast, in whole days; *clear_kw* those of the forecast.
    """
    before = power_kw.size
    if not before:
        return foretold_kw
    known = ~np.isnan(power_kw) & ~np.isnan(foretold_kw[:before])
    weight = np.where(known, np.exp2(-(before - np.arange(before)) / per_day / _HALF_LIFE_DAYS), 0.0)
    told = (weight * np.where(known, foretold_kw[:before], 0.0)).reshape(-1, per_day).sum(axis=0)
    came = (weight * np.where(known, power_kw, 0.0)).reshape(-1, per_day).sum(axis=0)
    clear_day = max(float(clear_kw.mean()) * per_day, 1e-6)
    whole = (came.sum() + _TRUSTED_DAYS * clear_day) / (told.sum() + _TRUSTED_DAYS * clear_day)
    reach = max(1, per_day // 24)
    prior = _ALIKE_DAYS * clear_day * (2 * reach + 1) / per_day
    factor = (_around(came, reach) + prior * whole) / (_around(told, reach) + prior)
    scaled: Floats = foretold_kw * factor[(np.arange(foretold_kw.size) - before) % per_day]
    return scaled


def _around(slots: Floats, reach: int) -> Floats:
    """Return each slot's sum with its neighbours up to *reach* slots away, round the clock."""
    total: Floats = np.sum([np.roll(slots, shift) for shift in range(-reach, reach + 1)], axis=0)
    return total
