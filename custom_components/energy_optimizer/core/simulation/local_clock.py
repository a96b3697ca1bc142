"""The clock on the wall of a place, for many instants at once."""

from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from .noise import FloatArray, IntArray

_BLOCK_S = 900  # no zone of today changes its offset inside a quarter of an hour


class LocalClock(NamedTuple):
    """Local dates and hours of a row of instants."""

    day: IntArray
    """Days since 1 January 1970, by local date."""
    hour: FloatArray
    """Hours since midnight as the clock shows them, 0 to 24."""

    @property
    def weekday(self) -> IntArray:
        """Monday is 0, as in the standard library."""
        return (self.day + 3) % 7

    @property
    def weekend(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Whether it is Saturday or Sunday."""
        return self.weekday >= 5


def local_clock(epoch_s: FloatArray, zone: ZoneInfo) -> LocalClock:
    """Return what clocks in *zone* show at the instants *epoch_s* (seconds since 1970, UTC)."""
    blocks, block_of = np.unique(np.floor_divide(epoch_s, _BLOCK_S), return_inverse=True)
    offsets = np.array([_offset_s(block * _BLOCK_S, zone) for block in blocks.tolist()])
    local_s = epoch_s + offsets[block_of]
    day = np.floor_divide(local_s, 86400.0)
    return LocalClock(day=day.astype(np.int64), hour=(local_s - day * 86400.0) / 3600.0)


def _offset_s(epoch_s: float, zone: ZoneInfo) -> float:
    offset = datetime.fromtimestamp(epoch_s, zone).utcoffset()
    return offset.total_seconds() if offset else 0.0
