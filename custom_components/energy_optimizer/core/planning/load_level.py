"""Days from before a lasting change, such as a heat pump or a child that moved out, brought near today's level."""

from typing import Final

import numpy as np

from ..model.forecast import Floats
from .load_history import LoadTable

_LEAST_KW: Final = 0.02
"""Levels below this are as good as nothing, and the same."""
_LEAST_KNOWN: Final = 0.75
_USUAL_SPREADS: Final = 2.5
"""Days that lie apart by fewer of the usual spreads between days are left as they were."""
_LEAST_SPREAD: Final = 0.15
_FEW_SPREAD: Final = 0.35
_FEW_DAYS: Final = 5


def at_level_of_late(table: LoadTable, now: tuple[int, int]) -> LoadTable:
    """Scale days that are out of the usual range around the last 48 hours to its edge.

    *now* is the local day and the slot that begins. Nothing is scaled above the highest power measured.
    """
    levels = _log_levels(table.power_kw)
    levels[table.day >= now[0]] = np.nan
    late = _late_level(table, now)
    known = levels[np.isfinite(levels)]
    if late is None or not known.size:
        return table
    apart = late - levels
    usual = _USUAL_SPREADS * _spread(known)
    excess = np.where(np.isfinite(apart), np.sign(apart) * np.maximum(np.abs(apart) - usual, 0.0), 0.0)
    if not excess.any():
        return table
    scaled_kw = np.minimum(table.power_kw * np.exp(excess)[:, None], np.nanmax(table.power_kw))
    return LoadTable(day=table.day, power_kw=scaled_kw)


def _late_level(table: LoadTable, now: tuple[int, int]) -> float | None:
    """Return the level of the last two times 24 hours, so that a single odd day weighs half; ``None`` if unknown."""
    slots = table.power_kw.shape[1]
    late_kw = np.full((3, slots), np.nan)
    row = table.day - (now[0] - 2)
    late_kw[row[row >= 0]] = table.power_kw[row >= 0]
    levels = _log_levels(late_kw.ravel()[now[1] : now[1] + 2 * slots].reshape(2, slots))
    return float(levels.mean()) if np.isfinite(levels).all() else None


def _log_levels(power_kw: Floats) -> Floats:
    """Return the logarithm of each row's mean; not a number where too little of it is known."""
    known = np.isfinite(power_kw)
    count = np.count_nonzero(known, axis=1)
    mean = np.sum(power_kw, axis=1, where=known) / np.maximum(count, 1)
    return np.where(count >= _LEAST_KNOWN * power_kw.shape[1], np.log(np.maximum(mean, _LEAST_KW)), np.nan)


def _spread(levels: Floats) -> float:
    """Return how far days usually lie apart, whatever the few odd ones among them do."""
    if levels.size < _FEW_DAYS:
        return _FEW_SPREAD
    return max(_LEAST_SPREAD, float(1.48 * np.median(np.abs(levels - np.median(levels)))))
