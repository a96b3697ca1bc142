"""How much a past day says about another one: recent days, days of its habits, and days as warm as it."""

from dataclasses import dataclass
from datetime import tzinfo
from typing import Final

import numpy as np

from ..model.forecast import Floats, Series
from .calendar_days import Ints, local_steps
from .load_habits import WeeklyHabits, weekly_habits
from .load_history import LoadTable

_FAST_SHARE: Final = 0.6
_FAST_DAYS: Final = 3.0
_SLOW_DAYS: Final = 14.0
_ALIKE_KELVIN: Final = 2.5
_OTHER_WEATHER: Final = 0.03
_LEAST_HOURS: Final = 6.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DayTemperatures:
    """Mean outdoor temperatures of local days."""

    first_day: int
    celsius: Floats
    """From the first day on; not a number where too little of a day is known."""

    def of(self, day: Ints) -> Floats:
        """Return the temperatures of *day*, not a number where unknown."""
        at = day - self.first_day
        inside = (at >= 0) & (at < self.celsius.size)
        return np.where(inside, self.celsius[np.clip(at, 0, self.celsius.size - 1)], np.nan)


def day_temperatures(temperature: Series, zone: tzinfo) -> DayTemperatures | None:
    """Average outdoor temperatures (°C) over local days; ``None`` if none is known."""
    known = np.isfinite(temperature.values)
    if not known.any():
        return None
    day = local_steps(temperature.starts_at, temperature.step, known.size, zone).day
    at = (day - day[0])[known]
    count = np.bincount(at)
    hours = count * (temperature.step.total_seconds() / 3600.0)
    total = np.bincount(at, temperature.values[known])
    celsius = np.divide(total, count, out=np.full(count.size, np.nan), where=hours >= _LEAST_HOURS)
    return DayTemperatures(first_day=int(day[0]), celsius=celsius)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PastDays:
    """The measured days, ready to be compared with others."""

    day: Ints
    habits: WeeklyHabits
    temperatures: DayTemperatures | None

    def weights(self, wanted: Ints) -> Floats:
        """Return what each measured day says about each wanted one, slot by slot: nothing if it came later.

        The newest day counts about one, however long ago it was.
        """
        age = wanted[:, None] - self.day[None, :]
        recency = _recency(np.maximum(age, 0))
        weights = np.where(age >= 0, recency / recency.max(axis=1, keepdims=True, initial=1e-12), 0.0)
        if self.temperatures is not None:
            weights *= _likeness(self.temperatures.of(self.day)[None, :], self.temperatures.of(wanted)[:, None])
        by_slot: Floats = weights[:, :, None] * self.habits.weights(self.day, wanted)
        return by_slot


def past_days(table: LoadTable, temperatures: DayTemperatures | None) -> PastDays:
    """Look at the habits of measured days once, for all that they are compared with."""
    return PastDays(day=table.day, habits=weekly_habits(table), temperatures=temperatures)


def _recency(age: Ints) -> Floats:
    fast, slow = 0.5 ** (age / _FAST_DAYS), 0.5 ** (age / _SLOW_DAYS)
    weights: Floats = _FAST_SHARE * fast + (1.0 - _FAST_SHARE) * slow
    return weights


def _likeness(celsius: Floats, wanted_celsius: Floats) -> Floats:
    """Return one for the days nearest in temperature, less for others; one half where it is unknown."""
    apart = np.abs(celsius - wanted_celsius)
    nearest = np.min(np.where(np.isnan(apart), np.inf, apart), axis=1, keepdims=True, initial=np.inf)
    with np.errstate(invalid="ignore"):
        near = np.exp(-0.5 * (apart**2 - nearest**2) / _ALIKE_KELVIN**2)
    alike = _OTHER_WEATHER + (1.0 - _OTHER_WEATHER) * near
    return np.where(np.isnan(apart), 0.5, alike)
