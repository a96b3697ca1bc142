"""Knows what the home used and what its panels gave, from the ledger and the recorder."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN, LOGGER
from ..core.accounting.slots import slot_start
from ..core.model.forecast import Floats, Series
from ..core.model.history import HomeHistory
from ..core.model.metering import SLOT
from ..core.model.regrid import regridded
from ..storage.ledger import LedgerUnavailableError
from .planning_statistics import async_power_kw
from .powerwall import PowerwallCoordinator

STEP: Final = timedelta(minutes=30)
KEPT: Final = timedelta(weeks=10)
RECENT: Final = timedelta(days=3)
READ_AGAIN: Final = timedelta(hours=2)
"""How far back each look goes, for what was written late."""
WHOLE_AGAIN: Final = timedelta(hours=12)
"""How often all is read again: a cloud's history or an import may have filled what was not known."""
FRESH: Final = timedelta(minutes=10)
IDLE_KW: Final = 0.05
LONGEST_SILENCE: Final = 288
LONGEST_FLAT: Final = 12
"""An estimate that is the same for more slots was spread over a time of which nobody knows the course."""
_CHANNELS: Final = {"home": "home_kwh", "solar": "solar_kwh"}
_HOURS: Final = SLOT.total_seconds() / 3600.0


class PlanningHistory:
    """What a Powerwall measured over the last weeks; each look reads only what is new."""

    def __init__(self, powerwall: PowerwallCoordinator, left_out: Sequence[str] = ()) -> None:
        self._powerwall = powerwall
        self._left_out = tuple(left_out)
        self._known: dict[str, Series] = {}
        """By name in ``_CHANNELS`` or id of what is left out, in steps of five minutes."""
        self._read_whole_at: datetime | None = None
        self._read_until: datetime | None = None

    async def async_gather(self, now: datetime) -> HomeHistory:
        """Return load and sun in steps of half an hour that end with the last whole five minutes before *now*."""
        until = slot_start(now)
        since = self._since(until)
        fresh = await self._read(since, until)
        history, self._known = await self._powerwall.hass.async_add_executor_job(self._assemble, fresh, since, until)
        if since == until - KEPT:
            self._read_whole_at = until
        self._read_until = until
        return history

    def _since(self, until: datetime) -> datetime:
        """Return from when on to read: everything now and then, and if the clock went back."""
        whole, last = self._read_whole_at, self._read_until
        if whole is None or last is None or until < last or until - whole >= WHOLE_AGAIN:
            return until - KEPT
        return max(last - READ_AGAIN, until - KEPT)

    async def _read(self, since: datetime, until: datetime) -> dict[str, list[Series]]:
        """Return what each source knows, the one to be believed first at the front."""
        registry = er.async_get(self._powerwall.hass)
        found = {
            (name, kind): registry.async_get_entity_id("sensor", DOMAIN, f"{self._powerwall.subentry_id}_{name}_{kind}")
            for name in _CHANNELS
            for kind in ("power", "energy")
        }
        left_out = {each: er.async_resolve_entity_id(registry, each) for each in self._left_out}
        wanted = {each for each in (*found.values(), *left_out.values()) if each is not None}
        statistics = await async_power_kw(self._powerwall.hass, wanted, since, until)
        sources: dict[str, list[Series]] = {}
        for name, channel in _CHANNELS.items():
            ids = (found[name, kind] for kind in ("power", "energy"))
            recorded = [statistics[each] for each in ids if each is not None and each in statistics]
            sources[name] = [*await self._of_ledger(channel, since, until), *recorded]
        for option, entity_id in left_out.items():
            sources[option] = [statistics[entity_id]] if entity_id in statistics else []
        return sources

    async def _of_ledger(self, channel: str, since: datetime, until: datetime) -> list[Series]:
        """Return what was measured and then what was estimated over short times; slots not over yet are left out."""
        powerwall = self._powerwall
        ledger = powerwall.config_entry.runtime_data.ledger
        try:
            slots = await ledger.energies(powerwall.subentry_id, channel, since, until)
        except LedgerUnavailableError as err:
            LOGGER.debug("What the home used is not read from the ledger: %s", err)
            return []
        read_at = powerwall.data.reading.taken_at if powerwall.data else until

        def on_grid() -> list[Series]:
            count = round((until - since) / SLOT)
            measured, estimated = np.full(count, np.nan), np.full(count, np.nan)
            for starts_at, kwh, is_estimated in slots:
                if starts_at + SLOT <= read_at:
                    grid = estimated if is_estimated else measured
                    grid[round((starts_at - since) / SLOT)] = kwh / _HOURS
            grids = (measured, _without_long_flats(estimated))
            return [Series(starts_at=since, step=SLOT, values=grid) for grid in grids]

        return await powerwall.hass.async_add_executor_job(on_grid)

    def _assemble(
        self, fresh: dict[str, list[Series]], since: datetime, until: datetime
    ) -> tuple[HomeHistory, dict[str, Series]]:
        """Put what is new over what is known, and make of it what planning needs."""
        count = round(KEPT / SLOT)
        known: dict[str, Series] = {}
        for name, sources in fresh.items():
            values = np.full(count, np.nan)
            if (before := self._known.get(name)) is not None and since > until - KEPT:
                shift = round((until - before.ends_at) / SLOT)
                values[: count - shift] = before.values[shift:]
            tail = values[count - round((until - since) / SLOT) :]
            news = np.full(tail.size, np.nan)
            for source in sources:
                np.copyto(news, source.values, where=np.isnan(news))
            np.copyto(tail, news, where=np.isfinite(news))
            known[name] = Series(starts_at=until - KEPT, step=SLOT, values=values)
        load = np.maximum(self._up_to_now(known["home"], "home", until) - self._left_out_kw(known, count), 0.0)
        solar = np.maximum(self._up_to_now(known["solar"], "solar", until), 0.0)
        if not self._powerwall.path.abilities.has_solar:
            solar = np.zeros(count)
        return _trimmed(load, solar, until), known

    def _up_to_now(self, known: Series, name: str, until: datetime) -> Floats:
        """Return what is known, with the last reading for the slots at the end that nobody has written yet."""
        values = known.values.copy()
        data = self._powerwall.data
        if data is not None and self._powerwall.last_update_success and until - data.reading.taken_at < FRESH:
            power_kw = data.reading.home_kw if name == "home" else data.reading.solar_kw
            tail = values[-round(FRESH / SLOT) :]
            if power_kw is not None:
                first = tail.size - int(np.argmax(np.isfinite(tail[::-1]))) if np.isfinite(tail).any() else 0
                tail[first:] = power_kw
        return values

    def _left_out_kw(self, known: dict[str, Series], count: int) -> Floats:
        left_out = np.zeros(count)
        for each in self._left_out:
            left_out = left_out + _between_looks(known[each].values)
        return left_out


