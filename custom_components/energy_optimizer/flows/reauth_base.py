"""What the dialogs that ask for new credentials share."""

from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry, ConfigFlow, ConfigSubentry, UnknownEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow


class ReauthBase(ConfigFlow):
    """Knows which source of which home was refused, and by which way."""

    _subentry_id: str
    _way: str
    """The Powerwall's path or the tariff's kind whose credentials are refused."""

    def _home_and_source(self) -> tuple[ConfigEntry, ConfigSubentry]:
        """Return both as they are now, or end the dialog if the source is gone."""
        try:
            entry = self._get_reauth_entry()
        except UnknownEntry as err:
            raise AbortFlow("source_gone") from err
        if (subentry := entry.subentries.get(self._subentry_id)) is None:
            raise AbortFlow("source_gone")
        return entry, subentry

    def _save(self, entry: ConfigEntry, subentry: ConfigSubentry, data: dict[str, Any]) -> None:
        """Give the source its new settings, which makes it start anew with them."""
        self.hass.config_entries.async_update_subentry(entry, subentry, data=data)


def reauth_id(subentry_id: str, way: str) -> str:
    """Return the unique id of the dialog about one way to one source."""
    return f"{subentry_id} {way}"


@callback
def abort_reauth(hass: HomeAssistant, entry: ConfigEntry, subentry_id: str, way: str | None = None) -> None:
    """Close the dialogs, and with them the repairs, that ask for secrets which are needed no more.

    Without a *way*, those of all ways to the source.
    """
    for flow in list(entry.async_get_active_flows(hass, {SOURCE_REAUTH})):
        source, _, flow_way = str(flow["context"].get("unique_id")).partition(" ")
        if source == subentry_id and way in (None, flow_way):
            hass.config_entries.flow.async_abort(flow["flow_id"])
