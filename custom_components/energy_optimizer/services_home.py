"""Which home, and which Powerwall, an action is about."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import service

from .const import DOMAIN
from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.runtime import HomeConfigEntry


def home_of(hass: HomeAssistant, entry_id: str | None) -> HomeConfigEntry:
    """Return the home with this id, or the only one if none is named.

    Raises:
        ServiceValidationError: if there is no such home, it is not loaded, or none of several was named.
    """
    homes = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    loaded = [home for home in homes if home.state is ConfigEntryState.LOADED]
    if entry_id is None and len(loaded) > 1:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="several_homes",
            translation_placeholders={"homes": ", ".join(home.title for home in loaded)},
        )
    found: HomeConfigEntry = service.async_get_config_entry(hass, DOMAIN, entry_id)
    return found


def powerwall_of(hass: HomeAssistant, entry_id: str | None, device_id: str | None) -> PowerwallCoordinator:
    """Return the Powerwall that is meant: by its device, by its home, or the only one if none is named.

    Raises:
        ServiceValidationError: if there is none, or it is not clear which.
    """
    if device_id is not None:
        return _powerwall_of_device(hass, device_id)
    entry = home_of(hass, entry_id)
    sources: Any = entry.runtime_data.sources.values()
    if (found := next((each for each in sources if isinstance(each, PowerwallCoordinator)), None)) is None:
        raise ServiceValidationError(
            translation_domain=DOMAIN,
            translation_key="home_without_powerwall",
            translation_placeholders={"home": entry.title},
        )
    return found


def _powerwall_of_device(hass: HomeAssistant, device_id: str) -> PowerwallCoordinator:
    """Return the Powerwall that a device is, or that of the home that it is."""
    device = dr.async_get(hass).async_get(device_id)
    meant = {identifier for domain, identifier in device.identifiers if domain == DOMAIN} if device else set()
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        for source in entry.runtime_data.sources.values():
            if isinstance(source, PowerwallCoordinator) and meant & {source.subentry_id, entry.entry_id}:
                return source
    raise ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="device_without_powerwall",
        translation_placeholders={"device": (device.name_by_user or device.name if device else None) or device_id},
    )
