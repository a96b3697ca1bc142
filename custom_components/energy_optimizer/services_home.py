"""Which home an action is about."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import service

from .const import DOMAIN
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
