"""A Powerwall reached through Tesla's Owner API: a login in the browser, and the site."""

from typing import Any

import probatio
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
from homeassistant.util import dt as dt_util

from ..api.errors import SourceError
from ..api.powerwall.owner import OwnerVisit
from ..const import PATH_OWNER
from .cloud_forms import (
    ADVANCED,
    CONF_REDIRECT,
    CONF_SERVER,
    REDIRECT_FORM,
    advanced,
    login_errors,
    server_problem,
    typed_server,
)
from .powerwall_cloud import CloudSteps

CONF_EMAIL = "email"


class OwnerSteps(CloudSteps):
    """The dialogs of the Owner API."""

    _owner_visit: OwnerVisit

    async def async_step_owner(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Explain the login, and ask for what prefills it."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := server_problem(user_input)):
            self._owner_visit = OwnerVisit(
                server=typed_server(user_input),
                email=user_input.get(CONF_EMAIL, "").strip() or None,
                run=self.hass.async_add_executor_job,
                now=dt_util.utcnow,
            )
            return await self.async_step_owner_login()
        email = TextSelector(TextSelectorConfig(type=TextSelectorType.EMAIL, autocomplete="off"))
        present = self._present_data(PATH_OWNER)
        shown = user_input or {
            CONF_EMAIL: present.get(CONF_EMAIL) or "",
            ADVANCED: {CONF_SERVER: present.get(CONF_SERVER) or ""},
        }
        schema = probatio.Schema({probatio.Optional(CONF_EMAIL): email, **advanced()})
        return self.async_show_form(
            step_id=PATH_OWNER, data_schema=self.add_suggested_values_to_schema(schema, shown), errors=errors
        )

    async def async_step_owner_login(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Have the user log in at Tesla and paste where that led."""
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            try:
                await self._owner_visit.log_in(user_input[CONF_REDIRECT])
                problem = await self._sites_problem(PATH_OWNER, self._owner_visit)
            except SourceError as err:
                errors, detail = login_errors(err), str(err)
            else:
                if problem is None:
                    return await self.async_step_owner_site()
                errors = {"base": problem}
        return self.async_show_form(
            step_id="owner_login",
            data_schema=REDIRECT_FORM,
            errors=errors,
            description_placeholders={"login_url": self._owner_visit.login_address, "detail": detail},
        )

    async def async_step_owner_site(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which site it is."""
        settings, form = await self._site_step(PATH_OWNER, "owner_site", user_input)
        if settings is None:
            return form
        return await self._finish(PATH_OWNER, title=self._title, settings=settings.to_data())
