"""The clock on the wall over many equal steps at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

type Ints = NDArray[np.int64]

DAY_S: Final = 86400
_QUARTER_S: Final = 900
"""No zone of today puts its clocks at another time than a whole quarter of an hour."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class LocalSteps:
    """What local clocks show when each of many steps begins."""

    day: Ints
    """Days since 1 January 1970, by local date."""
    second: Ints
    """Seconds since midnight, as the clock shows them."""

    @property
    def weekday(self) -> Ints:
        """Monday is 0, as in the standard library."""
        return weekday_of(self.day)


def weekday_of(day: Ints) -> Ints:
    """Return the weekdays of days since 1 January 1970, Monday as 0."""
    return (day + 3) % 7


def local_steps(starts_at: datetime, step: timedelta, count: int, zone: tzinfo) -> LocalSteps:
    """Return what clocks in *zone* show as each of *count* steps begins; steps are whole seconds."""
    epoch_s = int(starts_at.timestamp()) + int(step.total_seconds()) * np.arange(count, dtype=np.int64)
    if not count:
        return LocalSteps(day=epoch_s, second=epoch_s)
    since_s, offset_s = _offsets(zone, int(epoch_s[0]) // DAY_S, int(epoch_s[-1]) // DAY_S)
    local_s = epoch_s + offset_s[np.searchsorted(since_s, epoch_s, side="right") - 1]
    day, second = np.divmod(local_s, DAY_S)
    return LocalSteps(day=day, second=second)


@lru_cache(maxsize=64)
def _offsets(zone: tzinfo, first_day: int, last_day: int) -> tuple[Ints, Ints]:
    """Return since when (seconds since 1970) which offset from UTC holds, from one UTC day to another."""
    found: list[tuple[int, int]] = []
    for day in range(first_day, last_day + 1):
        found += [each for each in _offsets_of_day(zone, day) if not found or each[1] != found[-1][1]]
    return np.array([since for since, _ in found]), np.array([offset for _, offset in found])


@lru_cache(maxsize=2048)
def _offsets_of_day(zone: tzinfo, day: int) -> tuple[tuple[int, int], ...]:
    start_s = day * DAY_S
    first, last = _offset_s(start_s, zone), _offset_s(start_s + DAY_S - 1, zone)
    if first == last:
        return ((start_s, first),)
    quarters = range(start_s, start_s + DAY_S, _QUARTER_S)
    changed_s = next((each for each in quarters if _offset_s(each, zone) == last), start_s + DAY_S - 1)
    return ((start_s, first), (changed_s, last))


def _offset_s(epoch_s: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(epoch_s, zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
