"""Gathers from Home Assistant what forecasts are made of, and keeps forecasts to score them."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from homeassistant.util import dt as dt_util

from ..const import LOGGER
from ..core.model.forecast import Forecast, Series
from ..core.model.history import HomeHistory
from ..core.model.site import SolarSite
from ..core.planning.foretold import ForetoldBook
from ..core.planning.scores import ForecastBook
from ..core.tariffs import Tariff
from ..storage.planning import StoredPlanning
from .planning_history import STEP, PlanningHistory
from .planning_options import ForecastOptions
from .planning_prices import PlanningPrices, PriceInputs
from .planning_solar import SolarForecasts
from .planning_weather import WeatherForecasts
from .powerwall import PowerwallCoordinator
from .powerwall_paths import home_place
from .tariff import TariffCoordinator

STEPS_AHEAD: Final = 100
"""Half-hours of the future that are gathered: 48 h from any instant, and some to spare."""
LOAD: Final = "load"
SOLAR: Final = "solar"
IMPORT_PRICE: Final = "import_price"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PlanningInputs:
    """What is known at one instant of what forecasts are made of."""

    history: HomeHistory
    """Steps of half an hour that end with the last whole five minutes; the temperature goes on into the future."""
    site: SolarSite
    solar_given: Series | None
    """What forecast services say on the grid of the history and beyond it; ``None`` without any."""
    prices: PriceInputs | None
    """``None`` without a tariff that is loaded."""


class InputGatherer:
    """Lives beside a running Powerwall; a look costs little, as each part reads only what is new."""

    def __init__(self, powerwall: PowerwallCoordinator, stored: StoredPlanning) -> None:
        self._powerwall = powerwall
        options = ForecastOptions.of(powerwall.config_entry.options)
        hass = powerwall.hass
        self.book = _begin(ForecastBook.from_json, stored.forecasts, ForecastBook)
        solar_book = _begin(ForetoldBook.from_json, stored.solar_foretold, ForetoldBook)
        prices = stored.prices_foretold
        import_book, export_book = (
            _begin(ForetoldBook.from_json, prices.get(side, {}), ForetoldBook) for side in ("import", "export")
        )
        self._options = options
        self._history = PlanningHistory(powerwall, options.left_out_loads)
        self._solar = SolarForecasts(hass, options.solar_forecasts, home_place(powerwall), solar_book)
        self._weather = _begin(
            lambda kept: WeatherForecasts(hass, options.weather, kept),
            stored.temperatures,
            lambda: WeatherForecasts(hass, options.weather, {}),
        )
        self._prices = PlanningPrices(import_book, export_book)

    async def async_gather(self, now: datetime, prices_of: Tariff | None = None) -> PlanningInputs:
        """Return what is known *now*, and score the forecasts whose time has come.

        *prices_of* tells prices in place of the home's own tariff, where a plan should go by others.
        """
        zone = dt_util.get_default_time_zone()
        history, prices, _, _ = await asyncio.gather(
            self._history.async_gather(now),
            self._gather_prices(now, prices_of),
            self._solar.async_refresh(now, zone),
            self._weather.async_refresh(now),
        )
        load = history.load_kw
        count = load.values.size + STEPS_AHEAD
        self.book.settle(LOAD, history.recent_load_kw)
        self.book.settle(SOLAR, history.recent_solar_kw)
        if prices is not None:
            self.book.settle(IMPORT_PRICE, prices.import_.past)
        return PlanningInputs(
            history=replace(history, temperature=self._weather.temperature(load.starts_at, STEP, count)),
            site=SolarSite(place=home_place(self._powerwall), panels=self._options.panels),
            solar_given=self._solar.given(load.ends_at, load.starts_at, STEP, count),
            prices=prices,
        )

    async def _gather_prices(self, now: datetime, prices_of: Tariff | None) -> PriceInputs | None:
        sources = self._powerwall.config_entry.runtime_data.sources.values()
        source = next((each for each in sources if isinstance(each, TariffCoordinator)), None)
        if source is None or (tariff := prices_of or source.tariff) is None:
            return None
        return await self._prices.async_gather(source, tariff, now, STEPS_AHEAD, dt_util.get_default_time_zone())

    def note(self, forecasts: Mapping[str, Forecast], now: datetime) -> None:
        """Keep forecasts made *now* under ``LOAD``, ``SOLAR`` and ``IMPORT_PRICE`` until their time comes."""
        for quantity, forecast in forecasts.items():
            self.book.note(quantity, forecast, now)

    def stored(self, settings: Mapping[str, Any]) -> StoredPlanning:
        """Return what must outlast a restart, with the planner's *settings*."""
        return StoredPlanning(
            settings=dict(settings),
            forecasts=self.book.to_json(),
            solar_foretold=self._solar.book.to_json(),
            prices_foretold={side: book.to_json() for side, book in self._prices.books.items()},
            temperatures=self._weather.to_json(),
        )


def _begin[T](read: Callable[[Mapping[str, Any]], T], stored: Mapping[str, Any], anew: Callable[[], T]) -> T:
    """Return what *read* makes of a stored part; one that makes no sense begins anew without the others."""
    try:
        return read(stored)
    except (KeyError, TypeError, ValueError, AttributeError) as err:
        LOGGER.warning("A part of what planning remembered cannot be read and begins anew: %r", err)
        return anew()
