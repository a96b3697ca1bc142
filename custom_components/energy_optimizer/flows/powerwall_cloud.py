"""What the dialogs of all ways through Tesla's cloud share: finding the site, and that it is the right one."""

from typing import Any, Protocol

import probatio
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_NAME
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ..api.errors import SourceError
from ..api.powerwall.cloud_settings import SiteChoice, SiteSettings
from .cloud_forms import cloud_problem
from .powerwall_base import PowerwallSteps

CONF_SITE = "site"


class CloudVisit(Protocol):
    """A first visit to the cloud, with a login that was just made or a token that was just typed."""

    async def probe_sites(self) -> tuple[SiteChoice, ...]:
        """Return the account's sites that have a Powerwall."""

    async def settings_for(self, site: SiteChoice) -> SiteSettings:
        """Look at *site* and return the settings with which it is reached from now on."""


class CloudSteps(PowerwallSteps):
    """Looks for the account's sites and lets the user choose."""

    _visit: CloudVisit
    _choices: dict[str, SiteChoice]
    _title: str

    async def _sites_problem(self, way: str, visit: CloudVisit) -> str | None:
        """Find the sites that may be this Powerwall; return the error if there is none.

        Raises:
            SourceError: if the sites cannot be asked for.
        """
        found = await visit.probe_sites()
        if not found:
            return "no_sites"
        fitting = [site for site in found if not self._leads_elsewhere(way, _as_settings(site))]
        if not fitting:
            return "other_site"
        self._visit, self._choices = visit, {site.site_id: site for site in fitting}
        return None

    async def _site_step(
        self, way: str, step_id: str, user_input: dict[str, Any] | None
    ) -> tuple[SiteSettings | None, SubentryFlowResult]:
        """Ask for name and site; return the settings once they are found, else the form to show."""
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            self._title = user_input[CONF_NAME].strip()
            site = self._choices[user_input.get(CONF_SITE, next(iter(self._choices)))]
            if not self._title:
                errors[CONF_NAME] = "name_empty"
            else:
                try:
                    settings = await self._visit.settings_for(site)
                except SourceError as err:
                    errors["base"], detail = cloud_problem(err), str(err)
                else:
                    if not self._leads_elsewhere(way, settings.to_data()):
                        return settings, self._show_site(way, step_id, user_input, {}, "")
                    errors[CONF_SITE if len(self._choices) > 1 else "base"] = "other_site"
        return None, self._show_site(way, step_id, user_input, errors, detail)

    def _show_site(
        self, way: str, step_id: str, user_input: dict[str, Any] | None, errors: dict[str, str], detail: str
    ) -> SubentryFlowResult:
        fields: dict[Any, Any] = {probatio.Required(CONF_NAME): TextSelector()}
        if len(self._choices) > 1:
            options = [SelectOptionDict(value=site.site_id, label=_label(site)) for site in self._choices.values()]
            fields[probatio.Required(CONF_SITE)] = SelectSelector(
                SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST)
            )
        suggested = {CONF_NAME: self._present_name(), CONF_SITE: self._present_data(way).get("site_id")}
        names = ", ".join(_label(site) for site in self._choices.values())
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(probatio.Schema(fields), user_input or suggested),
            errors=errors,
            description_placeholders={"sites": names, "detail": detail},
        )


def _as_settings(site: SiteChoice) -> dict[str, Any]:
    return {"site_id": site.site_id, "serial": site.gateway_serial}


def _label(site: SiteChoice) -> str:
    return site.name if site.capacity_kwh is None else f"{site.name} ({site.capacity_kwh:.1f} kWh)"
