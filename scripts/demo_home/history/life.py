"""Lets the home live through a stretch of time in which Home Assistant did not run, with the code that runs live."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from custom_components.energy_optimizer.api.powerwall.simulated import (
    SimulatedPowerwall,
    SimulationSettings,
    load_series,
)
from custom_components.energy_optimizer.api.tariff.public_holidays import look_up
from custom_components.energy_optimizer.coordinators.powerwall import PowerwallSnapshot
from custom_components.energy_optimizer.coordinators.powerwall_paths import meters_origin
from custom_components.energy_optimizer.coordinators.tariff import TariffSnapshot
from custom_components.energy_optimizer.core.accounting.cost import DayCost
from custom_components.energy_optimizer.core.accounting.day import DayEnergy
from custom_components.energy_optimizer.core.accounting.meters import Meters
from custom_components.energy_optimizer.core.tariffs import Tariff
from custom_components.energy_optimizer.core.tariffs.holiday_rule import HolidayRule
from custom_components.energy_optimizer.core.tariffs.local_days import day_starts_at
from custom_components.energy_optimizer.core.tariffs.serialisation import tariff_from_data
from custom_components.energy_optimizer.storage import powerwall as powerwall_storage
from custom_components.energy_optimizer.storage import tariff_day as tariff_storage

from ..errors import DemoError
from ..stored_home import StoredHome
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

    tariff: Tariff
    cost: DayCost


@dataclass(kw_only=True, slots=True)
class _Clock:
    now: datetime


@dataclass(kw_only=True, slots=True)
class Life:
    """A home on its way through time; ``keep`` stores where it has got to."""

    stored: StoredHome
    powerwall_id: str
    path: SimulatedPowerwall
    clock: _Clock
    day: DayEnergy | None
    meters: Meters
    prices: dict[str, _PricedDay] = field(default_factory=dict)

    @classmethod
    async def resume(cls, stored: StoredHome, *, begin_at: datetime | None = None) -> Life | None:
        """Take the home up where Home Assistant left it, or at *begin_at* with nothing behind it.

        Returns:
            ``None`` if the home has no simulated Powerwall (any more).

        Raises:
            DemoError: if what was stored cannot be understood, as after a change of its format.
        """
        try:
            return await cls._resume(stored, begin_at)
        except (KeyError, TypeError, ValueError, AttributeError) as err:
            raise DemoError(
                f"What this demo home has stored cannot be read; it may be of an earlier version ({err!r}). "
                "Start the demo again with --fresh: that throws this home and its history away and begins anew."
            ) from err

    @classmethod
    async def _resume(cls, stored: StoredHome, begin_at: datetime | None) -> Life | None:
        subentry = stored.simulated_powerwall()
        if subentry is None:
            return None
        subentry_id, zone = subentry["subentry_id"], stored.place().time_zone
        kept = None if begin_at else stored.source_data("powerwall", subentry_id)
        clock = _Clock(now=begin_at or datetime.now(UTC))
        prices: dict[str, _PricedDay] = {}
        for each in stored.tariffs():
            day = cast(
                "tariff_storage.StoredDay | None",
                None if begin_at else stored.source_data("tariff", each["subentry_id"]),
            )
            prices[each["subentry_id"]] = _PricedDay(
                tariff=_tariff(each["data"], stored),
                cost=tariff_storage.day_from_json(day) if day else DayCost(day=clock.now.astimezone(zone).date()),
            )
        path = SimulatedPowerwall(
            settings=SimulationSettings.from_data(subentry["data"]),
            place=stored.place(),
            now=lambda: clock.now,
            run=_at_once,
            stored=kept["simulation"] if kept else None,
            tariff=next((each.tariff for each in prices.values()), None),
            series=await load_series(subentry["data"], _at_once),
        )
        return cls(
            stored=stored,
            powerwall_id=subentry_id,
            path=path,
            clock=clock,
            day=powerwall_storage.day_from_json(kept["day"]) if kept and kept["day"] else None,
            meters=powerwall_storage.meters_from_json(kept["meters"])
            if kept
            else Meters(origin=meters_origin(subentry["data"])),
            prices=prices,
        )

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

    async def _look(self, at: datetime, before: datetime) -> Moment:
        self.clock.now = at
        zone = self.stored.place().time_zone
        reading = await self.path.read()
        self.meters = self.meters.advance(None, reading)
        totals = self.meters.totals
        if self.day is None:
            self.day = DayEnergy(day=at.astimezone(zone).date(), last_at=at, last=totals)
        else:
            self.day = self.day.advance(totals, at, zone)
        tariffs = {}
        for subentry_id, priced in self.prices.items():
            priced.cost = priced.cost.advance(totals, at, priced.tariff, zone)
            today = day_starts_at(at.astimezone(zone).date(), zone)
            tariffs[subentry_id] = TariffSnapshot(slot=priced.tariff.at(at), today=priced.cost, today_starts_at=today)
        powerwall = PowerwallSnapshot(reading=reading, totals=totals, day=self.day)
        return Moment(at=at, since=before, powerwall=powerwall, tariffs=tariffs)


def _tariff(data: Json, stored: StoredHome) -> Tariff:
    rule = data.get("holidays")
    year = datetime.now(UTC).year
    holidays = look_up(HolidayRule.from_data(rule), year - 1, year + 2) if rule else None
    return tariff_from_data(data, stored.place().time_zone, holidays)


async def _at_once[*Ts, T](target: Callable[[*Ts], T], /, *args: *Ts) -> T:
    return target(*args)
