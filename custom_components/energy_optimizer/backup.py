"""Lets Home Assistant's backups hold a whole copy of the ledger."""

from homeassistant.core import HomeAssistant

from .storage.ledger.shared import databases


async def async_pre_backup(hass: HomeAssistant) -> None:
    """Write what waits into the file itself and then nothing more; a server's backup is not ours to make."""
    for database in databases(hass):
        if database.address.file is not None:
            await hass.async_add_executor_job(database.hold)


async def async_post_backup(hass: HomeAssistant) -> None:
    """Write again, beginning with what came meanwhile."""
    for database in databases(hass):
        database.resume()
