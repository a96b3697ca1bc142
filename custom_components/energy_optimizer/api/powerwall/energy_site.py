"""A Powerwall as one of Tesla's energy sites, whichever server is asked for it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol, override

from homeassistant.util.dt import async_get_time_zone

from ...core.model.energy import EnergyTotals
from ...core.model.powerwall import PowerwallReading, PowerwallSettings
from ..errors import CoolingDownError, NotPermittedError, RefusedError, SourceError
from ..tesla.budget import CallClass, CallMeter, settings_interval
from ..tesla.errors import FAILURES, refused_command, source_error
from . import PowerwallAbilities, PowerwallPath, TeslaTariff
from .cloud_settings import SiteProbe, SiteSettings
from .energy_site_answers import (
    has_solar,
    most_power_kw,
    reading_of,
    response_of,
    shown_in,
    tariff_of,
    time_zone_of,
    writable_in,
)
from .energy_site_history import buckets_in, energies_between, local_days

TIMEOUT_S: Final = 30.0
CONFIRM_WITHIN: Final = timedelta(seconds=60)
ACTS_WITHIN: Final = timedelta(minutes=15)
"""Batteries have been seen to follow a new tariff only after so long."""
LONGEST_HISTORY: Final = timedelta(days=7)
HIGHEST_RESERVE: Final = 80.0
"""Tesla's servers quietly make 80 of 81 to 99 %; 100 % is taken as it is."""
BESIDE_FREE: Final = timedelta(minutes=15)
BESIDE_METERED: Final = timedelta(hours=1)
"""So often a site is looked at only for what a better way to it does not show."""
BESIDE_ANEW: Final = timedelta(minutes=5)
"""The same when a fresh answer is wanted of a site that costs and was not told anything itself."""
_WATCHED_POLL: Final = timedelta(seconds=30)
_FAILURES: Final[tuple[type[BaseException], ...]] = (*FAILURES, SourceError)

type Mend = Callable[[BaseException], Awaitable[bool]]
"""Tries to remove the cause of a failure; true if the call is worth repeating."""


