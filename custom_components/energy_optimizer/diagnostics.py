"""What a user can attach to a bug report, with secrets, serials and places removed."""

from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_LATITUDE, CONF_LONGITUDE
from homeassistant.core import HomeAssistant

from .coordinators.runtime import HomeConfigEntry

TO_REDACT = {
    CONF_LATITUDE,
    CONF_LONGITUDE,
    "customer_password",
    "detail",
    "email",
    "gateway_password",
    "host",
    "key_pem",
    "mac",
    "serial",
    "series_file",
    "site_name",
    "unique_id",
}


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: HomeConfigEntry) -> dict[str, Any]:
    """Return the home's settings and what its sources last said."""
    sources = entry.runtime_data.sources
    return {
        "home": async_redact_data(dict(entry.data), TO_REDACT),
        "sources": [
            {
                "type": subentry.subentry_type,
                "settings": async_redact_data(dict(subentry.data), TO_REDACT),
                "state": async_redact_data(sources[subentry_id].diagnostics(), TO_REDACT)
                if subentry_id in sources
                else None,
            }
            for subentry_id, subentry in entry.subentries.items()
        ],
    }