def _between_looks(power_kw: Floats) -> Floats:
    """Fill times without a value: nothing was drawn before the first, nor after one and before one that show nothing.

    A device that was drawing when it fell silent may have gone on for a day at most.
    """
    filled = np.maximum(power_kw, 0.0)
    at = np.flatnonzero(np.isfinite(filled))
    if not at.size:
        return np.zeros(filled.size)
    filled[: at[0]] = 0.0
    ends = np.append(at, filled.size)
    for index in np.flatnonzero(np.diff(ends) > 1):
        first, last = ends[index], ends[index + 1]
        after = filled[last] if last < filled.size else 0.0
        was_idle = filled[first] < IDLE_KW and after < IDLE_KW
        filled[first + 1 + (0 if was_idle else LONGEST_SILENCE) : last] = 0.0
    return filled


def _without_long_flats(power_kw: Floats) -> Floats:
    """Return estimates without those that only tell of a long time as a whole; that nothing flowed is certain."""
    edges = np.flatnonzero(~np.isclose(power_kw[1:], power_kw[:-1], rtol=1e-6, atol=1e-9)) + 1
    for run in np.split(np.arange(power_kw.size), edges):
        if run.size > LONGEST_FLAT and power_kw[run[0]] > 0.0:
            power_kw[run] = np.nan
    return power_kw


def _trimmed(load: Floats, solar: Floats, until: datetime) -> HomeHistory:
    """Return half-hours from the first one of which anything was measured."""
    at = np.flatnonzero(np.isfinite(load) | (np.isfinite(solar) & (solar > 0.0)))
    slots = load.size - int(at[0]) if at.size else 0
    count = -(-slots // (STEP // SLOT))
    starts_at = until - STEP * count

    def halves(values: Floats) -> Series:
        return regridded(Series(starts_at=until - SLOT * values.size, step=SLOT, values=values), starts_at, STEP, count)

    recent = round(RECENT / SLOT)

    def fine(values: Floats) -> Series:
        return Series(starts_at=until - RECENT, step=SLOT, values=values[-recent:])

    return HomeHistory(
        load_kw=halves(load), solar_kw=halves(solar), recent_load_kw=fine(load), recent_solar_kw=fine(solar)
    )