class SiteCalls(Protocol):
    """The requests that a site answers, named as tesla-fleet-api names them."""

    async def live_status(self) -> dict[str, Any]:
        """Ask for powers and level."""

    async def site_info(self) -> dict[str, Any]:
        """Ask for settings, parts and tariff."""

    async def energy_history(
        self,
        period: str | None,
        start_date: str | None = None,
        end_date: str | None = None,
        time_zone: str | None = None,
    ) -> dict[str, Any]:
        """Ask for energies of the past."""

    async def operation(self, default_real_mode: str) -> dict[str, Any]:
        """Set the mode."""

    async def backup(self, backup_reserve_percent: int) -> dict[str, Any]:
        """Set the reserve."""

    async def grid_import_export(
        self,
        disallow_charge_from_grid_with_solar_installed: bool | None = None,
        customer_preferred_export_rule: str | None = None,
    ) -> dict[str, Any]:
        """Set what may be taken from the grid and given to it."""

    async def storm_mode(self, enabled: bool) -> dict[str, Any]:
        """Set whether the battery is filled before storms."""

    async def time_of_use_settings(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Set the tariff."""


class CloudPowerwall(PowerwallPath):
    """Reads and commands an energy site; asks for its settings more seldom than for its powers."""

    def __init__(
        self,
        *,
        settings: SiteSettings,
        site: SiteCalls,
        meter: CallMeter,
        now: Callable[[], datetime],
        poll_interval: Callable[[], timedelta],
        mend: Mend,
    ) -> None:
        self._settings = settings
        self._site = site
        self.meter = meter
        """Counts the calls that this way makes."""
        self._now = now
        self._poll_interval = poll_interval
        self._mend = mend
        self._lock = asyncio.Lock()
        self._live: tuple[datetime, Mapping[str, Any]] | None = None
        self._info: tuple[datetime, Mapping[str, Any]] | None = None
        self._reading: PowerwallReading | None = None
        self._told_at: datetime | None = None
        self._pause: tuple[datetime, datetime] | None = None
        self._anew = False

    @property
    @override
    def abilities(self) -> PowerwallAbilities:
        settings = self._settings
        most_kw = most_power_kw(self._info[1] if self._info else None)
        return PowerwallAbilities(
            writable=settings.writable,
            shown=settings.shown,
            has_solar=settings.has_solar,
            confirm_within=CONFIRM_WITHIN,
            can_set_tariff=bool(settings.writable),
            acts_within=ACTS_WITHIN,
            most_charge_kw=most_kw,
            most_discharge_kw=most_kw,
        )

    @property
    @override
    def poll_interval(self) -> timedelta:
        return self._poll_interval()

    @override
    async def read(self) -> PowerwallReading:
        """Take a look, or return the last one where it is not time for another yet."""
        async with self._lock:
            now = self._now()
            remembered = None if self._is_watched(now) else self._remembered(now, 0.9 * self.poll_interval)
            return remembered or await self._look(now, settings_interval(self.poll_interval))

    @override
    async def read_beside(self) -> PowerwallReading:
        async with self._lock:
            now = self._now()
            every = BESIDE_METERED if self.meter.is_metered else BESIDE_FREE
            if self._anew:
                every = BESIDE_ANEW if self.meter.is_metered else timedelta()
            remembered = None if self._was_told(now) else self._remembered(now, every)
            return remembered or await self._look(now, timedelta())

    def _remembered(self, now: datetime, every: timedelta) -> PowerwallReading | None:
        """Return the last reading unless it is older than *every*, or of a time that is still to come."""
        fits = self._reading is not None and timedelta() <= now - self._reading.taken_at < every
        return self._reading if fits else None

    async def _look(self, now: datetime, settings_every: timedelta) -> PowerwallReading:
        if self.meter.is_used_up and not self._is_watched(now):
            raise CoolingDownError("This month's budget for reading is used up", until=self.meter.month_end)
        live_at, live = await self._current_live(now)
        info = await self._current_info(now, settings_every)
        self._reading = reading_of(live, info, live_at)
        self._anew = False
        return self._reading

    @override
    def ask_anew(self) -> None:
        self._anew = True

    @override
    async def apply(self, wanted: PowerwallSettings) -> None:
        if missing := wanted.named.keys() - self._settings.writable:
            raise NotPermittedError(f"This login may not change {', '.join(sorted(missing))}")
        _check_reserve(wanted)
        site, charging, rule = self._site, wanted.grid_charging, wanted.export_rule
        if charging is not None or rule is not None:
            disallow = None if charging is None else not charging
            await self._command(lambda: site.grid_import_export(disallow, None if rule is None else rule.value))
        if (reserve := wanted.backup_reserve_percent) is not None:
            await self._command(lambda: site.backup(round(reserve)))
        if (mode := wanted.operation_mode) is not None:
            await self._command(lambda: site.operation(mode.value))
        if (storm := wanted.storm_mode) is not None:
            await self._command(lambda: site.storm_mode(storm))

    @override
    async def read_tariff(self) -> TeslaTariff | None:
        async with self._lock:
            return tariff_of(await self._fresh_info())

    @override
    async def write_tariff(self, tariff: TeslaTariff) -> None:
        if not self._settings.writable:
            raise NotPermittedError("This login may not change the tariff")
        await self._command(lambda: self._site.time_of_use_settings(dict(tariff)))

    @override
    async def energy_between(self, start: datetime, end: datetime) -> EnergyTotals | None:
        if end <= start or end - start > LONGEST_HISTORY or self.meter.is_used_up:
            return None
        name = time_zone_of(self._info[1] if self._info else None)
        zone = (await async_get_time_zone(name) if name else None) or UTC
        buckets: list[Mapping[str, Any]] = []
        asked_at = self._now()
        for span in local_days(start, end, zone):
            first, last = (at.astimezone(zone).isoformat(timespec="seconds") for at in span)
            ask = partial(self._site.energy_history, "day", first, last, name)
            buckets += buckets_in(await self._ask(CallClass.DATA, ask))
        return energies_between(buckets, start, end, asked_at=asked_at)

    @override
    async def close(self) -> None:
        """Leave the web session, which is Home Assistant's own, as it is."""

    async def probe(self, *, may_command: bool) -> SiteProbe:
        """Look once and find out what this login shows and, if it *may_command*, what can be changed."""
        reading = await self.read()
        info = self._info[1] if self._info else None
        return SiteProbe(
            gateway_serial=reading.identity.serial,
            writable=writable_in(info) if may_command else frozenset(),
            shown=shown_in(reading),
            has_solar=has_solar(info, reading),
        )

    async def _current_live(self, now: datetime) -> tuple[datetime, Mapping[str, Any]]:
        """Ask for powers; while a paid site is watched after a command, powers of a moment ago do."""
        if self._live is None or not self.meter.is_metered or not timedelta() <= now - self._live[0] <= _WATCHED_POLL:
            answer = await self._ask(CallClass.DATA, self._site.live_status)
            self._live = (self._now(), response_of(answer))
        return self._live

    async def _current_info(self, now: datetime, every: timedelta) -> Mapping[str, Any] | None:
        """Return the settings; those of before where only they cannot be had, but not for ever."""
        if self._info is None or self._is_watched(now) or not timedelta() <= now - self._info[0] < every:
            try:
                await self._fresh_info()
            except RefusedError:
                raise
            except SourceError:
                if self._info is not None and now - self._info[0] > 3 * settings_interval(self.poll_interval):
                    self._info = None
        return self._info[1] if self._info else None

    async def _fresh_info(self) -> Mapping[str, Any]:
        info = response_of(await self._ask(CallClass.DATA, self._site.site_info))
        self._info = (self._now(), info)
        return info

    def _is_watched(self, now: datetime) -> bool:
        return self._anew or self._was_told(now)

    def _was_told(self, now: datetime) -> bool:
        """Say whether a command was sent so lately that it may show only now."""
        return self._told_at is not None and timedelta() <= now - self._told_at < CONFIRM_WITHIN + _WATCHED_POLL

    async def _command(self, send: Callable[[], Awaitable[dict[str, Any]]]) -> None:
        """Send a command; whatever becomes of the answer, the settings may be others from now on."""
        try:
            answer = await self._ask(CallClass.COMMAND, send)
        finally:
            self._told_at = self._now()
        if refusal := refused_command(answer):
            raise refusal

    async def _ask(self, kind: CallClass, call: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """Make one call, and once more if the reason why it failed could be removed."""
        mended = False
        while True:
            if self._pause is not None and self._pause[0] <= self._now() < self._pause[1]:
                raise CoolingDownError("Tesla's servers ask for a pause", until=self._pause[1])
            self.meter.count(kind)
            try:
                async with asyncio.timeout(TIMEOUT_S):
                    return await call()
            except _FAILURES as err:
                if not mended and await self._mend(err):
                    mended = True
                    continue
                failure = source_error(err, self._now())
                if isinstance(failure, CoolingDownError) and failure.until is not None:
                    self._pause = (self._now(), failure.until)
                raise failure from err


def _check_reserve(wanted: PowerwallSettings) -> None:
    reserve = wanted.backup_reserve_percent
    if reserve is not None and HIGHEST_RESERVE < round(reserve) < 100:
        raise NotPermittedError(
            f"Through its servers, Tesla permits a reserve of up to {HIGHEST_RESERVE:.0f} %, or of 100 %, but not of "
            f"{reserve:.0f} %"
        )
