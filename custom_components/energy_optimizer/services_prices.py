"""Reading past and coming prices."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import probatio
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import ConfigEntrySelector
from homeassistant.util import dt as dt_util

from .const import DOMAIN, LOGGER
from .coordinators.runtime import HomeConfigEntry
from .coordinators.tariff import TariffCoordinator
from .core.model.price import PriceRange
from .core.tariffs import Tariff
from .core.tariffs.horizon import HorizonSlot, horizon
from .core.tariffs.published import PublishedTariff, merged
from .services_home import home_of
from .storage.ledger import LedgerUnavailableError

GET_PRICES: Final = "get_prices"
ATTR_CONFIG_ENTRY: Final = "config_entry"
ATTR_START: Final = "start"
ATTR_END: Final = "end"
AROUND: Final = timedelta(hours=24)
"""How far back and ahead prices are given unless asked otherwise."""
MOST: Final = timedelta(days=31)

_SCHEMA: Final = probatio.Schema(
    {
        probatio.Optional(ATTR_CONFIG_ENTRY): ConfigEntrySelector({"integration": DOMAIN}),
        probatio.Optional(ATTR_START): cv.datetime,
        probatio.Optional(ATTR_END): cv.datetime,
    }
)


@callback
def async_register(hass: HomeAssistant) -> None:
    """Register these actions."""
    hass.services.async_register(
        DOMAIN, GET_PRICES, _async_get_prices, schema=_SCHEMA, supports_response=SupportsResponse.ONLY
    )


async def _async_get_prices(call: ServiceCall) -> ServiceResponse:
    """Answer with each slot's prices, and where they come from."""
    entry = home_of(call.hass, call.data.get(ATTR_CONFIG_ENTRY))
    coordinator = next(
        (each for each in entry.runtime_data.sources.values() if isinstance(each, TariffCoordinator)), None
    )
    if coordinator is None or (tariff := coordinator.tariff) is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="home_without_prices",
            translation_placeholders={"home": entry.title},
        )
    start, end = _asked(call, dt_util.utcnow().replace(second=0, microsecond=0))
    tariff = await _with_past(entry, tariff, start, min(end, dt_util.utcnow()))
    answer = partial(_answer, tariff, start, end)
    return {"currency": coordinator.currency, **await call.hass.async_add_executor_job(answer)}


async def _with_past(entry: HomeConfigEntry, tariff: Tariff, start: datetime, end: datetime) -> Tariff:
    """Return a tariff that also knows what the ledger remembers, where the tariff itself has forgotten it."""
    if not isinstance(tariff, PublishedTariff) or start >= end:
        return tariff
    try:
        remembered = await entry.runtime_data.ledger.prices(start, end)
    except LedgerUnavailableError as err:
        LOGGER.debug("Only prices that the tariff itself remembers are given: %s", err)
        return tariff
    return PublishedTariff(merged(remembered, tariff.published), tariff.tiers)


def _asked(call: ServiceCall, now: datetime) -> tuple[datetime, datetime]:
    """Return the period that is asked for; times without a zone are local."""
    start, end = call.data.get(ATTR_START), call.data.get(ATTR_END)
    starts_at = now - AROUND if start is None else dt_util.as_utc(start)
    ends_at = max(now, starts_at) + AROUND if end is None else dt_util.as_utc(end)
    if ends_at <= starts_at:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="prices_end_before_start")
    if ends_at - starts_at > MOST:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="prices_too_long",
            translation_placeholders={"days": str(MOST.days)},
        )
    return starts_at, ends_at


def _answer(tariff: Tariff, start: datetime, end: datetime) -> dict[str, Any]:
    until = tariff.known_until
    return {
        "known_until": None if until is None or until <= start else dt_util.as_local(until).isoformat(),
        "slots": [_slot(each) for each in horizon(tariff, start, end)],
    }


def _slot(each: HorizonSlot) -> dict[str, Any]:
    slot = each.slot
    return {
        "start": dt_util.as_local(slot.starts_at).isoformat(),
        "end": dt_util.as_local(slot.ends_at).isoformat(),
        "tier": slot.tier or None,
        "import_price": slot.import_per_kwh,
        "export_price": slot.export_per_kwh,
        "certainty": None if slot.import_per_kwh is None and slot.export_per_kwh is None else slot.certainty.value,
        "import_source": each.source.value,
        "export_source": each.export_source.value,
        **_range("import", slot.import_range),
        **_range("export", slot.export_range),
    }


def _range(side: str, prices: PriceRange | None) -> dict[str, float]:
    if prices is None:
        return {}
    return {f"{side}_low": prices.low, f"{side}_predicted": prices.predicted, f"{side}_high": prices.high}
