"""What the dialogs of everything that belongs to a home share."""

from typing import override

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigSubentry,
    ConfigSubentryFlow,
    UnknownEntry,
    UnknownSubEntry,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow

from ..const import DOMAIN


class SubentrySteps(ConfigSubentryFlow):
    """Ends a dialog with a word when what it is about was removed while it was open."""

    @callback
    @override
    def _get_entry(self) -> ConfigEntry:
        try:
            return super()._get_entry()
        except UnknownEntry as err:
            raise AbortFlow("home_gone") from err

    @callback
    @override
    def _get_reconfigure_subentry(self) -> ConfigSubentry:
        try:
            return super()._get_reconfigure_subentry()
        except UnknownEntry as err:
            raise AbortFlow("home_gone") from err
        except UnknownSubEntry as err:
            raise AbortFlow("gone") from err

    def _told_apart(self, name: str) -> str:
        """Return *name*, followed by the home's where there are several homes."""
        entry = self._get_entry()
        homes = self.hass.config_entries.async_entries(DOMAIN, include_ignore=False)
        return name if all(each is entry for each in homes) else f"{name} {entry.title}"
