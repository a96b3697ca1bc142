"""The form of a Tempo tariff and of its credentials."""

from typing import Any, Final

import probatio
from homeassistant.const import CONF_NAME
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    DateSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from ..api.errors import CoolingDownError, NonsenseError, NotPermittedError, RefusedError, SourceError
from ..api.tariff.tempo_settings import CONF_CLIENT_ID, CONF_CLIENT_SECRET, CONF_RTE_SERVER, CONF_SERVER
from ..core.tariffs.tempo_prices import PRICE_KEYS
from .tariff_rows import EXPORT_PRICE
from .tariff_terms import terms_fields

PRICES: Final = "prices"
RTE: Final = "rte"
ADVANCED: Final = "advanced"
SINCE: Final = "since"
_ADDRESS: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.URL))
_SECRET: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off"))


def tempo_form(currency: str, *, has_login: bool) -> probatio.Schema:
    """Ask for name and export price, and, folded away, for prices, charges, RTE's credentials and servers."""
    price = NumberSelector(
        NumberSelectorConfig(step="any", mode=NumberSelectorMode.BOX, unit_of_measurement=f"{currency}/kWh")
    )
    prices: dict[Any, Any] = {probatio.Required(SINCE): DateSelector()}
    prices |= {probatio.Required(key): price for key in PRICE_KEYS}
    servers = {probatio.Optional(CONF_SERVER): _ADDRESS, probatio.Optional(CONF_RTE_SERVER): _ADDRESS}
    return probatio.Schema(
        {
            probatio.Optional(CONF_NAME): TextSelector(),
            probatio.Optional(EXPORT_PRICE): price,
            probatio.Required(PRICES): section(probatio.Schema(prices), {"collapsed": True}),
            **terms_fields(currency),
            probatio.Required(RTE): section(login_form(required=False), {"collapsed": not has_login}),
            probatio.Required(ADVANCED): section(probatio.Schema(servers), {"collapsed": True}),
        }
    )


def login_form(*, required: bool) -> probatio.Schema:
    """Ask for the credentials of an application at RTE."""
    mark = probatio.Required if required else probatio.Optional
    return probatio.Schema({mark(CONF_CLIENT_ID): TextSelector(), mark(CONF_CLIENT_SECRET): _SECRET})


def rte_error(err: SourceError) -> str:
    """Return the key of the words about what RTE answered."""
    match err:
        case RefusedError():
            return "rte_refused"
        case NotPermittedError():
            return "rte_not_permitted"
        case CoolingDownError():
            return "rte_busy"
        case NonsenseError():
            return "rte_nonsense"
        case _:
            return "rte_unreachable"
