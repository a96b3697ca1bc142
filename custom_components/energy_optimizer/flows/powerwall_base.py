"""What the dialogs of all ways to a Powerwall share."""

from collections.abc import Mapping
from typing import Any, Final

import probatio
from homeassistant.config_entries import SOURCE_USER, SubentryFlowResult

from ..api.powerwall.ways import identity_of, is_same_powerwall, ordered_ways, set_up_way, way_settings
from ..const import PATH_SIMULATED, SUBENTRY_POWERWALL
from .powerwall_words import async_load_way_words
from .subentry_base import SubentrySteps

DEFAULT_NAME: Final = "Powerwall"


class PowerwallSteps(SubentrySteps):
    """Prefills a dialog and ends it, for a new Powerwall and for a changed one."""

    _unsure: tuple[str, str, Mapping[str, Any]]

    async def async_step_same_powerwall(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Have the user confirm what cannot be compared: that the new way leads to the same Powerwall."""
        way, title, settings = self._unsure
        if user_input is not None:
            return self._save_data(title, set_up_way(self._whole_data(), way, settings))
        words = await async_load_way_words(self.hass)
        return self.async_show_form(
            step_id="same_powerwall",
            data_schema=probatio.Schema({}),
            description_placeholders={"name": self._present_name(), "way": words.name(way)},
        )

    def _present_data(self, way: str) -> Mapping[str, Any]:
        """Return the settings of *way* if the Powerwall is being changed and reached by it already."""
        return way_settings(self._whole_data(), way)

    def _whole_data(self) -> Mapping[str, Any]:
        """Return the data of the Powerwall that is being changed; empty for a new one."""
        return {} if self.source == SOURCE_USER else self._get_reconfigure_subentry().data

    def _present_name(self) -> str:
        """Return what the Powerwall is called, whichever way it was reached so far."""
        if self.source == SOURCE_USER:
            return self._told_apart(DEFAULT_NAME)
        return self._get_reconfigure_subentry().title

    def _leads_elsewhere(self, way: str, settings: Mapping[str, Any]) -> bool:
        """Say whether the other ways are known to lead to another Powerwall than *way* with *settings*."""
        return is_same_powerwall(self._whole_data(), way, settings) is False

    async def _finish(self, way: str, *, title: str, settings: Mapping[str, Any]) -> SubentryFlowResult:
        """Add a Powerwall that is reached by *way*, or add or change this way to the one whose dialog this is."""
        data = self._whole_data()
        is_new = way not in ordered_ways(data) and PATH_SIMULATED not in (way, *ordered_ways(data))
        if is_new and data and is_same_powerwall(data, way, settings) is None:
            self._unsure = (way, title, settings)
            return await self.async_step_same_powerwall()
        return self._save_data(title, set_up_way(data, way, settings))

    def _save_data(self, title: str, data: dict[str, Any]) -> SubentryFlowResult:
        entry, unique_id = self._get_entry(), identity_of(data)
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
