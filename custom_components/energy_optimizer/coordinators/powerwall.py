"""Asks a Powerwall, keeps what it said and counts what it does not count itself."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, override

from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.update_coordinator import UpdateFailed
from homeassistant.util import dt as dt_util

from ..api.errors import RefusedError, SourceError, UnreachableError
from ..api.powerwall import PowerwallPath
from ..api.powerwall.several import SeveralPaths
from ..api.powerwall.ways import ordered_ways
from ..const import CONF_FUSE_A, CONF_PHASES, DOMAIN, PATH_ENTITIES
from ..core.accounting.day import DayEnergy
from ..core.accounting.gaps import Gaps
from ..core.accounting.meters import Meters
from ..core.accounting.slots import CounterReading, counter_reading
from ..core.model.connection import most_power_kw
from ..core.model.energy import EnergyTotals
from ..core.model.powerwall import PowerwallIdentity, PowerwallReading, PowerwallSettings
from ..storage.powerwall import (
    PowerwallStore,
    StoredPowerwall,
    day_from_json,
    day_to_json,
    gaps_from_json,
    gaps_to_json,
    meters_from_json,
    meters_to_json,
)
from .powerwall_cloud import CloudAccess
from .powerwall_gaps import fill_gaps
from .powerwall_paths import NOT_ASKED, forget_ways, make_path, meters_origin, tell_tariff
from .runtime import HomeConfigEntry
from .signals import signal_counters, signal_energy, signal_new_meters
from .source import SourceCoordinator, error_key

PATIENCE = timedelta(minutes=5)
"""For so long a silent Powerwall is asked as often as a healthy one."""
SLOWEST_POLL = timedelta(seconds=60)
REFUSED_POLL = timedelta(minutes=5)
"""Gateways lock out whoever tries wrong passwords often."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PowerwallSnapshot:
    """A reading with what we know beyond it."""

    reading: PowerwallReading
    totals: EnergyTotals
    """Totals that only rise, whatever the device's counters do."""
    day: DayEnergy
    has_solar: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedCommand:
    """A setting that was accepted and not followed, so many times in a row."""

    asked: PowerwallSettings
    times: int


