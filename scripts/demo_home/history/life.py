"""Lets the home live through a stretch of time in which Home Assistant did not run, with the code that runs live."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from aiohttp import ClientSession

from custom_components.energy_optimizer.api.powerwall.simulated import (
    SimulatedPowerwall,
    SimulationSettings,
    load_series,
)
from custom_components.energy_optimizer.const import PATH_SIMULATED
from custom_components.energy_optimizer.coordinators.powerwall import PowerwallSnapshot
from custom_components.energy_optimizer.coordinators.powerwall_paths import meters_origin
from custom_components.energy_optimizer.coordinators.tariff import TariffSnapshot
from custom_components.energy_optimizer.core.accounting.cost import DayCost
from custom_components.energy_optimizer.core.accounting.day import DayEnergy
from custom_components.energy_optimizer.core.accounting.meters import Meters
from custom_components.energy_optimizer.core.accounting.slots import counter_reading
from custom_components.energy_optimizer.core.model.price import PriceSlot
from custom_components.energy_optimizer.core.tariffs.local_days import day_starts_at
from custom_components.energy_optimizer.storage import powerwall as powerwall_storage
from custom_components.energy_optimizer.storage import tariff_day as tariff_storage

from ..errors import DemoError
from ..folder import DemoFolder
from ..stored_home import StoredHome, simulation_of
from ..world import World
from .books import PastBooks
from .prices import PastPrices, PriceSources
from .series import EVERY_S, LOOK_S

type Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Moment:
    """All that our coordinators would have shown at an instant."""

    at: datetime
    since: datetime
    """When they looked before, or when the stretch of time began."""
    powerwall: PowerwallSnapshot
    tariffs: dict[str, TariffSnapshot]
    """By subentry."""


@dataclass(kw_only=True, slots=True)
class _PricedDay:
    """A tariff and what the day has cost so far."""

    prices: PastPrices
    cost: DayCost
    slot: PriceSlot | None = None
    """What held when the home was looked at last."""


@dataclass(kw_only=True, slots=True)
class _Clock:
    now: datetime


@dataclass(kw_only=True, slots=True)
class Life:
    """A home on its way through time; ``keep`` stores where it has got to. To be closed in the end."""

    stored: StoredHome
    books: PastBooks
    session: ClientSession
    powerwall_id: str
    path: SimulatedPowerwall
    clock: _Clock
    day: DayEnergy | None
    meters: Meters
    prices: dict[str, _PricedDay] = field(default_factory=dict)

    @classmethod
    async def resume(
        cls, folder: DemoFolder, *, begin_at: datetime | None = None, world: World | None = None
    ) -> Life | None:
        """Take the home up where Home Assistant left it, or at *begin_at* with nothing behind it.

        Returns:
            ``None`` if the home has no simulated Powerwall (any more).

        Raises:
            DemoError: if what was stored cannot be understood, as after a change of its format.
        """
        stored = StoredHome(folder)
        async with AsyncExitStack() as until_done:
            try:
                if (subentry := stored.simulated_powerwall()) is None:
                    return None
                if begin_at is not None:
                    PastBooks.forget_all(folder)
                session = await until_done.enter_async_context(ClientSession())
                books = await PastBooks.open(folder, stored)
                until_done.push_async_callback(books.close)
                sources = PriceSources(place=stored.place(), books=books, world=world, session=session)
                life = await cls._resume(stored, subentry, begin_at, sources)
            except (KeyError, TypeError, ValueError, AttributeError) as err:
                raise DemoError(
                    f"What this demo home has stored cannot be read; it may be of an earlier version ({err!r}). "
                    "Start the demo again with --fresh: that throws this home and its history away and begins anew."
                ) from err
            until_done.pop_all()
        return life

    @classmethod
    async def _resume(
        cls, stored: StoredHome, subentry: Json, begin_at: datetime | None, sources: PriceSources
    ) -> Life:
        subentry_id = subentry["subentry_id"]
        kept = None if begin_at else stored.source_data("powerwall", subentry_id)
        clock = _Clock(now=begin_at or datetime.now(UTC))
        path = SimulatedPowerwall(
            settings=SimulationSettings.from_data(simulation_of(subentry)),
            place=stored.place(),
            now=lambda: clock.now,
            run=_at_once,
            stored=kept["simulation"] if kept else None,
            series=await load_series(simulation_of(subentry), _at_once),
        )
        return cls(
            stored=stored,
            books=sources.books,
            session=sources.session,
            powerwall_id=subentry_id,
            path=path,
            clock=clock,
            day=powerwall_storage.day_from_json(kept["day"]) if kept and kept["day"] else None,
            meters=powerwall_storage.meters_from_json(kept["meters"])
            if kept
            else Meters(origin=meters_origin(subentry["data"], PATH_SIMULATED)),
            prices=await _open_tariffs(stored, begin_at, sources),
        )

    async def aclose(self) -> None:
        """Write the ledger and let go of everything."""
        for priced in self.prices.values():
            if priced.prices.feed is not None:
                await priced.prices.feed.close()
        await self.books.close()
        await self.session.close()

    @property
    def seen_at(self) -> datetime | None:
        """When the home was last looked at; ``None`` if never."""
        return self.day.last_at if self.day else None

    async def live(self, start: datetime, end: datetime) -> AsyncIterator[Moment]:
        """Yield a moment for each five minutes from *start*, and one at *end*."""
        first_s = start.timestamp() // EVERY_S * EVERY_S + LOOK_S
        at, before = datetime.fromtimestamp(first_s, UTC), start
        while at < end:
            if at >= start:
                yield await self._look(at, before)
                before = at
            at += timedelta(seconds=EVERY_S)
        yield await self._look(end, before)

    def keep(self) -> None:
        """Let Home Assistant go on from here at its next start."""
        if self.day is None:
            raise DemoError("The simulated home has not been looked at.")
        data = {
            "meters": powerwall_storage.meters_to_json(self.meters),
            "day": powerwall_storage.day_to_json(self.day),
            "simulation": self.path.state,
        }
        self.stored.write_source_data("powerwall", self.powerwall_id, data)
        for subentry_id, priced in self.prices.items():
            day = tariff_storage.day_to_json(priced.cost)
            self.stored.write_source_data("tariff", subentry_id, day)
            if (feed := priced.prices.feed) is not None:
                self.stored.write_source_data("tariff_feed", subentry_id, feed.to_store())

    async def _look(self, at: datetime, before: datetime) -> Moment:
        self.clock.now = at
        zone = self.stored.place().time_zone
        for subentry_id, priced in self.prices.items():
            await self._price(subentry_id, priced, at)
        reading = await self.path.read()
        meters_before, self.meters = self.meters, self.meters.advance(None, reading)
        self.books.note_energy(counter_reading(self.powerwall_id, (meters_before, self.meters), (None, reading)))
        totals = self.meters.totals
        if self.day is None:
            self.day = DayEnergy(day=at.astimezone(zone).date(), last_at=at, last=totals)
        else:
            self.day = self.day.advance(totals, at, zone)
        tariffs = {}
        for subentry_id, priced in self.prices.items():
            prices = priced.prices
            priced.cost = priced.cost.advance(totals, at, prices.tariff, zone)
            tariffs[subentry_id] = TariffSnapshot(
                slot=prices.tariff.at(at),
                today=priced.cost,
                today_starts_at=day_starts_at(at.astimezone(zone).date(), zone),
                facts=prices.facts(at),
                connection=prices.connection,
            )
        powerwall = PowerwallSnapshot(reading=reading, totals=totals, day=self.day)
        return Moment(at=at, since=before, powerwall=powerwall, tariffs=tariffs)

    async def _price(self, subentry_id: str, priced: _PricedDay, at: datetime) -> None:
        """Learn the prices *at* an instant, and note them whenever there may be others than before."""
        prices = priced.prices
        learnt = await prices.move_to(at)
        slot = prices.tariff.at(at)
        if not learnt and (prices.feed is not None or slot == priced.slot):
            return
        priced.slot = slot
        self.path.tariff = prices.tariff
        zone = self.stored.place().time_zone
        self.books.note_prices(subentry_id, prices.tariff, at, zone, may_learn=prices.feed is not None)


async def _open_tariffs(stored: StoredHome, begin_at: datetime | None, sources: PriceSources) -> dict[str, _PricedDay]:
    """Take up the home's tariffs with what their day has cost so far, or begin with them."""
    at = begin_at or datetime.now(UTC)
    today = at.astimezone(stored.place().time_zone).date()
    tariffs = {}
    for each in stored.tariffs():
        subentry_id, settings = each["subentry_id"], each["data"]
        day, feed = (None if begin_at else stored.source_data(kind, subentry_id) for kind in ("tariff", "tariff_feed"))
        cost = DayCost(day=today, currency=stored.currency())
        if day is not None:
            cost = tariff_storage.day_from_json(cast("tariff_storage.StoredDay", day))
        tariffs[subentry_id] = _PricedDay(prices=await sources.open(settings, feed), cost=cost)
        await sources.books.begin_tariff(subentry_id, settings, at)
    return tariffs


async def _at_once[*Ts, T](target: Callable[[*Ts], T], /, *args: *Ts) -> T:
    return target(*args)
