"""From a Tempo tariff's settings to its prices and to those who know its colours."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from aiohttp import ClientSession

from ...core.tariffs.local_days import day_starts_at
from ...core.tariffs.tempo_prices import TempoPrices, with_own
from ...core.tariffs.tempo_rules import PARIS
from .colour_api import COLOUR_API_SERVER, ColourApi
from .rte import RTE_SERVER, Rte
from .tempo import COLOUR_API, RTE, ColourSource, TempoFeed

CONF_CLIENT_ID: Final = "client_id"
CONF_CLIENT_SECRET: Final = "client_secret"  # noqa: S105 - a setting's name
CONF_SERVER: Final = "server"
"""Base address of the colour API, if another than its own."""
CONF_RTE_SERVER: Final = "rte_server"
CONF_OWN_PRICES: Final = "own_prices"
"""Prices the user entered, each with the date since which they hold."""
CONF_EXPORT: Final = "export_per_kwh"


def own_prices(settings: Mapping[str, Any]) -> tuple[TempoPrices, ...]:
    """Return the prices that the user entered.

    Raises:
        KeyError, TypeError, ValueError: if the settings cannot be read.
    """
    return tuple(TempoPrices.from_data(each) for each in settings.get(CONF_OWN_PRICES, ()))


def new_prices_since(settings: Mapping[str, Any], before: Mapping[str, Any]) -> datetime | None:
    """Return since when prices hold that the user entered since the settings *before*; ``None`` without such."""
    try:
        new = [prices.since for prices in own_prices(settings) if prices not in own_prices(before)]
    except KeyError, TypeError, ValueError:
        return None
    return day_starts_at(min(new), PARIS) if new else None


def rte_client(session: ClientSession, settings: Mapping[str, Any]) -> Rte | None:
    """Return RTE's client; ``None`` without credentials."""
    if not (settings.get(CONF_CLIENT_ID) and settings.get(CONF_CLIENT_SECRET)):
        return None
    server = settings.get(CONF_RTE_SERVER) or RTE_SERVER
    return Rte(session, settings[CONF_CLIENT_ID], settings[CONF_CLIENT_SECRET], server)


def make_tempo_feed(session: ClientSession, settings: Mapping[str, Any], delay: timedelta) -> TempoFeed:
    """Make the feed; it asks *delay* later than others do.

    Raises:
        KeyError, TypeError, ValueError: if the settings cannot be read.
    """
    sources: dict[str, ColourSource] = {COLOUR_API: ColourApi(session, settings.get(CONF_SERVER) or COLOUR_API_SERVER)}
    if (rte := rte_client(session, settings)) is not None:
        sources[RTE] = rte
    export = settings.get(CONF_EXPORT)
    periods = with_own(own_prices(settings))
    return TempoFeed(sources, periods, None if export is None else float(export), delay=delay)
