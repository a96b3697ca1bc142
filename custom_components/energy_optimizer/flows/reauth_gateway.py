"""A gateway that no longer accepts what we log in with."""

from collections.abc import Mapping
from typing import Any

import probatio
from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, ConfigSubentry
from homeassistant.const import CONF_HOST
from homeassistant.data_entry_flow import AbortFlow

from ..api.powerwall.gateway import GatewayProbe
from ..api.powerwall.gateway_settings import GatewayAuth
from ..api.powerwall.v1r_key import V1rKey
from ..api.powerwall.ways import set_up_way, way_settings
from ..const import PATH_GATEWAY
from .gateway_trial import (
    CONF_AUTH,
    CONF_KEY,
    CONF_SERIAL,
    SECRETS,
    gateway_data,
    try_gateway,
    with_findings,
)
from .reauth_base import ReauthBase


class GatewayReauthSteps(ReauthBase):
    """Asks for new secrets of one gateway and leaves everything else as it is."""

    async def async_step_reauth_gateway(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the secrets, and only for them, and try them at the gateway."""
        _, subentry, stored = self._home_and_gateway()
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            settings, errors = self._merged(stored, user_input)
            if not errors:
                trial = await try_gateway(self.hass, settings)
                entry, subentry, stored = self._home_and_gateway()
                if stored[CONF_AUTH] != settings[CONF_AUTH]:
                    return await self.async_step_reauth_gateway()
                if trial.probe is not None and _is_same_gateway(stored, trial.probe):
                    typed = {name: settings[name] for name, value in user_input.items() if value}
                    found = with_findings({**stored, **typed}, trial.probe)
                    self._save(entry, subentry, set_up_way(subentry.data, PATH_GATEWAY, found))
                    return self.async_abort(reason="reauth_successful")
                errors, detail = _own_errors(trial.errors), trial.detail
        return self.async_show_form(
            step_id="reauth_gateway",
            data_schema=_form(stored),
            errors=errors,
            description_placeholders={"name": subentry.title, "host": stored[CONF_HOST], "detail": detail},
        )

    def _home_and_gateway(self) -> tuple[ConfigEntry, ConfigSubentry, Mapping[str, Any]]:
        """Return them as they are now, or end the dialog if there is no gateway to log in at any more."""
        entry, subentry = self._home_and_source()
        if not (settings := way_settings(subentry.data, PATH_GATEWAY)):
            raise AbortFlow("source_gone")
        return entry, subentry, settings

    def _merged(self, stored: Mapping[str, Any], user_input: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        typed = {CONF_HOST: stored[CONF_HOST]} | user_input
        settings = {**stored, **gateway_data(self.hass, GatewayAuth(stored[CONF_AUTH]), typed, stored)}
        try:
            if user_input.get(CONF_KEY):
                settings[CONF_KEY] = V1rKey.load(user_input[CONF_KEY]).pem
        except ValueError:
            return settings, {CONF_KEY: "not_a_key"}
        return settings, {}


def _form(stored: Mapping[str, Any]) -> probatio.Schema:
    """Offer the fields of this login; a password or key that has not changed may stay as it is."""
    auth = GatewayAuth(stored[CONF_AUTH])
    only = len(SECRETS[auth]) == 1
    return probatio.Schema(
        {(probatio.Required if only else probatio.Optional)(name): selector for name, selector in SECRETS[auth].items()}
    )


def _is_same_gateway(stored: Mapping[str, Any], probe: GatewayProbe) -> bool:
    known, found = stored.get(CONF_SERIAL), probe.identity.serial
    return known is None or found is None or known == found


def _own_errors(errors: Mapping[str, str] | None) -> dict[str, str]:
    """Show the failure above the form unless a secret is at fault; without one, it was another gateway."""
    if errors is None:
        return {"base": "other_gateway"}
    return {field if key == "wrong_password" else "base": key for field, key in errors.items()}
