"""A Powerwall reached through Tesla's Fleet API, with an application of the user's own: login, site and budget."""

from dataclasses import replace
from typing import Any

import probatio
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import NumberSelector, NumberSelectorConfig, NumberSelectorMode
from homeassistant.util import dt as dt_util

from ..api.errors import SourceError
from ..api.powerwall.cloud_settings import DEFAULT_BUDGET_USD, FleetApp, FleetSettings
from ..api.powerwall.fleet import FleetVisit
from ..api.tesla.budget import interval_within, monthly_estimate_usd
from ..const import PATH_FLEET
from .cloud_forms import CONF_REDIRECT, REDIRECT_FORM, login_errors
from .fleet_app import FleetAppSteps
from .numbers import number_errors

CONF_BUDGET = "budget_usd"
BUDGET_FORM = probatio.Schema(
    {
        probatio.Required(CONF_BUDGET): NumberSelector(
            NumberSelectorConfig(min=1, max=500, step=1, mode=NumberSelectorMode.BOX, unit_of_measurement="USD")
        )
    }
)


class FleetSteps(FleetAppSteps):
    """The dialogs of Fleet API once Tesla knows the application."""

    _fleet_visit: FleetVisit
    _fleet: FleetSettings

    async def async_step_fleet(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Begin with the application, or offer what can be changed of a login that is there."""
        if not (present := self._present_data(PATH_FLEET)):
            return await self.async_step_fleet_domain()
        self._fleet = FleetSettings.from_data(present)
        self._title = self._present_name()
        return self.async_show_menu(step_id=PATH_FLEET, menu_options=["fleet_budget", "fleet_again", "fleet_domain"])

    async def async_step_fleet_again(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Log in anew with the application that is there."""
        return await self._begin_login(self._fleet.app)

    async def _begin_login(self, app: FleetApp) -> SubentryFlowResult:
        self._fleet_visit = FleetVisit(app, session=async_get_clientsession(self.hass), now=dt_util.utcnow)
        return await self.async_step_fleet_login()

    async def async_step_fleet_login(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Have the user log in at Tesla and paste where that led."""
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            try:
                await self._fleet_visit.log_in(user_input[CONF_REDIRECT])
                problem = await self._sites_problem(PATH_FLEET, self._fleet_visit)
            except SourceError as err:
                errors, detail = login_errors(err), str(err)
            else:
                if problem is None:
                    return await self.async_step_fleet_site()
                errors = {"base": problem}
        return self.async_show_form(
            step_id="fleet_login",
            data_schema=REDIRECT_FORM,
            errors=errors,
            description_placeholders={"login_url": self._fleet_visit.login_address, "detail": detail},
        )

    async def async_step_fleet_site(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which site it is."""
        settings, form = await self._site_step(PATH_FLEET, "fleet_site", user_input)
        if not isinstance(settings, FleetSettings):
            return form
        budget_usd = self._present_data(PATH_FLEET).get(CONF_BUDGET, DEFAULT_BUDGET_USD)
        self._fleet = replace(settings, budget_usd=float(budget_usd))
        return await self.async_step_fleet_budget()

    async def async_step_fleet_budget(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask what reading may cost, and say what that buys."""
        errors: dict[str, str] = {}
        if user_input is not None and not (errors := number_errors(user_input)):
            self._fleet = replace(self._fleet, budget_usd=float(user_input[CONF_BUDGET]))
            return await self.async_step_fleet_confirm()
        shown = user_input or {CONF_BUDGET: self._fleet.budget_usd}
        return self.async_show_form(
            step_id="fleet_budget",
            data_schema=self.add_suggested_values_to_schema(BUDGET_FORM, shown),
            errors=errors,
            description_placeholders=_estimate(self._fleet.budget_usd),
        )

    async def async_step_fleet_confirm(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show how often a budget lets the Powerwall be asked, before it is saved."""
        return self.async_show_menu(
            step_id="fleet_confirm",
            menu_options=["fleet_save", "fleet_budget"],
            description_placeholders=_estimate(self._fleet.budget_usd),
        )

    async def async_step_fleet_save(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Save."""
        return await self._finish(PATH_FLEET, title=self._title, settings=self._fleet.to_data())


def _estimate(budget_usd: float) -> dict[str, str]:
    interval = interval_within(budget_usd)
    seconds = round(interval.total_seconds())
    return {
        "budget": f"{budget_usd:.0f}",
        "interval": f"{round(seconds / 60)} min" if seconds >= 60 else f"{seconds} s",
        "cost": f"{monthly_estimate_usd(interval):.2f}",
    }
