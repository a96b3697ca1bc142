"""Whether weekends, or single days of the week, are different in this home, and at which times of day."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..model.forecast import Floats
from .calendar_days import Ints, weekday_of
from .load_history import LoadTable

_SATURDAY: Final = 5
_IS_WEEKEND: Final = np.arange(7) >= _SATURDAY
_BY_CHANCE: Final = 8.0
"""Means of two kinds of days differ by less than this many squared standard errors without a reason."""
_DIFFERENCE_COUNTS: Final = 8.0
_OTHER_KIND: Final = 0.6
_OTHER_WEEKDAY: Final = 0.8
_LEAST_SPREAD: Final = 0.05
_LEAST_SHARE: Final = 0.1
_LEAST_KW: Final = 0.01


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class WeeklyHabits:
    """What days say about a day of another weekday: at most one, a row for each weekday and a column for each slot."""

    other_weekday: Floats
    other_kind: Floats
    """What the weekend says about working days and the other way round, besides being another weekday."""

    def weights(self, measured: Ints, wanted: Ints) -> Floats:
        """Return what each measured day says about each wanted one, slot by slot."""
        weekday, wanted_weekday = weekday_of(measured)[None, :, None], weekday_of(wanted)
        is_kind = _IS_WEEKEND[weekday] == _IS_WEEKEND[wanted_weekday][:, None, None]
        same_kind = self.other_weekday[wanted_weekday]
        other_kind = same_kind * self.other_kind[wanted_weekday]
        others = np.where(is_kind, same_kind[:, None, :], other_kind[:, None, :])
        return np.where(weekday == wanted_weekday[:, None, None], 1.0, others)


def weekly_habits(table: LoadTable) -> WeeklyHabits:
    """Compare the measured days of each weekday with others, and weekends with working days."""
    is_weekday = np.arange(7)[:, None] == weekday_of(table.day)
    is_kind = np.where(_IS_WEEKEND[:, None], is_weekday[_SATURDAY:].any(axis=0), is_weekday[:_SATURDAY].any(axis=0))
    outcome, known = _outcomes(table.power_kw)
    weekday, kind = _sums(is_weekday, outcome, known), _sums(is_kind, outcome, known)
    everything = _sums(np.ones_like(is_kind), outcome, known)
    return WeeklyHabits(
        other_weekday=_OTHER_WEEKDAY * _likeness(weekday, kind.without(weekday)),
        other_kind=_OTHER_KIND * _likeness(kind, everything.without(kind)),
    )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Sums:
    """Sums over groups of measured days: a row for each group, a column for each slot."""

    count: Floats
    total: Floats
    squares: Floats

    def without(self, part: _Sums) -> _Sums:
        """Return the sums over the days of each group that are in no part of it."""
        return _Sums(count=self.count - part.count, total=self.total - part.total, squares=self.squares - part.squares)

    @property
    def mean(self) -> Floats:
        """The mean outcome."""
        mean: Floats = self.total / np.maximum(self.count, 1.0)
        return mean

    @property
    def scatter(self) -> Floats:
        """The sum of squared distances from the mean."""
        return np.maximum(self.squares - self.total * self.mean, 0.0)


def _sums(is_member: NDArray[np.bool_], outcome: Floats, known: Floats) -> _Sums:
    member = is_member.astype(np.float64)
    return _Sums(count=member @ known, total=member @ outcome, squares=member @ outcome**2)


def _outcomes(power_kw: Floats) -> tuple[Floats, Floats]:
    """Return powers on a scale on which spikes do not outweigh all else, zero where unknown, and which are known."""
    known = np.isfinite(power_kw)
    count = int(np.count_nonzero(known))
    mean_kw = float(np.sum(power_kw, where=known)) / max(count, 1)
    least_kw = max(_LEAST_KW, _LEAST_SHARE * mean_kw)
    return np.log(np.where(known, power_kw, 0.0) + least_kw) * known, known.astype(np.float64)


def _likeness(first: _Sums, second: _Sums) -> Floats:
    """Return one where two groups do not differ by more than chance, towards zero the more they do."""
    freedom = np.maximum(first.count + second.count - 2.0, 1.0)
    variance = (first.scatter + second.scatter) / freedom + _LEAST_SPREAD**2
    error = 1.0 / np.maximum(first.count, 1.0) + 1.0 / np.maximum(second.count, 1.0)
    apart = (first.mean - second.mean) ** 2 / variance
    beyond_chance = np.where((first.count > 1) & (second.count > 1), np.maximum(apart - _BY_CHANCE * error, 0.0), 0.0)
    likeness: Floats = 1.0 / (1.0 + _DIFFERENCE_COUNTS * beyond_chance)
    return likeness
