"""From a tariff subentry's data to its prices: one place that knows all kinds of tariffs."""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from ..api.tariff import PriceFeed
from ..api.tariff.amber import make_amber_feed
from ..api.tariff.entity import EntityFeed
from ..api.tariff.net_billing_rates import export_values
from ..api.tariff.tempo_settings import make_tempo_feed
from ..core.tariffs import Tariff
from ..core.tariffs.days import Holidays
from ..core.tariffs.kinds import KIND_AMBER, KIND_ENTITY, KIND_NET_BILLING, KIND_TEMPO
from ..core.tariffs.net_billing_settings import NetBillingSettings
from ..core.tariffs.serialisation import tariff_from_data

if TYPE_CHECKING:
    from .tariff import TariffCoordinator

_TEMPO_SPREAD: Final = timedelta(minutes=1)
_AMBER_SPREAD: Final = timedelta(seconds=15)


async def make_feed(tariff: TariffCoordinator) -> PriceFeed | None:
    """Make the feed of a tariff whose prices are published bit by bit; ``None`` for the other kinds.

    Raises:
        KeyError, TypeError, ValueError: if the settings cannot be read.
    """
    match tariff.settings["kind"]:
        case str(kind) if kind == KIND_TEMPO:
            delay = _own_delay(tariff, _TEMPO_SPREAD)
            return make_tempo_feed(async_get_clientsession(tariff.hass), tariff.settings, delay)
        case str(kind) if kind == KIND_AMBER:
            return make_amber_feed(tariff.hass, tariff.settings, _own_delay(tariff, _AMBER_SPREAD))
        case str(kind) if kind == KIND_ENTITY:
            return EntityFeed(tariff.hass, tariff.settings, tariff.currency, tariff.ask_soon)
        case _:
            return None


def _own_delay(tariff: TariffCoordinator, spread: timedelta) -> timedelta:
    """Return how much later than others a home asks, so that not all of them ask in the same second."""
    return crc32(tariff.subentry_id.encode()) % round(spread.total_seconds()) * timedelta(seconds=1)


async def make_tariff(tariff: TariffCoordinator, holidays: Holidays | None) -> Tariff:
    """Make a tariff that is known beforehand.

    Raises:
        UnreadableTariffError, KeyError, TypeError, ValueError: if the settings describe no tariff.
    """
    return await make_rules(tariff.hass, tariff.settings, holidays)


async def make_rules(hass: HomeAssistant, settings: Mapping[str, Any], holidays: Holidays | None) -> Tariff:
    """Make a tariff of *settings* that need nothing beside them but the dates of holidays.

    Raises:
        UnreadableTariffError, KeyError, TypeError, ValueError: if they describe no such tariff.
    """
    zone = dt_util.get_default_time_zone()
    match settings["kind"]:
        case str(kind) if kind == KIND_NET_BILLING:
            contract = NetBillingSettings.from_data(settings, zone)
            exports = await hass.async_add_executor_job(export_values, contract.utility, contract.vintage)
            return contract.tariff(zone, holidays, exports)
        case _:
            return tariff_from_data(settings, zone, holidays)
