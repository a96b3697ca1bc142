"""What the home's tariff was known to be at each instant of its past."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from aiohttp import ClientSession
from homeassistant.core import HomeAssistant

from custom_components.energy_optimizer.api.errors import SourceError
from custom_components.energy_optimizer.api.tariff import PriceFeed
from custom_components.energy_optimizer.api.tariff.amber import make_amber_feed
from custom_components.energy_optimizer.api.tariff.net_billing_rates import export_values
from custom_components.energy_optimizer.api.tariff.public_holidays import look_up
from custom_components.energy_optimizer.api.tariff.tempo_settings import make_tempo_feed
from custom_components.energy_optimizer.coordinators.bill_rules import RULE_BASED
from custom_components.energy_optimizer.coordinators.source import error_key
from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.tariffs import Tariff
from custom_components.energy_optimizer.core.tariffs.holiday_rule import HolidayRule
from custom_components.energy_optimizer.core.tariffs.kinds import KIND_AMBER, KIND_NET_BILLING, KIND_TEMPO
from custom_components.energy_optimizer.core.tariffs.net_billing_settings import NetBillingSettings
from custom_components.energy_optimizer.core.tariffs.published import PublishedTariff
from custom_components.energy_optimizer.core.tariffs.serialisation import tariff_from_data

from ..world import World
from .books import PastBooks

type Json = dict[str, Any]

REMEMBERED: Final = timedelta(days=60)


@dataclass(kw_only=True, slots=True)
class PastPrices:
    """A tariff on its way through time; ``move_to`` tells it what was published meanwhile."""

    tariff: Tariff
    feed: PriceFeed | None = None
    at_once: timedelta | None = None
    """How much time is asked for at once; ``None`` to ask as one does live."""
    connection: str = "ok"
    due: datetime | None = None
    """When the feed is asked next; at once at first."""

    async def move_to(self, at: datetime) -> bool:
        """Ask whoever publishes the prices if it is time to; say whether that was so."""
        if (feed := self.feed) is None or (self.due is not None and at < self.due):
            return False
        try:
            await feed.refresh(at)
        except SourceError as err:
            self.connection = error_key(err)
        else:
            self.connection = "ok"
        self.due = at + self.at_once if self.at_once else feed.next_refresh(at)
        self.tariff = feed.tariff
        return True

    def facts(self, at: datetime) -> object:
        """Return what the feed knows beyond prices."""
        return self.feed.facts(at) if self.feed else None


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceSources:
    """Where the prices of the past come from."""

    place: Place
    books: PastBooks
    world: World | None
    session: ClientSession

    async def open(self, settings: Json, stored: Json | None) -> PastPrices:
        """Make the past prices of a tariff's *settings*; *stored* is what its feed has kept.

        A tariff of hours is what it is. What is published on this machine is asked for again, as it was then. Of others
        only what the ledger has noted is known: the internet is not asked for a past that nobody lived through.

        Raises:
            KeyError, TypeError, ValueError: if the settings cannot be read.
        """
        if settings["kind"] in RULE_BASED:
            return PastPrices(tariff=_rules(settings, self.place))
        world = self.world
        if world is None or settings.get("server") != world.server.base or (feed := self._feed(settings)) is None:
            now = datetime.now(UTC)
            return PastPrices(tariff=PublishedTariff(await self.books.prices(now - REMEMBERED, now + REMEMBERED)))
        if stored is not None:
            feed.restore(stored)
        return PastPrices(tariff=feed.tariff, feed=feed, at_once=world.past_at_once)

    def _feed(self, settings: Json) -> PriceFeed | None:
        match settings["kind"]:
            case str(kind) if kind == KIND_TEMPO:
                return make_tempo_feed(self.session, settings, timedelta())
            case str(kind) if kind == KIND_AMBER:
                return make_amber_feed(cast("HomeAssistant", _Threads()), settings, timedelta())
            case _:
                return None


class _Threads:
    """All that asking Amber needs of Home Assistant."""

    @staticmethod
    async def async_add_executor_job[*Ts, T](target: Callable[[*Ts], T], *args: *Ts) -> T:
        return await asyncio.to_thread(target, *args)


def _rules(settings: Mapping[str, Any], place: Place) -> Tariff:
    """Make a tariff of settings that tell all its prices."""
    rule = settings.get("holidays")
    year = datetime.now(UTC).year
    holidays = look_up(HolidayRule.from_data(rule), year - 1, year + 2) if rule else None
    if settings["kind"] != KIND_NET_BILLING:
        return tariff_from_data(settings, place.time_zone, holidays)
    contract = NetBillingSettings.from_data(settings, place.time_zone)
    return contract.tariff(place.time_zone, holidays, export_values(contract.utility, contract.vintage))
