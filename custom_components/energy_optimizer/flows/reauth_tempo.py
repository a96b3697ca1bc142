"""New credentials at RTE for a Tempo tariff."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from ..api.errors import SourceError
from ..api.tariff.tempo_settings import CONF_CLIENT_ID, CONF_CLIENT_SECRET, rte_client
from ..core.tariffs.kinds import KIND_TEMPO
from ..core.tariffs.tempo_rules import tempo_day
from .reauth_base import ReauthBase
from .tempo_form import login_form, rte_error


class TempoReauthSteps(ReauthBase):
    """Asks for the credentials, and only for them, and tries them at RTE."""

    async def async_step_reauth_tempo(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the credentials, try them, and keep them."""
        _, subentry = self._home_and_source()
        if subentry.data.get("kind") != KIND_TEMPO:
            return self.async_abort(reason="source_gone")
        errors: dict[str, str] = {}
        if user_input is not None:
            typed = {key: user_input[key].strip() for key in (CONF_CLIENT_ID, CONF_CLIENT_SECRET)}
            error = await self._try_rte({**subentry.data, **typed}) if all(typed.values()) else "rte_empty"
            if error is None:
                entry, present = self._home_and_source()
                self._save(entry, present, {**present.data, **typed})
                return self.async_abort(reason="reauth_successful")
            errors["base"] = error
        shown = user_input or {CONF_CLIENT_ID: subentry.data.get(CONF_CLIENT_ID, "")}
        return self.async_show_form(
            step_id="reauth_tempo",
            data_schema=self.add_suggested_values_to_schema(login_form(required=True), shown),
            errors=errors,
            description_placeholders={"name": subentry.title, "site": "https://data.rte-france.com"},
        )

    async def _try_rte(self, settings: dict[str, Any]) -> str | None:
        client = rte_client(async_get_clientsession(self.hass), settings)
        if client is None:
            return "rte_empty"
        try:
            await client.colours({tempo_day(dt_util.utcnow())})
        except SourceError as err:
            return rte_error(err)
        return None
