"""A home's past load as a table: a row for each local day, a column for each time of day."""

from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Final

import numpy as np

from ..model.forecast import Floats, Series
from .calendar_days import DAY_S, Ints, local_steps

MOST_DAYS: Final = 42
"""So many days' worth of measurements are looked at; what is older says nothing that these do not."""
_NEAR_S: Final = 1800


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LoadTable:
    """Measured days, oldest first."""

    day: Ints
    """The local date of each row, in days since 1 January 1970."""
    power_kw: Floats
    """A row for each day, a column for each slot; not a number where nothing was measured."""

    def moved(self, by: int) -> Floats:
        """Return the table with each slot holding what was measured *by* slots before."""
        flat = np.full(self.power_kw.size, np.nan)
        if by > 0:
            flat[by:] = self.power_kw.ravel()[:-by]
        else:
            flat[:by] = self.power_kw.ravel()[-by:]
        return flat.reshape(self.power_kw.shape)


def slots_per_day(step: timedelta) -> int:
    """Return how many steps a day has; the last may reach into the next day."""
    return -(-DAY_S // int(step.total_seconds()))


def near_slots(step: timedelta) -> int:
    """Return how many slots lie between one and its neighbour that is about as likely to see the same."""
    return max(1, _NEAR_S // int(step.total_seconds()))


def load_table(past: Series, zone: tzinfo) -> LoadTable:
    """Sort what was measured by day and time of day; a meter's noise below zero counts as nothing."""
    slots = slots_per_day(past.step)
    known = np.flatnonzero(np.isfinite(past.values))
    if not known.size:
        return LoadTable(day=np.empty(0, np.int64), power_kw=np.empty((0, slots)))
    first = int(known[-min(known.size, MOST_DAYS * slots)])
    values = past.values[first:]
    values = np.where(np.isfinite(values), np.maximum(values, 0.0), np.nan)
    clock = local_steps(past.starts_at + first * past.step, past.step, values.size, zone)
    row = clock.day - clock.day[0]
    power_kw = np.full((int(row[-1]) + 1, slots), np.nan)
    power_kw[row, clock.second // int(past.step.total_seconds())] = values
    measured = np.isfinite(power_kw).any(axis=1)
    return LoadTable(day=np.flatnonzero(measured) + clock.day[0], power_kw=power_kw[measured])
