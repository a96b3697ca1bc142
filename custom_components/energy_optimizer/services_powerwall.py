"""Forcing a Powerwall and sending it a tariff."""

from datetime import datetime, timedelta
from typing import Final

import probatio
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.selector import ConfigEntrySelector
from homeassistant.util import dt as dt_util

from .actions.force import async_back_to_automatic, async_force
from .actions.steering import steering_of
from .const import DOMAIN
from .coordinators.powerwall import PowerwallCoordinator
from .core.model.force import ForceKind
from .services_home import powerwall_of

FORCE_CHARGE: Final = "force_charge"
FORCE_DISCHARGE: Final = "force_discharge"
HOLD: Final = "hold"
BACK_TO_AUTOMATIC: Final = "back_to_automatic"
SYNC_TARIFF: Final = "sync_tariff"
ATTR_CONFIG_ENTRY: Final = "config_entry"
ATTR_DURATION: Final = "duration"
ATTR_POWER: Final = "power_kw"
ATTR_LEVEL: Final = "level_percent"

_KINDS: Final = {
    FORCE_CHARGE: ForceKind.CHARGE,
    FORCE_DISCHARGE: ForceKind.DISCHARGE,
    HOLD: ForceKind.HOLD,
}
_HOME: Final = {
    probatio.Optional(ATTR_CONFIG_ENTRY): ConfigEntrySelector({"integration": DOMAIN}),
    probatio.Optional(ATTR_DEVICE_ID): cv.string,
}
_HOLD: Final = _HOME | {probatio.Required(ATTR_DURATION): cv.positive_time_period}
_FORCE: Final = _HOLD | {
    probatio.Optional(ATTR_POWER): probatio.All(probatio.Coerce(float), probatio.Range(min=0.1, max=100)),
    probatio.Optional(ATTR_LEVEL): probatio.All(probatio.Coerce(float), probatio.Range(min=0, max=100)),
}


@callback
def async_register(hass: HomeAssistant) -> None:
    """Register these actions."""
    actions = (
        (FORCE_CHARGE, _async_force, _FORCE),
        (FORCE_DISCHARGE, _async_force, _FORCE),
        (HOLD, _async_force, _HOLD),
        (BACK_TO_AUTOMATIC, _async_back_to_automatic, _HOME),
        (SYNC_TARIFF, _async_sync_tariff, _HOME),
    )
    for name, action, fields in actions:
        hass.services.async_register(
            DOMAIN, name, action, schema=probatio.Schema(fields), supports_response=SupportsResponse.OPTIONAL
        )


async def _async_force(call: ServiceCall) -> ServiceResponse:
    """Force a Powerwall and answer with how, until when and how it stands."""
    powerwall = _powerwall(call)
    duration: timedelta = call.data[ATTR_DURATION]
    running = await async_force(
        powerwall,
        _KINDS[call.service],
        duration,
        power_kw=call.data.get(ATTR_POWER),
        level_percent=call.data.get(ATTR_LEVEL),
    )
    return {
        "means": running.means.value if running else None,
        "ends_at": _text(running.force.ends_at if running else None),
        "outcome": steering_of(powerwall).control.command_state.value,
    }


async def _async_back_to_automatic(call: ServiceCall) -> ServiceResponse:
    """End a force and answer with how far everything has been put back."""
    return {"outcome": (await async_back_to_automatic(_powerwall(call))).value}


async def _async_sync_tariff(call: ServiceCall) -> ServiceResponse:
    """Pass the prices on now and answer with when the Powerwall showed them."""
    powerwall = _powerwall(call)
    if not powerwall.path.abilities.can_set_tariff:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="sync_not_offered",
            translation_placeholders={"name": powerwall.title},
        )
    sync = steering_of(powerwall).sync
    await sync.async_sync_now()
    return {"last_sync": _text(sync.synced_at), "stand_ins": sync.stand_ins}


def _powerwall(call: ServiceCall) -> PowerwallCoordinator:
    return powerwall_of(call.hass, call.data.get(ATTR_CONFIG_ENTRY), call.data.get(ATTR_DEVICE_ID))


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else dt_util.as_local(instant).isoformat()
