"""What a user can attach to a bug report, with secrets, serials and places removed."""

from typing import Any

from homeassistant.components.diagnostics import async_redact_data
from homeassistant.const import CONF_LATITUDE, CONF_LONGITUDE
from homeassistant.core import HomeAssistant

from .actions.steering import steering_diagnostics
from .coordinators.planning import find_planning
from .coordinators.powerwall import PowerwallCoordinator
from .coordinators.runtime import HomeConfigEntry
from .coordinators.source import SourceCoordinator

TO_REDACT = {
    CONF_LATITUDE,
    CONF_LONGITUDE,
    "client_id",
    "client_secret",
    "customer_password",
    "detail",
    "domain",
    "email",
    "gateway_password",
    "host",
    "key_pem",
    "mac",
    "private_key_pem",
    "refresh_token",
    "serial",
    "series_file",
    "server",
    "site_id",
    "site_name",
    "token",
    "unique_id",
}


async def async_get_config_entry_diagnostics(hass: HomeAssistant, entry: HomeConfigEntry) -> dict[str, Any]:
    """Return the home's settings and what its sources last said."""
    sources = entry.runtime_data.sources
    return {
        "home": async_redact_data(dict(entry.data), TO_REDACT),
        "ledger": await entry.runtime_data.ledger.diagnostics(),
        "sources": [
            {
                "type": subentry.subentry_type,
                "settings": async_redact_data(dict(subentry.data), TO_REDACT),
                "state": async_redact_data(sources[subentry_id].diagnostics(), TO_REDACT)
                if subentry_id in sources
                else None,
                "control": steering_diagnostics(hass, subentry_id),
                "planning": _planning(sources.get(subentry_id)),
            }
            for subentry_id, subentry in entry.subentries.items()
        ],
    }


def _planning(source: SourceCoordinator[Any] | None) -> dict[str, Any] | None:
    """Return the last problem and plan of a Powerwall's home; ``None`` for other sources."""
    planning = find_planning(source) if isinstance(source, PowerwallCoordinator) else None
    return None if planning is None else planning.diagnostics()
