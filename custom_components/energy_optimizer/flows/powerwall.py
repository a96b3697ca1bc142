"""Adding and changing a Powerwall: first by which way it is reached."""

from typing import Any

from homeassistant.config_entries import SubentryFlowResult

from ..const import CONF_PATH, PATH_ENTITIES, PATH_GATEWAY, PATH_SIMULATED, SUBENTRY_POWERWALL
from .powerwall_entities import EntitiesSteps
from .powerwall_gateway import GatewaySteps
from .powerwall_simulated import SimulatedSteps

PATHS = (PATH_GATEWAY, PATH_ENTITIES, PATH_SIMULATED)


class PowerwallSubentryFlow(GatewaySteps, EntitiesSteps, SimulatedSteps):
    """One Powerwall of a home."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer the ways to reach a Powerwall."""
        if self._get_entry().get_subentries_of_type(SUBENTRY_POWERWALL):
            return self.async_abort(reason="single_powerwall")
        return self.async_show_menu(step_id="user", menu_options=list(PATHS))

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the dialog of the way that is set up, or let the user choose another way."""
        present = self._get_reconfigure_subentry().data[CONF_PATH]
        return self.async_show_menu(
            step_id="reconfigure", menu_options=[present, *(path for path in PATHS if path != present)]
        )
