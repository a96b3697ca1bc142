"""A new token for an Amber tariff."""

from typing import Any

import probatio
from homeassistant.config_entries import ConfigFlowResult, ConfigSubentry
from homeassistant.const import CONF_TOKEN

from ..api.errors import SourceError
from ..api.tariff.amber_client import AmberClient
from ..core.tariffs.kinds import KIND_AMBER
from .amber_form import CONF_SERVER, CONF_SITE, DEVELOPERS_PAGE, SECRET, amber_error
from .reauth_base import ReauthBase


class AmberReauthSteps(ReauthBase):
    """Asks for the token, and only for it, and sees whether it opens the same site."""

    async def async_step_reauth_amber(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the token, try it, and keep it."""
        _, subentry = self._home_and_source()
        if subentry.data.get("kind") != KIND_AMBER:
            return self.async_abort(reason="source_gone")
        errors: dict[str, str] = {}
        if user_input is not None:
            token = user_input[CONF_TOKEN].strip()
            error = await self._try_amber(subentry, token) if token else "amber_token_missing"
            if error is None:
                entry, present = self._home_and_source()
                self._save(entry, present, {**present.data, CONF_TOKEN: token})
                return self.async_abort(reason="reauth_successful")
            at_token = error in ("amber_refused", "amber_token_missing", "amber_other_site")
            errors[CONF_TOKEN if at_token else "base"] = error
        return self.async_show_form(
            step_id="reauth_amber",
            data_schema=probatio.Schema({probatio.Required(CONF_TOKEN): SECRET}),
            errors=errors,
            description_placeholders={"name": subentry.title, "site": DEVELOPERS_PAGE},
        )

    async def _try_amber(self, subentry: ConfigSubentry, token: str) -> str | None:
        client = AmberClient(self.hass, token, subentry.data.get(CONF_SERVER))
        try:
            sites = await client.sites()
        except SourceError as err:
            return amber_error(err)
        finally:
            await client.close()
        return None if subentry.data[CONF_SITE] in {site.site_id for site in sites} else "amber_other_site"
