"""Follows the home's counters into the ledger, and says when its database cannot be used."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.util.hass_dict import HassKey

from ..const import DOMAIN, LOGGER
from ..core.accounting.slots import CounterReading, SlotRows, Track, follow, slot_start
from ..storage.ledger import HomeLedger, LedgerUnavailableError
from ..storage.ledger.database import DatabaseStatus
from ..storage.ledger.shared import address_of, async_acquire, async_release, default_address
from .signals import signal_counters

FAILURES_BEFORE_WORD: Final = 3
"""A database that was open may be away for some seconds without a repair."""
MOST_WAITING: Final = 5000
"""Readings kept while it is not known yet where counting ended: two for each slot, more than a week."""


_WAITING: HassKey[dict[str, list[CounterReading]]] = HassKey(f"{DOMAIN}_waiting")
"""By home, readings that waited for a database when the home was unloaded, as when another one is chosen."""


class Recorder:
    """Splits what flowed into slots, going on from where the ledger stands."""

    def __init__(self, ledger: HomeLedger, tracks: dict[tuple[str, str], Track]) -> None:
        self._ledger = ledger
        self._tracks = tracks

    def take_in(self, reading: CounterReading) -> None:
        """Note the slots that a reading tells something new of."""
        channels: dict[str, tuple[Track, SlotRows]] = {}
        for channel in reading.totals:
            before = self._tracks.get((reading.source, channel))
            track, rows = follow(before, reading, channel)
            if track is not None and track is not before:
                self._tracks[reading.source, channel] = track
                channels[channel] = (track, rows)
        if channels:
            self._ledger.note_energies(reading.source, channels)


@callback
def forget_waiting(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Drop the readings of a removed home."""
    hass.data.get(_WAITING, {}).pop(entry.entry_id, None)


class LedgerCoordinator:
    """Follows the counters of a home, and waits with them while its database cannot be read."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any], ledger: HomeLedger) -> None:
        self.hass = hass
        self.entry = entry
        self.ledger = ledger
        self._recorder: Recorder | None = None
        self._waiting: list[CounterReading] = hass.data.get(_WAITING, {}).pop(entry.entry_id, [])
        self._was_open = False
        self._loading = False
        self._stopped = False
        self._unsubscribe: list[Callable[[], None]] = []

    @classmethod
    async def async_open(cls, hass: HomeAssistant, entry: ConfigEntry[Any]) -> LedgerCoordinator:
        """Open the home's ledger and listen to its counters; a database that cannot be opened is tried again."""
        try:
            address = address_of(hass, entry)
        except ValueError as err:
            LOGGER.error("The address of the database of %s cannot be read, the file is used: %s", entry.title, err)
            address = default_address(hass)
        database = await async_acquire(hass, address, entry.entry_id)
        coordinator = cls(hass, entry, HomeLedger(entry.entry_id, database))
        await coordinator._async_start()
        return coordinator

    async def _async_start(self) -> None:
        database = self.ledger.database

        def tell(status: DatabaseStatus) -> None:
            self.hass.loop.call_soon_threadsafe(self._on_status, status)

        self._unsubscribe = [
            database.add_listener(tell),
            async_dispatcher_connect(self.hass, signal_counters(self.entry.entry_id), self._take_in),
        ]
        if database.status.is_open:
            await self._async_load()
        self._on_status(database.status)

    async def async_stop(self) -> None:
        """Stop listening, and let go of the database, which is written before it is closed."""
        self._stopped = True
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe.clear()
        ir.async_delete_issue(self.hass, DOMAIN, self._issue_id)
        if self._waiting:
            self.hass.data.setdefault(_WAITING, {})[self.entry.entry_id] = self._waiting
        await async_release(self.hass, self.ledger.database, self.entry.entry_id)

    @callback
    def _take_in(self, reading: CounterReading) -> None:
        if self._stopped:
            return
        if self._recorder is None:
            self._keep(reading)
        else:
            self._recorder.take_in(reading)

    def _keep(self, reading: CounterReading) -> None:
        """Keep of each slot its first and its last reading: that is all that its energy depends on."""
        same = [index for index in (-1, -2) if self._is_in_slot_of(reading, index)]
        if len(same) == 2:
            last = self._waiting.pop()
            reading = replace(reading, broken=reading.broken | last.broken)
        elif len(self._waiting) >= MOST_WAITING:
            del self._waiting[0]
        self._waiting.append(reading)

    def _is_in_slot_of(self, reading: CounterReading, index: int) -> bool:
        if len(self._waiting) < -index:
            return False
        other = self._waiting[index]
        same_counters = (other.source, other.origin) == (reading.source, reading.origin)
        return same_counters and slot_start(other.taken_at) == slot_start(reading.taken_at)

    @callback
    def _on_status(self, status: DatabaseStatus) -> None:
        """Say that the database cannot be used, and catch up once it can."""
        if self._stopped:
            return
        self._was_open = self._was_open or status.is_open
        if status.trouble is None:
            ir.async_delete_issue(self.hass, DOMAIN, self._issue_id)
        elif not self._was_open or status.failures >= FAILURES_BEFORE_WORD:
            ir.async_create_issue(
                self.hass,
                DOMAIN,
                self._issue_id,
                is_fixable=False,
                severity=ir.IssueSeverity.ERROR,
                translation_key=f"ledger_{status.trouble}",
                translation_placeholders={"name": self.entry.title, "detail": status.detail},
            )
        if status.is_open and self._recorder is None and not self._loading:
            self.entry.async_create_background_task(self.hass, self._async_load(), "ledger: catch up")

    async def _async_load(self) -> None:
        """Learn where counting ended, and take in what was read meanwhile."""
        if self._loading or self._recorder is not None:
            return
        self._loading = True
        try:
            self._recorder = Recorder(self.ledger, await self.ledger.tracks())
        except LedgerUnavailableError:
            return
        finally:
            self._loading = False
        waiting, self._waiting = self._waiting, []
        for reading in waiting:
            self._take_in(reading)

    @property
    def _issue_id(self) -> str:
        return f"ledger_{self.entry.entry_id}"
