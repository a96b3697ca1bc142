"""A Powerwall reached through its gateway: which login, and what it opens."""

from typing import Any

from homeassistant.config_entries import SubentryFlowResult

from ..api.powerwall.gateway_settings import GatewayAuth
from ..const import PATH_GATEWAY
from .gateway_trial import Trial, try_gateway
from .powerwall_key import KeySteps


class GatewaySteps(KeySteps):
    """The dialogs of a gateway, for each way to log in."""

    async def async_step_gateway(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer the ways to log in."""
        return self.async_show_menu(
            step_id=PATH_GATEWAY,
            menu_options=["gateway_customer", "gateway_wifi", "gateway_both", "gateway_key_new", "gateway_key"],
        )

    async def async_step_gateway_customer(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the customer's password."""
        return await self._login_step("gateway_customer", GatewayAuth.CUSTOMER, user_input)

    async def async_step_gateway_wifi(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the password of the gateway's Wi-Fi."""
        return await self._login_step("gateway_wifi", GatewayAuth.WIFI, user_input)

    async def async_step_gateway_both(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for both passwords."""
        return await self._login_step("gateway_both", GatewayAuth.BOTH, user_input)

    async def async_step_gateway_key(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for a key that is registered already."""
        return await self._login_step("gateway_key", GatewayAuth.KEY, user_input)

    async def _login_step(
        self, step_id: str, auth: GatewayAuth, user_input: dict[str, Any] | None
    ) -> SubentryFlowResult:
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            errors = self._read_form(auth, user_input)
            if not errors:
                trial = await try_gateway(self.hass, self._data)
                if trial.probe is not None and not self._is_other(trial.probe):
                    return await self._found(trial.probe)
                if trial.probe is not None:
                    trial = Trial(errors={"base": "other_site"})
                errors, detail = dict(trial.errors or {}), trial.detail
        return self._show_login_form(step_id, auth, user_input, errors, detail)
