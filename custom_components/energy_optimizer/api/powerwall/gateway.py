"""A Powerwall reached through its gateway on the home network, by pypowerwall."""

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, override

from ...core.model.powerwall import PowerwallIdentity, PowerwallReading, PowerwallSettings
from ..errors import NotPermittedError, RefusedError, SourceError, UnreachableError
from . import PowerwallAbilities, PowerwallPath, Run
from .gateway_reading import POWERWALL_3, model_of, reading_of
from .gateway_session import GatewaySession, KeyPendingError, KeyUnknownError, forget
from .gateway_settings import GatewaySettings

__all__ = ["GatewayPowerwall", "GatewayProbe", "GatewaySettings", "KeyPendingError", "KeyUnknownError", "forget"]

POLL_INTERVAL = timedelta(seconds=10)
LONGEST_ORDER = timedelta(seconds=60)
"""An order outlives Home Assistant: it has to be short and renewed."""
MOST_DISCHARGE_KW = 10.0
"""Gateways refuse to be told more."""
UNIT_KW = 5.0
"""Every Powerwall charges and discharges at so much at least."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GatewayProbe:
    """What a first visit found: who this is and what this login shows and permits."""

    identity: PowerwallIdentity
    writable: frozenset[str]
    shown: frozenset[str]
    has_solar: bool


class GatewayPowerwall(PowerwallPath):
    """Reads a gateway and, where the login permits, commands it. Nothing is connected before the first call."""

    def __init__(self, *, settings: GatewaySettings, work_dir: Path, run: Run, now: Callable[[], datetime]) -> None:
        self._settings = settings
        self._session = GatewaySession(settings, work_dir)
        self._run = run
        self._now = now
        self._lock = asyncio.Lock()
        self._job: asyncio.Future[Any] | None = None
        self._refusal: tuple[datetime, RefusedError] | None = None
        self._identity = PowerwallIdentity(serial=settings.serial)

    @property
    @override
    def abilities(self) -> PowerwallAbilities:
        settings = self._settings
        return PowerwallAbilities(
            writable=settings.writable,
            shown=settings.shown,
            has_solar=settings.has_solar,
            confirm_within=timedelta(seconds=60),
            can_dispatch=settings.takes_orders,
            most_charge_kw=self._units * UNIT_KW if settings.takes_orders else None,
            most_discharge_kw=self._most_discharge_kw if settings.takes_orders else None,
        )

    @property
    def _units(self) -> int:
        return self._identity.battery_count or 1

    @property
    def _most_discharge_kw(self) -> float:
        by_units = MOST_DISCHARGE_KW if model_of(self._identity.serial) == POWERWALL_3 else self._units * UNIT_KW
        return min(by_units, MOST_DISCHARGE_KW)

    @property
    @override
    def poll_interval(self) -> timedelta:
        return POLL_INTERVAL

    @override
    async def read(self) -> PowerwallReading:
        look = await self._in_thread(self._session.look)
        reading = reading_of(look, self._now())
        self._identity = reading.identity
        return reading

    @override
    async def apply(self, wanted: PowerwallSettings) -> None:
        if missing := wanted.named.keys() - self._settings.writable:
            raise NotPermittedError(f"This login may not change {', '.join(sorted(missing))}")
        await self._in_thread(self._session.apply, wanted)

    @override
    async def dispatch(self, power_kw: float, lasting: timedelta) -> None:
        if not self._settings.takes_orders:
            raise NotPermittedError("This login may not order a power")
        if not power_kw <= MOST_DISCHARGE_KW or not timedelta() < lasting <= LONGEST_ORDER:
            raise NotPermittedError(f"A gateway takes no order of {power_kw} kW for {lasting}")
        await self._in_thread(self._session.order, power_kw, math.ceil(lasting / timedelta(seconds=1)))

    @override
    async def stop_dispatch(self) -> None:
        if not self._settings.takes_orders:
            raise NotPermittedError("This login may not order a power")
        await self._in_thread(self._session.end_order)

    async def probe(self) -> GatewayProbe:
        """Log in, look once and find out what can be shown and changed."""
        reading = await self.read()
        serial = await self._in_thread(self._session.find_serial)
        writable = await self._in_thread(self._session.may_write)
        return GatewayProbe(
            identity=_with_serial(reading.identity, serial),
            writable=writable,
            shown=_shown(reading),
            has_solar=reading.solar_kw is not None,
        )

    async def identify(self) -> PowerwallIdentity:
        """Log in and return which gateway this is."""
        reading = await self.read()
        return _with_serial(reading.identity, await self._in_thread(self._session.find_serial))

    async def check_login(self) -> None:
        """Find out whether host and password are right, whatever the gateway thinks of the key."""
        await self._in_thread(self._session.check_login)

    @override
    async def close(self) -> None:
        with suppress(SourceError):
            async with self._lock:
                await self._bounded(self._session.close)

    async def _in_thread[*Ts, T](self, job: Callable[[*Ts], T], *args: *Ts) -> T:
        """Run one blocking call at a time, and none soon after a refused login."""
        async with self._lock:
            if self._refusal and self._now() - self._refusal[0] < timedelta(seconds=self._settings.refusal_pause_s):
                raise RefusedError(str(self._refusal[1]))
            self._refusal = None
            try:
                return await self._bounded(job, *args)
            except RefusedError as err:
                self._refusal = (self._now(), err)
                raise

    async def _bounded[*Ts, T](self, job: Callable[[*Ts], T], *args: *Ts) -> T:
        """Wait for a thread, but not for ever: one that a gateway keeps busy is left behind until it ends by itself."""
        if self._job is not None and not self._job.done():
            raise UnreachableError("The gateway still keeps the last request waiting")
        running = asyncio.ensure_future(self._run(job, *args))
        running.add_done_callback(_hear_out)
        self._job = running
        done, _ = await asyncio.wait({running}, timeout=self._settings.look_limit_s + self._settings.timeout_s)
        if not done:
            raise UnreachableError("The gateway keeps its request waiting")
        return running.result()


def _hear_out(job: asyncio.Future[Any]) -> None:
    """Take note of the end of a job that nobody may be waiting for any more."""
    if not job.cancelled():
        job.exception()


def _with_serial(identity: PowerwallIdentity, serial: str | None) -> PowerwallIdentity:
    return identity if serial in (None, identity.serial) else replace(identity, serial=serial, model=model_of(serial))


def _shown(reading: PowerwallReading) -> frozenset[str]:
    """Name what this reading has beyond powers and level."""
    optional = ("capacity_kwh", "energy_left_kwh", "grid_status", "alerts")
    shown = {name for name in optional if getattr(reading, name) is not None}
    if reading.energy_left_kwh is not None:
        shown.add("backup_time_left_h")  # at the moment of asking the home may have drawn nothing
    if reading.identity.firmware is not None:
        shown.add("firmware")
    return frozenset(shown | reading.settings.named.keys())
