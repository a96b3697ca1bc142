"""Adding and changing a Powerwall: first by which way it is reached."""

from typing import Any

import probatio
from homeassistant.config_entries import ConfigEntryState, SubentryFlowResult
from homeassistant.helpers.selector import SelectSelector, SelectSelectorConfig, SelectSelectorMode

from ..api.powerwall.ways import ORDER, ordered_ways, without_way
from ..const import PATH_SIMULATED, SUBENTRY_POWERWALL
from .powerwall_entities import EntitiesSteps
from .powerwall_fleet import FleetSteps
from .powerwall_gateway import GatewaySteps
from .powerwall_owner import OwnerSteps
from .powerwall_simulated import SimulatedSteps
from .powerwall_teslemetry import TeslemetrySteps
from .powerwall_words import async_load_way_words

CONF_WAY = "way"


class PowerwallSubentryFlow(GatewaySteps, FleetSteps, TeslemetrySteps, OwnerSteps, EntitiesSteps, SimulatedSteps):
    """One Powerwall of a home."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer the ways to reach a Powerwall."""
        if self._get_entry().get_subentries_of_type(SUBENTRY_POWERWALL):
            return self.async_abort(reason="single_powerwall")
        return self.async_show_menu(step_id="user", menu_options=list(ORDER))

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the ways that are set up, in their order, and what can be done with them."""
        ways = ordered_ways(self._whole_data())
        if ways == (PATH_SIMULATED,):
            options = [*ways, "replace_simulated"]
        else:
            options = [*ways, "add_way", *(["remove_way"] if len(ways) > 1 else [])]
        words = await async_load_way_words(self.hass)
        return self.async_show_menu(
            step_id="reconfigure",
            menu_options=options,
            description_placeholders={"ways": words.list(ways, **self._how_ways_fare())},
        )

    async def async_step_add_way(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer the ways that are not set up yet."""
        return self._offer_others("add_way")

    async def async_step_replace_simulated(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer the ways to a real Powerwall, which takes the place of the simulated one."""
        return self._offer_others("replace_simulated")

    async def async_step_remove_way(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which way is to be taken away; one stays."""
        data = self._whole_data()
        ways = ordered_ways(data)
        if user_input is not None and len(ways) > 1:
            return self._save_data(self._present_name(), without_way(data, user_input[CONF_WAY]))
        choice = SelectSelectorConfig(options=list(ways), mode=SelectSelectorMode.LIST, translation_key="powerwall_way")
        return self.async_show_form(
            step_id="remove_way",
            data_schema=probatio.Schema({probatio.Required(CONF_WAY): SelectSelector(choice)}),
            description_placeholders={"name": self._present_name()},
        )

    def _offer_others(self, step_id: str) -> SubentryFlowResult:
        present = (*ordered_ways(self._whole_data()), PATH_SIMULATED)
        return self.async_show_menu(step_id=step_id, menu_options=[way for way in ORDER if way not in present])

    def _how_ways_fare(self) -> dict[str, Any]:
        """Return which way is in use and how each fared last; nothing is known of a home that is not loaded."""
        entry = self._get_entry()
        loaded = entry.state is ConfigEntryState.LOADED
        source = entry.runtime_data.sources.get(self._get_reconfigure_subentry().subentry_id) if loaded else None
        return {"in_use": source.way if source else None, "states": source.way_states if source else {}}
