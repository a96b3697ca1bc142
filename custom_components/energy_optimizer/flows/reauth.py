"""A Powerwall whose gateway no longer accepts what we log in with."""

from collections.abc import Mapping
from typing import Any

import probatio
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentry,
    UnknownEntry,
)
from homeassistant.const import CONF_HOST
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import AbortFlow

from ..api.powerwall.gateway import GatewayProbe
from ..api.powerwall.gateway_settings import GatewayAuth
from ..api.powerwall.v1r_key import V1rKey
from .gateway_trial import (
    CONF_AUTH,
    CONF_KEY,
    CONF_SERIAL,
    SECRETS,
    gateway_data,
    try_gateway,
    with_findings,
)


class ReauthSteps(ConfigFlow):
    """Asks for new secrets of one Powerwall and leaves everything else as it is."""

    _subentry_id: str

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Note which Powerwall it is about."""
        self._subentry_id = entry_data["subentry_id"]
        await self.async_set_unique_id(self._subentry_id)  # by which abort_reauth finds this dialog
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the secrets, and only for them, and try them at the gateway."""
        _, subentry = self._home_and_powerwall()
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            data, errors = self._merged(subentry, user_input)
            if not errors:
                trial = await try_gateway(self.hass, data)
                entry, present = self._home_and_powerwall()
                if present.data[CONF_AUTH] != data[CONF_AUTH]:
                    return await self.async_step_reauth_confirm()
                if trial.probe is not None and _is_same_gateway(present, trial.probe):
                    typed = {name: data[name] for name, value in user_input.items() if value}
                    self.hass.config_entries.async_update_subentry(
                        entry, present, data=with_findings(dict(present.data) | typed, trial.probe)
                    )
                    return self.async_abort(reason="reauth_successful")
                subentry, errors, detail = present, _own_errors(trial.errors), trial.detail
        return self.async_show_form(
            step_id="reauth_confirm",
            data_schema=_form(subentry),
            errors=errors,
            description_placeholders={"name": subentry.title, "host": subentry.data[CONF_HOST], "detail": detail},
        )

    def _home_and_powerwall(self) -> tuple[ConfigEntry, ConfigSubentry]:
        """Return both as they are now, or end the dialog if there is no gateway to log in at any more."""
        try:
            entry = self._get_reauth_entry()
        except UnknownEntry as err:
            raise AbortFlow("powerwall_gone") from err
        subentry = entry.subentries.get(self._subentry_id)
        if subentry is None or CONF_AUTH not in subentry.data:
            raise AbortFlow("powerwall_gone")
        return entry, subentry

    def _merged(self, subentry: ConfigSubentry, user_input: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        stored = subentry.data
        typed = {CONF_HOST: stored[CONF_HOST]} | user_input
        data = dict(stored) | gateway_data(self.hass, GatewayAuth(stored[CONF_AUTH]), typed, stored)
        try:
            if user_input.get(CONF_KEY):
                data[CONF_KEY] = V1rKey.load(user_input[CONF_KEY]).pem
        except ValueError:
            return data, {CONF_KEY: "not_a_key"}
        return data, {}


@callback
def abort_reauth(hass: HomeAssistant, entry: ConfigEntry, subentry_id: str) -> None:
    """Close the dialog, and with it the repair, that asks for new secrets of a Powerwall which needs none any more."""
    for flow in list(entry.async_get_active_flows(hass, {SOURCE_REAUTH})):
        if flow["context"].get("unique_id") == subentry_id:
            hass.config_entries.flow.async_abort(flow["flow_id"])


def _form(subentry: ConfigSubentry) -> probatio.Schema:
    """Offer the fields of this login; a password or key that has not changed may stay as it is."""
    auth = GatewayAuth(subentry.data[CONF_AUTH])
    only = len(SECRETS[auth]) == 1
    return probatio.Schema(
        {(probatio.Required if only else probatio.Optional)(name): selector for name, selector in SECRETS[auth].items()}
    )


def _is_same_gateway(subentry: ConfigSubentry, probe: GatewayProbe) -> bool:
    known, found = subentry.data.get(CONF_SERIAL), probe.identity.serial
    return known is None or found is None or known == found


def _own_errors(errors: Mapping[str, str] | None) -> dict[str, str]:
    """Show the failure above the form unless a secret is at fault; without one, it was another gateway."""
    if errors is None:
        return {"base": "other_gateway"}
    return {field if key == "wrong_password" else "base": key for field, key in errors.items()}
