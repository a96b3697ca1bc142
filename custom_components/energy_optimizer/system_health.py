"""What the System Health page shows of us."""

from typing import Any

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.core import HomeAssistant, callback

from .const import DOMAIN
from .coordinators.runtime import HomeConfigEntry
from .storage.ledger.shared import databases


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Register our line."""
    register.async_register_info(_async_info)


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    entries: list[HomeConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    sources = [source for entry in entries for source in entry.runtime_data.sources.values()]
    ledgers = [database.status for database in databases(hass)]
    return {
        "homes": len(entries),
        "sources": len(sources),
        "silent_sources": sum(not source.last_update_success for source in sources),
        "silent_databases": sum(status.trouble is not None for status in ledgers),
        "rows_waiting": sum(status.waiting for status in ledgers),
    }
