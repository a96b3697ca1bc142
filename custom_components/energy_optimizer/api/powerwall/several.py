"""One Powerwall, several ways to it: the first that answers is read, and each command goes where it can."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, override

from ...core.model.energy import EnergyTotals
from ...core.model.powerwall import PowerwallReading, PowerwallSettings
from ..errors import CoolingDownError, NotPermittedError, RefusedError, SourceError, UnreachableError
from . import PowerwallAbilities, PowerwallPath, TeslaTariff

RETRY_AFTER: Final = timedelta(minutes=1)
"""So long a way that failed is left alone while another answers."""
RETRY_REFUSED_AFTER: Final = timedelta(minutes=5)
"""Gateways lock out whoever tries wrong passwords often."""
RETRY_BESIDE_AFTER: Final = timedelta(minutes=10)
"""The same for a way that is asked only for settings which the one in use does not show."""
BESIDE_PATIENCE_S: Final = 5.0
"""For so long a reading that is there waits for what another way adds; later, that comes with the next one."""

_COMPLETED: Final = frozenset(PowerwallSettings.__dataclass_fields__) | {"storm_watch"}
"""What may come from another way than the one in use."""

_LOGGER = logging.getLogger(__name__)


@dataclass(kw_only=True, slots=True)
class _Way:
    """One way and how it fared last."""

    path: PowerwallPath
    failure: SourceError | None = None
    pause: tuple[datetime, datetime] | None = None
    """From when to when it is left alone; a clock that went back to before it ends it."""
    beside: PowerwallReading | None = None
    look: asyncio.Task[PowerwallReading | None] | None = None
    """A look beside the way in use that has not ended."""

    def is_paused(self, now: datetime) -> bool:
        return self.pause is not None and self.pause[0] <= now < self.pause[1]

    @property
    def may_be_tried_early(self) -> bool:
        """Whether it may be asked before its time when no other answers."""
        return not isinstance(self.failure, RefusedError | CoolingDownError)


class SeveralPaths(PowerwallPath):
    """Falls back to the next way within one reading and returns to a better one as soon as that answers."""

    def __init__(self, paths: Mapping[str, PowerwallPath], *, now: Callable[[], datetime]) -> None:
        """Take the ways in the order in which they are preferred."""
        self._ways = {name: _Way(path=path) for name, path in paths.items()}
        self._now = now
        self._active = next(iter(self._ways))
        self._dispatched_by: str | None = None
        self._newest: PowerwallReading | None = None

    @property
    def active(self) -> str:
        """The way that gave the last reading; the counters in it are that way's."""
        return self._active

    @property
    def failures(self) -> Mapping[str, SourceError]:
        """Why the ways fail that failed when they were last asked."""
        return {name: way.failure for name, way in self._ways.items() if way.failure is not None}

    @property
    def refused(self) -> frozenset[str]:
        """The ways whose credentials are not accepted."""
        return frozenset(name for name, failure in self.failures.items() if isinstance(failure, RefusedError))

    def path(self, way: str) -> PowerwallPath:
        """Return one of the ways."""
        return self._ways[way].path

    @property
    @override
    def abilities(self) -> PowerwallAbilities:
        """What all ways can do together, so that nothing comes and goes with them."""
        return self._abilities_of(self._ways.values())

    @property
    @override
    def abilities_now(self) -> PowerwallAbilities:
        answering = [way for way in self._ways.values() if way.failure is None]
        return self._abilities_of(answering or self._ways.values())

    def _abilities_of(self, ways: Iterable[_Way]) -> PowerwallAbilities:
        each = [way.path.abilities for way in ways]
        active = self._ways[self._active].path.abilities
        return replace(
            active,
            writable=frozenset().union(*(one.writable for one in each)),
            shown=frozenset().union(*(one.shown for one in each)),
            has_solar=any(one.has_solar for one in each),
            confirm_within=max(one.confirm_within for one in each),
            can_set_tariff=any(one.can_set_tariff for one in each),
            can_clear_tariff=all(one.can_clear_tariff or not one.can_set_tariff for one in each)
            and any(one.can_clear_tariff for one in each),
            can_dispatch=any(one.can_dispatch for one in each),
            most_charge_kw=_first(one.most_charge_kw for one in each),
            most_discharge_kw=_first(one.most_discharge_kw for one in each),
        )

    @property
    @override
    def poll_interval(self) -> timedelta:
        """That of the way in use, but often enough to notice that a better one is back."""
        interval = self._ways[self._active].path.poll_interval
        return interval if self._active == next(iter(self._ways)) else min(interval, RETRY_AFTER)

    @override
    async def read(self) -> PowerwallReading:
        now = self._now()
        due = [name for name, way in self._ways.items() if not way.is_paused(now)]
        early = [name for name, way in self._ways.items() if name not in due and way.may_be_tried_early]
        for name in (*due, *early):
            if (reading := await self._try_read(name)) is not None:
                self._take(name)
                self._newest = self._not_older(await self._completed(name, reading))
                return self._newest
        raise next(iter(self.failures.values()), UnreachableError("No way to the Powerwall answers"))

    @override
    def ask_anew(self) -> None:
        for way in self._ways.values():
            way.path.ask_anew()

    @override
    async def apply(self, wanted: PowerwallSettings) -> None:
        """Send each setting by the first way that can change it and answers."""
        first_failure: SourceError | None = None
        left = set(wanted.named)
        for name in self._reachable_first():
            path = self._ways[name].path
            if not (part := left & path.abilities.writable):
                continue
            try:
                await path.apply(wanted.only(part))
            except SourceError as err:
                first_failure = first_failure or err
                self._note_command_failure(name, err)
                continue
            left -= part
        if left:
            raise first_failure or NotPermittedError(f"No way to the Powerwall may change {', '.join(sorted(left))}")

    @override
    async def read_tariff(self) -> TeslaTariff | None:
        return await self._first_able("can_set_tariff", lambda path: path.read_tariff())

    @override
    async def write_tariff(self, tariff: TeslaTariff) -> None:
        await self._first_able("can_set_tariff", lambda path: path.write_tariff(tariff))

    @override
    async def dispatch(self, power_kw: float, lasting: timedelta) -> None:
        async def send(path: PowerwallPath) -> None:
            await path.dispatch(power_kw, lasting)
            self._dispatched_by = next(name for name, way in self._ways.items() if way.path is path)

        await self._first_able("can_dispatch", send)

    @override
    async def stop_dispatch(self) -> None:
        """Tell the way that ordered a power, since another may not know of it."""
        if self._dispatched_by is not None:
            await self._ways[self._dispatched_by].path.stop_dispatch()
            self._dispatched_by = None
            return
        await self._first_able("can_dispatch", lambda path: path.stop_dispatch())

    @override
    async def energy_between(self, start: datetime, end: datetime) -> EnergyTotals | None:
        for name in self._reachable_first():
            try:
                energies = await self._ways[name].path.energy_between(start, end)
            except SourceError as err:
                self._note_command_failure(name, err)
                continue
            if energies is not None:
                return energies
        return None

    @override
    async def close(self) -> None:
        looks = [way.look for way in self._ways.values() if way.look is not None]
        for look in looks:
            look.cancel()
        await asyncio.gather(*looks, return_exceptions=True)
        for way in self._ways.values():
            await way.path.close()

    async def _try_read(self, name: str, *, beside: bool = False) -> PowerwallReading | None:
        way, pause = self._ways[name], RETRY_BESIDE_AFTER if beside else RETRY_AFTER
        try:
            reading = await (way.path.read_beside() if beside else way.path.read())
        except SourceError as err:
            way.failure, way.pause = err, self._pause_after(err, pause)
            return None
        way.failure = way.pause = None
        return reading

    def _pause_after(self, err: SourceError, pause: timedelta) -> tuple[datetime, datetime]:
        now = self._now()
        if isinstance(err, CoolingDownError) and err.until is not None:
            return now, err.until
        return now, now + (RETRY_REFUSED_AFTER if isinstance(err, RefusedError) else pause)

    def _take(self, name: str) -> None:
        """Note which way is in use, and say so when it is another than before."""
        if name != self._active:
            order = list(self._ways)
            if order.index(name) > order.index(self._active):
                _LOGGER.warning("The Powerwall is reached by %s now: %s", name, self.failures.get(self._active))
            else:
                _LOGGER.info("The Powerwall is reached by %s again", name)
        self._active = name

    async def _completed(self, name: str, reading: PowerwallReading) -> PowerwallReading:
        """Fill in the settings that this way never shows, from ways that do."""
        missing = (self.abilities.shown - self._ways[name].path.abilities.shown) & _COMPLETED
        for other, way in self._ways.items():
            wanted = missing & way.path.abilities.shown
            if other == name or not wanted or way.is_paused(self._now()):
                continue
            if (beside := await self._look_beside(other)) is None:
                continue
            told: dict[str, Any] = {
                setting: value for setting, value in beside.settings.named.items() if setting in wanted
            }
            watch = beside.storm_watch if "storm_watch" in wanted else reading.storm_watch
            reading = replace(reading, settings=replace(reading.settings, **told), storm_watch=watch)
            missing -= wanted
        return reading

    async def _look_beside(self, name: str) -> PowerwallReading | None:
        """Look by another way than the one in use; return what it showed before if that takes long."""
        way = self._ways[name]
        if way.look is None:
            way.look = asyncio.create_task(self._try_read(name, beside=True))
        done, _ = await asyncio.wait({way.look}, timeout=BESIDE_PATIENCE_S)
        if done:
            look, way.look = way.look, None
            way.beside = await look
        return way.beside

    def _not_older(self, reading: PowerwallReading) -> PowerwallReading:
        """Prefer what another way showed last to what a costly one remembers; counters stay each way's own."""
        newest = self._newest
        if newest is None or not reading.taken_at < newest.taken_at <= self._now():
            return reading
        return replace(newest, totals=reading.totals)

    def _reachable_first(self) -> list[str]:
        """Return the ways in their order, those behind that are known not to answer now."""
        return sorted(self._ways, key=lambda name: self._ways[name].failure is not None)

    def _note_command_failure(self, name: str, err: SourceError) -> None:
        """Remember what tells of the way rather than of the command."""
        if isinstance(err, UnreachableError | RefusedError):
            self._ways[name].failure, self._ways[name].pause = err, self._pause_after(err, RETRY_AFTER)

    async def _first_able[T](self, ability: str, ask: Callable[[PowerwallPath], Awaitable[T]]) -> T:
        first_failure: SourceError | None = None
        for name in self._reachable_first():
            path = self._ways[name].path
            if not getattr(path.abilities, ability):
                continue
            try:
                return await ask(path)
            except SourceError as err:
                first_failure = first_failure or err
                self._note_command_failure(name, err)
        raise first_failure or NotPermittedError("No way to the Powerwall can do this")


def _first(values: Iterable[float | None]) -> float | None:
    return next((value for value in values if value is not None), None)
