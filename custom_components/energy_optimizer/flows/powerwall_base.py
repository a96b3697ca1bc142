"""What the dialogs of all ways to a Powerwall share."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult

from ..const import CONF_PATH, SUBENTRY_POWERWALL
from .subentry_base import SubentrySteps

DEFAULT_NAME: Final = "Powerwall"


class PowerwallSteps(SubentrySteps):
    """Prefills a dialog and ends it, for a new Powerwall and for a changed one."""

    def _present_data(self, path: str) -> Mapping[str, Any]:
        """Return what is set up already, if the Powerwall is being changed and reached by *path*."""
        if self.source == SOURCE_USER:
            return {}
        data = self._get_reconfigure_subentry().data
        return data if data[CONF_PATH] == path else {}

    def _present_name(self) -> str:
        """Return what the Powerwall is called, whichever way it was reached so far."""
        if self.source == SOURCE_USER:
            return self._told_apart(DEFAULT_NAME)
        return self._get_reconfigure_subentry().title

    def _finish(self, *, title: str, data: dict[str, Any], unique_id: str) -> SubentryFlowResult:
        """Add the Powerwall, or change the one whose dialog this is."""
        entry = self._get_entry()
        mine = None if self.source == SOURCE_USER else self._get_reconfigure_subentry()
        others = [each for each in entry.subentries.values() if mine is None or each.subentry_id != mine.subentry_id]
        if any(each.unique_id == unique_id for each in others):
            return self.async_abort(reason="already_configured")
        if mine is not None:
            return self.async_update_and_abort(
                entry, mine, title=title, data=data, unique_id=unique_id, reason="reconfigure_successful"
            )
        if any(each.subentry_type == SUBENTRY_POWERWALL for each in others):
            return self.async_abort(reason="single_powerwall")
        return self.async_create_entry(title=title, data=data, unique_id=unique_id)
