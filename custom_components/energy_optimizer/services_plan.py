"""Reading the plan."""

from typing import Final

import probatio
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import ConfigEntrySelector

from .const import DOMAIN
from .coordinators.planning import find_planning
from .plan_answer import plan_answer
from .plan_words import PlanWords
from .services_home import powerwall_of

GET_PLAN: Final = "get_plan"
ATTR_CONFIG_ENTRY: Final = "config_entry"
ATTR_INCLUDE_FORECASTS: Final = "include_forecasts"
ATTR_PLAN_ANEW: Final = "plan_anew"

_SCHEMA: Final = probatio.Schema(
    {
        probatio.Optional(ATTR_CONFIG_ENTRY): ConfigEntrySelector({"integration": DOMAIN}),
        probatio.Optional(ATTR_DEVICE_ID): cv.string,
        probatio.Optional(ATTR_INCLUDE_FORECASTS, default=False): cv.boolean,
        probatio.Optional(ATTR_PLAN_ANEW, default=False): cv.boolean,
    }
)


@callback
def async_register(hass: HomeAssistant) -> None:
    """Register these actions."""
    hass.services.async_register(
        DOMAIN, GET_PLAN, _async_get_plan, schema=_SCHEMA, supports_response=SupportsResponse.ONLY
    )


async def _async_get_plan(call: ServiceCall) -> ServiceResponse:
    """Answer with what the home means to do; without a plan, with why there is none."""
    powerwall = powerwall_of(call.hass, call.data.get(ATTR_CONFIG_ENTRY), call.data.get(ATTR_DEVICE_ID))
    planning = find_planning(powerwall)
    if planning is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="planner_not_running",
            translation_placeholders={"name": powerwall.title},
        )
    if call.data[ATTR_PLAN_ANEW]:
        await planning.async_plan_now()
    return plan_answer(planning, PlanWords(call.hass), include_forecasts=call.data[ATTR_INCLUDE_FORECASTS])
