"""When a home is planned again: on the clock's grid, and sooner when something that matters has changed."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zlib import crc32

from homeassistant.core import callback
from homeassistant.helpers.event import async_track_point_in_utc_time
from homeassistant.util import dt as dt_util

from ..core.model.epoch_slots import slot_index, slot_starts_at
from ..core.model.metering import SLOT
from ..core.tariffs import Tariff, clipped
from .tariff import TariffCoordinator

if TYPE_CHECKING:
    from .planning import PlanningCoordinator

LEAST_BETWEEN: Final = timedelta(seconds=30)
"""Between the end of a round and the next one, whatever happens."""
_SPREAD_S: Final = 15
_AFTER_EDGE: Final = timedelta(seconds=2)
"""Readings of the slot before are in by then."""
_MOMENT: Final = timedelta(seconds=1)
"""What changes within it is planned for together."""


_AHEAD: Final = timedelta(hours=48)


class PriceWatch:
    """Tells when a tariff has other prices for the time that is planned; it is also updated when none changed."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._source: TariffCoordinator | None = None
        self._seen: Tariff | None = None
        self._stop: Callable[[], None] | None = None

    @callback
    def follow(self, source: TariffCoordinator | None) -> bool:
        """Listen to *source* from now on; say whether it is another one than before."""
        if source is self._source:
            return False
        if self._stop is not None:
            self._stop()
        self._source, self._stop = source, None
        if source is not None:
            self._seen = source.tariff
            self._stop = source.async_add_listener(self._look)
        return True

    @callback
    def _look(self) -> None:
        before, after = self._seen, self._source.tariff if self._source else None
        if after is before:
            return
        self._seen = after
        now = dt_util.utcnow()
        if before is None or after is None or _prices(before, now) != _prices(after, now):
            self._tell()


def _prices(tariff: Tariff, now: datetime) -> list[tuple[datetime, float | None, float | None]]:
    slots = clipped(tariff.slots(now, now + _AHEAD), now, now + _AHEAD)
    return [(slot.ends_at, slot.import_per_kwh, slot.export_per_kwh) for slot in slots]


class Rounds:
    """Runs one planning round at a time."""

    def __init__(self, planning: PlanningCoordinator, work: Callable[[], Awaitable[None]]) -> None:
        self._planning = planning
        self._work = work
        self._lock = asyncio.Lock()
        self._delay = _AFTER_EDGE + timedelta(seconds=crc32(planning.powerwall.subentry_id.encode()) % _SPREAD_S)
        self._wake: Callable[[], None] | None = None
        self._wakes_at: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended_at: datetime | None = None
        self._again = False
        self._stopped = False

    @callback
    def ask(self) -> None:
        """Plan as soon as may be; all that asks until then is served by one round."""
        if self._lock.locked():
            self._again = True
            return
        now = dt_util.utcnow()
        at = now + _MOMENT if self._ended_at is None else max(now + _MOMENT, self._ended_at + LEAST_BETWEEN)
        if self._wakes_at is None or at < self._wakes_at:
            self._wake_at(at)

    async def run(self) -> None:
        """Plan now and return when that is done, after a round that is running."""
        async with self._lock:
            if self._stopped:
                return
            self._sleep()
            self._again = False
            try:
                await self._work()
            finally:
                now = self._ended_at = dt_util.utcnow()
                self._wake_at(now + LEAST_BETWEEN if self._again else self._next_on_grid(now))

    async def stop(self) -> None:
        """Start nothing any more and let go of what runs."""
        self._stopped = True
        self._sleep()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _next_on_grid(self, now: datetime) -> datetime:
        at = slot_starts_at(slot_index(now, SLOT), SLOT) + self._delay
        while at < now + LEAST_BETWEEN:
            at += SLOT
        return at

    @callback
    def _wake_at(self, at: datetime) -> None:
        self._sleep()
        if not self._stopped:
            self._wakes_at = at
            self._wake = async_track_point_in_utc_time(self._planning.hass, self._woken, at)

    @callback
    def _woken(self, _now: datetime) -> None:
        self._wake = self._wakes_at = None
        planning = self._planning
        self._task = planning.config_entry.async_create_background_task(
            planning.hass, self.run(), f"{planning.name}: a round"
        )

    @callback
    def _sleep(self) -> None:
        if self._wake is not None:
            self._wake()
        self._wake = self._wakes_at = None
