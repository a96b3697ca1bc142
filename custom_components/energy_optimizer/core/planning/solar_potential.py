"""What panels can give at most: a clear sky, scaled hour by hour by what was seen to come of it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from ..model.forecast import Floats
from .solar_sky import SkySteps

_LEARNED_DAYS: Final = 44
"""So far back the shape is learned; before, the sun stood elsewhere."""
_CLEAR_SHARE: Final = 0.92
"""The quantile of a slot's days that is taken for a clear one."""
_BRIGHTEST: Final = 1.15
"""What cold air and bright cloud edges add to a clear sky, where nobody has seen yet what they do."""
_GLIMMER: Final = 0.01
"""The share of a clear noon below which the sky's own light is not divided by."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Potential:
    """What panels give under a clear sky and under the brightest one, in kW."""

    clear_kw: Floats
    most_kw: Floats


def learn_potential(sky: SkySteps, seen_kw: Floats, per_day: int, *, scale_known: bool) -> Potential:
    """Return the potential of all steps of *sky*, which gave *seen_kw* as far as that is a number.

    Each time of the day is scaled by its own clear days and those of its neighbours, which is how shade, direction
    and inverter come in. *scale_known* says that the sky's own kW are right where nothing was seen.
    """
    light = np.maximum(sky.clear_kw, np.where(sky.is_twilight, _GLIMMER * sky.clear_kw.max(initial=0.0), 0.0))
    days = np.full((-(-light.size // per_day), per_day), -np.inf)
    np.divide(seen_kw, light, out=days.reshape(-1)[: light.size], where=(light > 0.0) & ~np.isnan(seen_kw))
    usual, most, seen = _of_each_slot(days[-_LEARNED_DAYS:])
    found = seen > 0
    otherwise = 1.0 if scale_known or not found.any() else float(np.median(usual[found]))
    caution = 1.0 / np.maximum(seen / 3.0, 1.0)  # a few days need not have shown a clear sky
    usual = np.where(found, usual * (1.0 + 0.5 * caution), otherwise)
    most = np.where(found, most * (1.0 + caution), otherwise * _BRIGHTEST)
    slot = np.arange(light.size) % per_day
    open_sky = (sky.clear_kw > 0.0) | (days.max(axis=0, initial=-np.inf) > 0.0)[slot]
    return Potential(
        clear_kw=np.where(open_sky, light * usual[slot], 0.0), most_kw=np.where(open_sky, light * most[slot], 0.0)
    )


def _of_each_slot(days: Floats) -> tuple[Floats, Floats, Floats]:
    """Return a clear day's share, the greatest one and how many were seen, for each slot with its neighbours."""
    wide = np.concatenate([np.roll(days, 1, axis=1), days, np.roll(days, -1, axis=1)])
    if not wide.size:
        nothing = np.zeros(days.shape[1])
        return nothing, nothing, nothing
    seen = np.count_nonzero(np.isfinite(wide), axis=0)
    ordered = np.sort(wide, axis=0)
    rank = ordered.shape[0] - 1 - np.floor(seen * (1.0 - _CLEAR_SHARE)).astype(np.int64)
    return ordered[rank, np.arange(days.shape[1])], ordered[-1], seen.astype(np.float64)
