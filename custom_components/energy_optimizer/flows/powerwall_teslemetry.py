"""A Powerwall reached through Teslemetry: a token, and the site."""

from typing import Any

import probatio
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util

from ..api.errors import SourceError
from ..api.powerwall.teslemetry import TeslemetryVisit
from ..const import PATH_TESLEMETRY
from .cloud_forms import (
    ADVANCED,
    CONF_SERVER,
    CONF_TOKEN,
    SECRET,
    advanced,
    cloud_problem,
    server_problem,
    typed_server,
)
from .powerwall_cloud import CloudSteps


class TeslemetrySteps(CloudSteps):
    """The dialogs of Teslemetry."""

    async def async_step_teslemetry(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the token and see which sites it opens."""
        present = self._present_data(PATH_TESLEMETRY)
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None and not (errors := server_problem(user_input)):
            token = user_input.get(CONF_TOKEN, "").strip() or present.get(CONF_TOKEN, "")
            visit = TeslemetryVisit(
                token, server=typed_server(user_input), session=async_get_clientsession(self.hass), now=dt_util.utcnow
            )
            try:
                problem = await self._sites_problem(PATH_TESLEMETRY, visit)
            except SourceError as err:
                problem, detail = cloud_problem(err), str(err)
                if problem == "cloud_refused":
                    errors, problem = {CONF_TOKEN: "token_refused"}, None
            else:
                if problem is None:
                    return await self.async_step_teslemetry_site()
            errors = errors or {"base": str(problem)}
        mark = probatio.Optional if present else probatio.Required
        schema = probatio.Schema({mark(CONF_TOKEN): SECRET, **advanced()})
        shown = user_input or {ADVANCED: {CONF_SERVER: present.get(CONF_SERVER) or ""}}
        return self.async_show_form(
            step_id=PATH_TESLEMETRY,
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
            description_placeholders={"site": "https://teslemetry.com/console", "detail": detail},
        )

    async def async_step_teslemetry_site(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which site it is."""
        settings, form = await self._site_step(PATH_TESLEMETRY, "teslemetry_site", user_input)
        if settings is None:
            return form
        return await self._finish(PATH_TESLEMETRY, title=self._title, settings=settings.to_data())
