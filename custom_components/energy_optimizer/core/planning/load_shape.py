"""What a household needs of which nothing is known yet, and how that gives way to what is measured."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import numpy as np

from ..model.forecast import Floats
from .calendar_days import DAY_S
from .load_history import LoadTable, slots_per_day

MEAN_KW: Final = 0.35
"""About 3000 kWh a year, between a flat and a house in Europe."""
_BY_HOUR: Final = (0.68, 0.6, 0.56, 0.55, 0.56, 0.64, 0.86, 1.05, 1.05, 0.98, 0.95, 0.98)
_BY_HOUR_PM: Final = (1.04, 1.0, 0.95, 0.97, 1.1, 1.4, 1.7, 1.78, 1.62, 1.38, 1.1, 0.85)
_SPREAD: Final = (0.3, 0.55, 0.8, 1.15, 2.2)
"""Equally likely multiples of the mean."""
_OWN_HOURS: Final = 4.0
"""After so many measured hours, they say as much about the level as the usual household does."""
_LEVEL_HOURS: Final = 48.0
_WEIGHT_DAYS: Final = 4.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class UsualLoad:
    """Made-up days that stand in for measured ones."""

    power_kw: Floats
    """A row for each made-up day, a column for each slot."""
    weight: Floats
    """What each of them counts, by slot; the newest measured day counts one."""


def usual_load(table: LoadTable, step: timedelta) -> UsualLoad:
    """Return the usual household's days at the level of what was measured last."""
    shape_kw = _shape_kw(step)
    measured = np.isfinite(table.power_kw)
    power_kw = np.array(_SPREAD)[:, None] * shape_kw * _level(table, shape_kw, step)
    per_slot = _WEIGHT_DAYS / (1.0 + np.count_nonzero(measured, axis=0)) / len(_SPREAD)
    return UsualLoad(power_kw=power_kw, weight=np.tile(per_slot, (len(_SPREAD), 1)))


def _shape_kw(step: timedelta) -> Floats:
    hour = np.arange(slots_per_day(step)) * (step.total_seconds() / 3600.0)
    by_hour = np.array(_BY_HOUR + _BY_HOUR_PM)
    middle = (hour + 0.5 * step.total_seconds() / 3600.0) % (DAY_S / 3600.0)
    shape: Floats = MEAN_KW * np.interp(middle, np.arange(24) + 0.5, by_hour / by_hour.mean(), period=24.0)
    return shape


def _level(table: LoadTable, shape_kw: Floats, step: timedelta) -> float:
    """Return how many times the usual household's this home's load of late was."""
    step_hours = step.total_seconds() / 3600.0
    known = np.flatnonzero(np.isfinite(table.power_kw.ravel()))[-int(_LEVEL_HOURS / step_hours) :]
    if not known.size:
        return 1.0
    usual_kwh = np.tile(shape_kw, table.day.size)[known].sum() * step_hours
    own_kwh = table.power_kw.ravel()[known].sum() * step_hours
    prior_kwh = MEAN_KW * _OWN_HOURS
    return float((own_kwh + prior_kwh) / (usual_kwh + prior_kwh))
