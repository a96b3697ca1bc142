"""Notes what a battery holds where days begin."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Final

from ..core.accounting.slots import slot_start
from ..core.model.metering import SLOT
from ..core.model.powerwall import PowerwallReading

LONGEST_LINE: Final = timedelta(hours=1)
"""Between readings no further apart, the level is taken to have changed evenly."""
_KEPT: Final = 12


class LevelWatch:
    """The level where each slot began, as far as somebody looked; in percent."""

    def __init__(self, keep: Callable[[datetime, float], None]) -> None:
        self.known: Mapping[datetime, float] = {}
        """What was noted for good: the starts of days, and when somebody looked last before a stop."""
        self.last: tuple[datetime, float] | None = None
        self._keep = keep
        self._recent: dict[datetime, float] = {}

    def look(self, reading: PowerwallReading, time_zone: tzinfo) -> None:
        """Take in a reading."""
        if reading.level_percent is None:
            return
        before, now = self.last, (reading.taken_at, reading.level_percent)
        if before is not None and now[0] <= before[0]:
            return
        self.last = now
        if before is None or now[0] - before[0] > LONGEST_LINE:
            self._keep(*now)
            return
        at = slot_start(before[0]) + SLOT
        while at <= now[0]:
            level = _between(before, now, at)
            self._recent[at] = level
            if at.astimezone(time_zone).date() != (at - SLOT).astimezone(time_zone).date():
                self._keep(at, level)
            at += SLOT
        while len(self._recent) > _KEPT:
            del self._recent[next(iter(self._recent))]

    def at(self, instant: datetime) -> float | None:
        """Return the level at the start of a slot; ``None`` if nobody looked then."""
        return self._recent.get(instant, self.known.get(instant))

    def around(self, instant: datetime) -> tuple[tuple[datetime, float] | None, tuple[datetime, float] | None]:
        """Return the last level that was noted before *instant* and the first after it."""
        noted = {**self.known, **self._recent, **dict([self.last] if self.last else [])}
        before = max((each for each in noted if each <= instant), default=None)
        after = min((each for each in noted if each >= instant), default=None)
        return (
            None if before is None else (before, noted[before]),
            None if after is None else (after, noted[after]),
        )


def _between(before: tuple[datetime, float], after: tuple[datetime, float], at: datetime) -> float:
    share = (at - before[0]) / (after[0] - before[0])
    return before[1] + share * (after[1] - before[1])
