"""Which prices of a cell were known when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from .errors import BenchError

_TEMPO_DAY_BEGINS = time(6)
FOREVER = np.iinfo(np.intp).max


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """The rule by which prices become known; a step's own price always is."""

    mode: str
    local_time: time = time(0)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Publication:
        """Read it as a cell's JSON file has it. Raises ``BenchError`` for a rule that nobody knows."""
        mode = data.get("mode")
        if mode in {"always", "current_interval_only"}:
            return cls(mode=mode)
        if mode in {"day_ahead", "tempo"}:
            try:
                return cls(mode=mode, local_time=time.fromisoformat(data["local_time"]))
            except (KeyError, TypeError, ValueError) as err:
                raise BenchError(f"price_publication.local_time is no time of day such as 13:00 ({err})") from err
        raise BenchError(f"price_publication.mode {mode!r} is none of always, day_ahead, tempo, current_interval_only")

    def known_until(self, starts_at: datetime, step: timedelta, count: int, zone: ZoneInfo) -> NDArray[np.intp]:
        """Return for each of *count* steps the first step whose price was not published at its start."""
        match self.mode:
            case "always":
                return np.full(count, FOREVER, dtype=np.intp)
            case "current_interval_only":
                return np.arange(1, count + 1, dtype=np.intp)
        ends: dict[date, datetime] = {}
        last = (self._end(starts_at + index * step, zone, ends) for index in range(count))
        return np.fromiter((-((starts_at - end) // step) for end in last), dtype=np.intp, count=count)

    def _end(self, instant: datetime, zone: ZoneInfo, ends: dict[date, datetime]) -> datetime:
        """Return up to when prices are published at *instant*; *ends* remembers it by the last day."""
        local = instant.astimezone(zone)
        is_out = local.time() >= self.local_time
        day = local.date() + timedelta(days=2 if is_out else 1)
        if day not in ends:
            begins = _TEMPO_DAY_BEGINS if self.mode == "tempo" else time(0)
            ends[day] = datetime.combine(day, begins, tzinfo=zone).astimezone(UTC)
        return ends[day]
