"""Rebuilds tariffs that held in the past, as far as their settings alone tell what a kWh cost."""

from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from ..api.errors import NonsenseError
from ..api.tariff.public_holidays import look_up
from ..const import LOGGER
from ..core.tariffs import Tariff
from ..core.tariffs.days import Holidays
from ..core.tariffs.holiday_rule import HolidayRule
from ..core.tariffs.kinds import KIND_FLAT, KIND_NET_BILLING, KIND_TIME_OF_USE
from ..core.tariffs.serialisation import UnreadableTariffError
from ..storage.ledger import TermsRecord
from .tariff_kinds import make_rules

RULE_BASED: Final = frozenset({KIND_FLAT, KIND_TIME_OF_USE, KIND_NET_BILLING})


async def rules_of(hass: HomeAssistant, record: TermsRecord) -> Tariff | None:
    """Return the tariff that a record of the ledger describes; ``None`` if prices had to be published for it."""
    if record.kind not in RULE_BASED:
        return None
    try:
        return await make_rules(hass, record.settings, await _holidays(hass, record))
    except (UnreadableTariffError, KeyError, TypeError, ValueError, NonsenseError) as err:
        LOGGER.warning("Prices since %s cannot be told from their settings: %r", record.since, err)
        return None


async def _holidays(hass: HomeAssistant, record: TermsRecord) -> Holidays | None:
    if not (data := record.settings.get("holidays")):
        return None
    last = record.until or dt_util.utcnow()
    return await hass.async_add_executor_job(look_up, HolidayRule.from_data(data), record.since.year - 1, last.year + 1)
