"""Brings a home that an older release set up to what this release expects."""

from homeassistant.core import HomeAssistant

from .const import LOGGER
from .coordinators.runtime import HomeConfigEntry

NEWEST_VERSION = 1


async def async_migrate_entry(hass: HomeAssistant, entry: HomeConfigEntry) -> bool:
    """Accept a home of this major version; refuse one that a newer release wrote and we would spoil."""
    if entry.version > NEWEST_VERSION:
        LOGGER.error(
            "The home %s was set up by a newer release of Energy Optimizer; install that release again", entry.title
        )
        return False
    return True
