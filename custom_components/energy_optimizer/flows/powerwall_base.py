"""What the dialogs of all ways to a Powerwall share."""

from collections.abc import Mapping
from typing import Any

from homeassistant.config_entries import SOURCE_USER, ConfigSubentryFlow, SubentryFlowResult

from ..const import CONF_PATH


class PowerwallSteps(ConfigSubentryFlow):
    """Prefills a dialog and ends it, for a new Powerwall and for a changed one."""

    def _present_data(self, path: str) -> Mapping[str, Any]:
        """Return what is set up already, if the Powerwall is being changed and reached by *path*."""
        if self.source == SOURCE_USER:
            return {}
        data = self._get_reconfigure_subentry().data
        return data if data[CONF_PATH] == path else {}

    def _finish(self, *, title: str, data: dict[str, Any], unique_id: str) -> SubentryFlowResult:
        """Add the Powerwall, or change the one whose dialog this is."""
        for subentry in self._get_entry().subentries.values():
            mine = self.source != SOURCE_USER and subentry.subentry_id == self._get_reconfigure_subentry().subentry_id
            if subentry.unique_id == unique_id and not mine:
                return self.async_abort(reason="already_configured")
        if self.source == SOURCE_USER:
            return self.async_create_entry(title=title, data=data, unique_id=unique_id)
        return self.async_update_and_abort(
            self._get_entry(),
            self._get_reconfigure_subentry(),
            title=title,
            data=data,
            unique_id=unique_id,
            reason="reconfigure_successful",
        )