class PowerwallCoordinator(SourceCoordinator[PowerwallSnapshot]):
    """One Powerwall of a home."""

    def __init__(self, hass: HomeAssistant, entry: HomeConfigEntry, subentry: ConfigSubentry) -> None:
        super().__init__(hass, entry, subentry, update_interval=None)
        self._store = PowerwallStore(hass, subentry.subentry_id)
        self.ways = ordered_ways(self.settings)
        """The ways that are set up, the first to be tried first."""
        self.way_states = dict.fromkeys(self.ways, NOT_ASKED)
        """How the last look by each way ended, one of ``WAY_STATES``."""
        self._refusals: dict[str, RefusedError] = {}
        self.cloud = CloudAccess(hass, subentry.subentry_id)
        self._meters = Meters(origin=meters_origin(self.settings, self.ways[0]))
        self._gaps = Gaps()
        self._counted: CounterReading | None = None
        self._day: DayEnergy | None = None
        self._identity = PowerwallIdentity()
        self._silent_since: datetime | None = None
        self.connection = "ok"
        """How the last look ended, one of ``CONNECTION_STATES``."""
        self.failed_polls = 0
        self.failed_commands: dict[str, FailedCommand] = {}
        self._unsubscribe: Callable[[], None] | None = None
        self.path: PowerwallPath

    @property
    @override
    def device_info(self) -> DeviceInfo:
        identity = self.data.reading.identity if self.data else None
        info = DeviceInfo(
            identifiers={(DOMAIN, self.subentry_id)},
            name=self.title,
            manufacturer=None if self.ways == (PATH_ENTITIES,) else "Tesla",
            via_device_id=self.config_entry.runtime_data.home_device_id,
        )
        if identity is not None:
            info["model"] = identity.model or "Powerwall"
            info["sw_version"] = identity.firmware
            info["serial_number"] = identity.serial
        return info

    @override
    async def async_start(self) -> None:
        simulation = await self._store.async_load_or_begin(self._remember)
        self.path = await make_path(self, simulation)
        if not self._meters.channels:  # a Powerwall that was just added: whoever counted before read other meters
            async_dispatcher_send(self.hass, signal_new_meters(self.config_entry.entry_id))
        self.update_interval = self.path.poll_interval
        # Held for good, so that polling goes on when every entity is disabled: bills need the counters.
        self._unsubscribe = self.async_add_listener(self._tell_others)
        await self.async_refresh()

    def _remember(self, stored: StoredPowerwall) -> dict[str, Any] | None:
        """Take up what was stored; return what a simulated Powerwall needs to go on."""
        meters = meters_from_json(stored["meters"])
        day = day_from_json(stored["day"]) if stored["day"] else None
        simulation = stored["simulation"]
        origins = [meters_origin(self.settings, way) for way in self.ways]
        self._meters, self._day = (meters if meters.origin in origins else meters.of(origins[0])).knowing(origins), day
        if "gaps" in stored:
            self._gaps = gaps_from_json(stored["gaps"])
        return simulation

    @override
    async def async_stop(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        await super().async_stop()
        await self._store.async_save(self._to_store())
        await self.path.close()
        await self.cloud.async_stop()

    @override
    async def async_forget(self) -> None:
        await self._store.async_remove()
        await self.cloud.async_forget()
        await forget_ways(self, {})

    async def async_forget_ways(self, settings: Mapping[str, Any]) -> None:
        """Delete what the ways keep that are changed or gone in the new *settings*."""
        await forget_ways(self, settings)

    @override
    async def _async_update_data(self) -> PowerwallSnapshot:
        try:
            tell_tariff(self)  # prices that move make another tariff each time
            reading = await self.path.read()
        except SourceError as err:
            raise self._failed(err) from err
        except Exception:  # a mistake of ours or of a library: Home Assistant logs it, and "ok" would be a lie
            self.connection = "nonsense"
            raise
        if self._shutdown_requested and self.data is not None:
            return self.data  # asked before the source was stopped: what it counted is stored already
        self._silent_since = None
        self.connection = "ok"
        self._note_ways(None)
        self.update_interval = self.path.poll_interval
        await self._count(reading)
        return self._take_in(reading)

    @property
    def refused(self) -> frozenset[str]:
        """The ways whose credentials were not accepted when they were last asked."""
        return frozenset(self._refusals)

    @property
    def way(self) -> str | None:
        """The way that is in use; ``None`` while nothing answers."""
        if self.connection != "ok" or self.data is None:
            return None
        return self.path.active if isinstance(self.path, SeveralPaths) else self.ways[0]

    def _note_ways(self, err: SourceError | None) -> None:
        """Note how each way fared, and ask for new credentials of those that were refused."""
        if isinstance(self.path, SeveralPaths):
            failures: Mapping[str, SourceError] = self.path.failures
            usual = dict.fromkeys(self.ways, NOT_ASKED) | ({} if err else {self.path.active: "ok"})
        else:
            failures = {self.ways[0]: err} if err else {}
            usual = {self.ways[0]: "ok"}
        self.way_states = usual | {way: error_key(failure) for way, failure in failures.items()}
        refusals = {way: failure for way, failure in failures.items() if isinstance(failure, RefusedError)}
        # A way that is left alone for a while shows the same refusal again: that is no reason to ask again.
        new = [way for way in self.ways if way in refusals and refusals[way] is not self._refusals.get(way)]
        self._refusals = refusals
        if not self._shutdown_requested:
            for way in new:
                self.start_reauth(way)

    def _failed(self, err: SourceError) -> UpdateFailed:
        """Slow down as long as nothing answers, and word the failure."""
        now = dt_util.utcnow()
        self.failed_polls += 1
        states = dict(self.way_states)
        self._note_ways(err)
        if self.connection != (key := error_key(err)) or self.way_states != states:
            self.connection = key
            if not self.last_update_success:  # Home Assistant tells listeners of the first failure only
                self.async_update_listeners()
        self._silent_since = self._silent_since or now
        if isinstance(err, RefusedError) and len(self.ways) == 1:
            self.update_interval = REFUSED_POLL
        elif now - self._silent_since > PATIENCE:
            self.update_interval = SLOWEST_POLL
        return UpdateFailed(
            translation_domain=DOMAIN,
            translation_key=f"powerwall_{error_key(err)}",
            translation_placeholders={"name": self.title, "detail": str(err)},
        )

    async def _count(self, reading: PowerwallReading) -> None:
        """Count what flowed since the last reading, also where nobody looked for a while and a history tells."""
        home = self.config_entry.data
        most_kw = most_power_kw(home[CONF_FUSE_A], home[CONF_PHASES])
        before = self.data.reading if self.data else None
        since = before.taken_at if before else self._day.last_at if self._day else None
        meters = self._meters.of(meters_origin(self.settings, self._counting_way))
        self._gaps, meters = await fill_gaps(
            self._gaps, meters, self.path, since=since, now=reading.taken_at, most_kw=most_kw
        )
        meters_before, self._meters = self._meters, meters.advance(before, reading, most_kw=most_kw)
        self._counted = counter_reading(self.subentry_id, (meters_before, self._meters), (before, reading))

    @property
    def _counting_way(self) -> str:
        return self.path.active if isinstance(self.path, SeveralPaths) else self.ways[0]

    def _take_in(self, reading: PowerwallReading) -> PowerwallSnapshot:
        """Make of a reading what is shown and stored."""
        totals = self._meters.totals
        zone = dt_util.get_default_time_zone()
        if self._day is None:
            self._day = DayEnergy(day=reading.taken_at.astimezone(zone).date(), last_at=reading.taken_at, last=totals)
        else:
            self._day = self._day.advance(totals, reading.taken_at, zone)
        if not self._shutdown_requested:
            self._store.async_save_soon(self._to_store)
        self._show_identity(reading.identity)
        return PowerwallSnapshot(reading=reading, totals=totals, day=self._day, has_solar=self.path.abilities.has_solar)

    def _show_identity(self, identity: PowerwallIdentity) -> None:
        """Write what was learnt into the device, whose entities may have been made while it did not answer."""
        if identity == self._identity:
            return
        self._identity = identity
        registry = dr.async_get(self.hass)
        device = registry.async_get_device_by_identifier((DOMAIN, self.subentry_id), self.config_entry.entry_id)
        if device is not None:
            registry.async_update_device(
                device.id,
                model=identity.model or "Powerwall",
                sw_version=identity.firmware,
                serial_number=identity.serial,
            )

    @callback
    @override
    def on_sources_changed(self) -> None:
        tell_tariff(self)

    @callback
    def _tell_others(self) -> None:
        """Pass the counters on to those who price them."""
        if self.last_update_success and self.data is not None:
            async_dispatcher_send(
                self.hass, signal_energy(self.config_entry.entry_id), self.data.totals, self.data.reading.taken_at
            )
        if (counted := self._counted) is not None:
            self._counted = None
            async_dispatcher_send(self.hass, signal_counters(self.config_entry.entry_id), counted)

    def _to_store(self) -> StoredPowerwall:
        return {
            "meters": meters_to_json(self._meters),
            "day": day_to_json(self._day) if self._day else None,
            "simulation": getattr(self.path, "state", None),
            "gaps": gaps_to_json(self._gaps),
        }

    async def async_is_so(self, wanted: PowerwallSettings) -> bool:
        """Look anew and say whether the Powerwall now has the *wanted* settings.

        Raises:
            UnreachableError: if the Powerwall was removed or changed meanwhile.
        """
        if self._shutdown_requested:
            raise UnreachableError("it was removed or changed meanwhile")
        await self.async_refresh()
        if not self.last_update_success or self.data is None:
            return False
        return not wanted.differing(self.data.reading.settings).named

    @override
    def diagnostics(self) -> dict[str, Any]:
        reading = self.data.reading if self.data else None
        return {
            "ways": dict(self.way_states),
            "way": self.way,
            "calls_this_month": {way: meter.calls_this_month for way, meter in self.cloud.meters.items()},
            "last_update_success": self.last_update_success,
            "last_error": repr(self.last_exception) if self.last_exception else None,
            "connection": self.connection,
            "failed_polls": self.failed_polls,
            "failed_commands": {name: command.times for name, command in self.failed_commands.items()},
            "poll_interval_s": self.update_interval.total_seconds() if self.update_interval else None,
            "reading": asdict(reading) if reading else None,
            "today": asdict(self.data.day.today) if self.data else None,
        }
