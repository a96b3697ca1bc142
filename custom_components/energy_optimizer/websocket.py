"""What cards subscribe to."""

from typing import Any, Final

import probatio
from homeassistant.components import websocket_api
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.const import ERR_NOT_FOUND
from homeassistant.components.websocket_api.decorators import async_response, websocket_command
from homeassistant.components.websocket_api.messages import event_message
from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect

from .const import DOMAIN
from .coordinators.planning import find_planning
from .coordinators.signals import signal_plan
from .plan_answer import plan_columns
from .plan_words import async_plan_words
from .services_home import powerwall_of

ATTR_CONFIG_ENTRY: Final = "config_entry"
ATTR_LANGUAGE: Final = "language"


@callback
def async_setup_websocket(hass: HomeAssistant) -> None:
    """Register what can be asked and subscribed to."""
    websocket_api.async_register_command(hass, subscribe_plan)


@websocket_command(
    {
        probatio.Required("type"): f"{DOMAIN}/plan/subscribe",
        probatio.Optional(ATTR_CONFIG_ENTRY): cv.string,
        probatio.Optional(ATTR_DEVICE_ID): cv.string,
        probatio.Optional(ATTR_ENTITY_ID): cv.entity_id,
        probatio.Optional(ATTR_LANGUAGE): cv.language,
    }
)
@async_response
async def subscribe_plan(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Send the plan of a home now and each time there is another one, also after the home was reloaded.

    The home is named by its id, by its own or its Powerwall's device, or by an entity; the only one needs no name.
    Sentences are in the language asked for, else in that of Home Assistant.
    """
    try:
        powerwall = powerwall_of(hass, msg.get(ATTR_CONFIG_ENTRY), _device_of(hass, msg))
    except ServiceValidationError as err:
        connection.send_error(
            msg["id"],
            ERR_NOT_FOUND,
            str(err),
            translation_domain=err.translation_domain,
            translation_key=err.translation_key,
            translation_placeholders=err.translation_placeholders,
        )
        return
    entry_id = powerwall.config_entry.entry_id
    words = await async_plan_words(hass, msg.get(ATTR_LANGUAGE))

    @callback
    def send() -> None:
        try:
            planning = find_planning(powerwall_of(hass, entry_id, None))
        except ServiceValidationError:  # the home is being reloaded, or is gone: what comes next is sent
            return
        if planning is not None:
            connection.send_message(event_message(msg["id"], plan_columns(planning, words)))

    connection.subscriptions[msg["id"]] = async_dispatcher_connect(hass, signal_plan(entry_id), send)
    connection.send_result(msg["id"])
    send()


def _device_of(hass: HomeAssistant, msg: dict[str, Any]) -> str | None:
    """Return the device that is named, or whose entity is; one that has none leads to no Powerwall."""
    if (entity_id := msg.get(ATTR_ENTITY_ID)) is None:
        device_id: str | None = msg.get(ATTR_DEVICE_ID)
        return device_id
    entity = er.async_get(hass).async_get(entity_id)
    return entity.device_id or entity_id if entity else entity_id
