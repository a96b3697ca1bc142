"""What was foretold for each half-hour the day before, so that forecasts can be held against it later."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

import numpy as np

from ..model.epoch_slots import as_series, slot_index, slot_starts_at, slots_from_json, slots_to_json
from ..model.forecast import Series
from ..model.regrid import regridded

HALF_HOUR: Final = timedelta(minutes=30)
KEPT: Final = timedelta(weeks=8)
MOST_AHEAD: Final = timedelta(days=8)
"""Nobody foretells half-hours further ahead than this."""
_DIGITS: Final = 5


class ForetoldBook:
    """Half-hours with what was last said of them before their local day began, else what was said first."""

    def __init__(self) -> None:
        self._values: dict[int, float] = {}

    def note(self, foretold: Series, now: datetime, zone: tzinfo) -> None:
        """Take in a forecast made *now*; half-hours that have begun stay as they were foretold."""
        first = slot_index(now, HALF_HOUR) + 1
        last = slot_index(min(foretold.ends_at, now + MOST_AHEAD), HALF_HOUR)
        if last > first:
            slots = regridded(foretold, slot_starts_at(first, HALF_HOUR), HALF_HOUR, last - first)
            today = now.astimezone(zone).date()
            for index, value in enumerate(slots.values.tolist(), first):
                is_later = slot_starts_at(index, HALF_HOUR).astimezone(zone).date() > today
                if np.isfinite(value) and (is_later or index not in self._values):
                    self._values[index] = value
        oldest = slot_index(now - KEPT, HALF_HOUR)
        self._values = {index: value for index, value in self._values.items() if index >= oldest}

    def series(self, starts_at: datetime, step: timedelta, count: int) -> Series:
        """Return what was foretold, as means over other steps; not a number where nothing was."""
        if (whole := as_series(self._values, HALF_HOUR)) is None:
            return Series(starts_at=starts_at, step=step, values=np.full(count, np.nan))
        return regridded(whole, starts_at, step, count)

    def to_json(self) -> dict[str, Any]:
        """Return all as plain JSON data."""
        return slots_to_json(self._values, _DIGITS)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ForetoldBook:
        """Read back what ``to_json`` returned.

        Raises:
            KeyError, TypeError, ValueError: if it did not come from there.
        """
        book = cls()
        book._values = slots_from_json(stored)
        return book
