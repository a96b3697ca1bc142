"""The form of a gateway's address and secrets, and how its dialogs end."""

from typing import Any

import probatio
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_HOST, CONF_NAME
from homeassistant.helpers.selector import TextSelector

from ..api.powerwall.gateway import GatewayProbe
from ..api.powerwall.gateway_settings import ACCESS_POINT, GatewayAuth, normalise_host
from ..api.powerwall.v1r_key import V1rKey
from ..const import PATH_GATEWAY
from .gateway_trial import CONF_AUTH, CONF_EMAIL, CONF_KEY, CONF_SERIAL, gateway_data, secret_fields, with_findings
from .powerwall_base import PowerwallSteps


class GatewayForm(PowerwallSteps):
    """What the ways to log in share."""

    _data: dict[str, Any]
    _title: str

    async def async_step_gateway_read_only(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Say that this login changes nothing, and save it all the same."""
        if user_input is None:
            return self.async_show_form(
                step_id="gateway_read_only", data_schema=probatio.Schema({}), description_placeholders=self._places()
            )
        return await self._save()

    def _show_login_form(
        self,
        step_id: str,
        auth: GatewayAuth,
        user_input: dict[str, Any] | None,
        errors: dict[str, str],
        detail: str = "",
        *,
        secrets: tuple[str, ...] | None = None,
    ) -> SubentryFlowResult:
        """Show name, address and the secrets of *auth* (or only some of them)."""
        present = self._present_data(PATH_GATEWAY)
        stored = present if present.get(CONF_AUTH) == auth else {}
        fields = secret_fields(auth, stored=stored)
        schema: dict[Any, Any] = {
            probatio.Required(CONF_NAME): TextSelector(),
            probatio.Required(CONF_HOST): TextSelector(),
        }
        schema |= {field: selector for field, selector in fields.items() if secrets is None or str(field) in secrets}
        if auth in (GatewayAuth.CUSTOMER, GatewayAuth.BOTH):
            schema[probatio.Optional(CONF_EMAIL)] = TextSelector()
        suggested = {
            CONF_NAME: self._present_name(),
            CONF_HOST: ACCESS_POINT if auth in (GatewayAuth.WIFI, GatewayAuth.BOTH) else "",
        }
        if present:
            suggested |= {CONF_HOST: present[CONF_HOST], CONF_EMAIL: present.get(CONF_EMAIL, "")}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(probatio.Schema(schema), user_input or suggested),
            errors=errors,
            description_placeholders={"access_point": ACCESS_POINT, "detail": detail},
        )

    def _read_form(self, auth: GatewayAuth, user_input: dict[str, Any]) -> dict[str, str]:
        """Take over a filled form as far as it makes sense; return what does not."""
        errors: dict[str, str] = {}
        self._title = user_input[CONF_NAME].strip()
        if not self._title:
            errors[CONF_NAME] = "name_empty"
        try:
            host = normalise_host(user_input[CONF_HOST])
        except ValueError:
            errors[CONF_HOST] = "not_a_host"
            host = user_input[CONF_HOST]
        present = self._present_data(PATH_GATEWAY)
        stored = present if present.get(CONF_AUTH) == auth else {}
        # A field that was emptied is not sent: without this, a stored address could never be taken back.
        typed = {CONF_EMAIL: ""} | user_input | {CONF_HOST: host}
        self._data = gateway_data(self.hass, auth, typed, stored)
        if auth is GatewayAuth.KEY and self._data[CONF_KEY]:
            try:
                self._data[CONF_KEY] = V1rKey.load(self._data[CONF_KEY]).pem
            except ValueError:
                errors[CONF_KEY] = "not_a_key"
        return errors

    async def _found(self, probe: GatewayProbe) -> SubentryFlowResult:
        """Save what works, after a word about what does not."""
        self._data = with_findings(self._data, probe)
        return await self._save() if probe.writable else await self.async_step_gateway_read_only()

    def _is_other(self, probe: GatewayProbe) -> bool:
        """Say whether the gateway that was found is another than the one that the other ways lead to."""
        return self._leads_elsewhere(PATH_GATEWAY, {CONF_SERIAL: probe.identity.serial})

    async def _save(self) -> SubentryFlowResult:
        return await self._finish(PATH_GATEWAY, title=self._title, settings=self._data)

    def _places(self) -> dict[str, str]:
        return {"name": self._title, "host": self._data[CONF_HOST]}
