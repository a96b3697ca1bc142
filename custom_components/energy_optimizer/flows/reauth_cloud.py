"""A way through Tesla's cloud whose login or token is no longer accepted."""

from collections.abc import Mapping
from typing import Any

import probatio
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import TextSelector
from homeassistant.util import dt as dt_util

from ..api.errors import SourceError
from ..api.powerwall.cloud_settings import FleetApp, FleetSettings, OwnerSettings, SiteSettings, TeslemetrySettings
from ..api.powerwall.fleet import FleetVisit
from ..api.powerwall.owner import OwnerVisit
from ..api.powerwall.teslemetry import TeslemetryVisit
from ..api.powerwall.ways import set_up_way, way_settings
from ..api.tesla.login import LoginError, LoginFault
from ..const import PATH_FLEET, PATH_OWNER, PATH_TESLEMETRY
from .cloud_forms import CONF_REDIRECT, CONF_TOKEN, REDIRECT_FORM, SECRET, cloud_problem, login_errors
from .fleet_app import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from .powerwall_cloud import CloudVisit
from .reauth_base import ReauthBase


class _CloudReauth(ReauthBase):
    """What the three ways share: the new login must open the same site."""

    def _stored(self, way: str) -> Mapping[str, Any]:
        """Return the way's settings as they are now, or end the dialog if it is gone."""
        _, subentry = self._home_and_source()
        if not (settings := way_settings(subentry.data, way)):
            raise AbortFlow("source_gone")
        return settings

    async def _mended(self, way: str, visit: CloudVisit) -> ConfigFlowResult | None:
        """Keep the new login and end the dialog; ``None`` if it opens other sites only.

        Raises:
            SourceError: if the site cannot be asked for.
        """
        site_id = str(self._stored(way)["site_id"])
        site = next((site for site in await visit.probe_sites() if site.site_id == site_id), None)
        if site is None:
            return None
        found = await visit.settings_for(site)
        stored = self._stored(way)
        entry, subentry = self._home_and_source()
        if str(stored["site_id"]) != site_id:
            return None
        self._save(entry, subentry, set_up_way(subentry.data, way, self._with_kept(found, stored)))
        return self.async_abort(reason="reauth_successful")

    @staticmethod
    def _with_kept(found: SiteSettings, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Leave what no login tells as it is."""
        kept = {name: stored[name] for name in ("budget_usd",) if name in stored}
        return {**found.to_data(), **kept}

    def _name(self) -> str:
        return self._home_and_source()[1].title


class FleetReauthSteps(_CloudReauth):
    """A new login with the application that is there, or with what Tesla has changed of it."""

    _fleet_visit: FleetVisit
    _fleet_app: FleetApp

    async def async_step_reauth_fleet(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Have the user log in anew and paste where that led."""
        stored = self._stored(PATH_FLEET)
        errors: dict[str, str] = {}
        detail = ""
        if user_input is None:
            self._fleet_app = FleetSettings.from_data(stored).app
            self._begin_fleet()
        else:
            try:
                await self._fleet_visit.log_in(user_input[CONF_REDIRECT])
                if (result := await self._mended(PATH_FLEET, self._fleet_visit)) is not None:
                    return result
                errors = {"base": "other_site"}
            except LoginError as err:
                if err.key is LoginFault.APP_REFUSED:
                    return await self.async_step_reauth_fleet_app()
                errors, detail = login_errors(err), str(err)
            except SourceError as err:
                errors, detail = login_errors(err), str(err)
        return self._show_fleet(errors, detail)

    async def async_step_reauth_fleet_app(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the application's credentials, because Tesla does not know them any more."""
        if user_input is not None:
            stored = FleetSettings.from_data(self._stored(PATH_FLEET))
            self._fleet_app = FleetApp(
                client_id=user_input[CONF_CLIENT_ID].strip(),
                client_secret=user_input[CONF_CLIENT_SECRET].strip(),
                domain=stored.domain,
                private_key_pem=stored.private_key_pem,
                region=stored.region,
                server=stored.server,
            )
            self._begin_fleet()
            return self._show_fleet({}, "")
        schema = probatio.Schema(
            {probatio.Required(CONF_CLIENT_ID): TextSelector(), probatio.Required(CONF_CLIENT_SECRET): SECRET}
        )
        return self.async_show_form(
            step_id="reauth_fleet_app",
            data_schema=self.add_suggested_values_to_schema(schema, {CONF_CLIENT_ID: self._fleet_app.client_id}),
            description_placeholders={"name": self._name()},
        )

    def _begin_fleet(self) -> None:
        self._fleet_visit = FleetVisit(self._fleet_app, session=async_get_clientsession(self.hass), now=dt_util.utcnow)

    def _show_fleet(self, errors: dict[str, str], detail: str) -> ConfigFlowResult:
        return self.async_show_form(
            step_id="reauth_fleet",
            data_schema=REDIRECT_FORM,
            errors=errors,
            description_placeholders={
                "name": self._name(),
                "login_url": self._fleet_visit.login_address,
                "detail": detail,
            },
        )


class OwnerReauthSteps(_CloudReauth):
    """A new login at Tesla's own app's interface."""

    _owner_visit: OwnerVisit

    async def async_step_reauth_owner(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Have the user log in anew and paste where that led."""
        stored = OwnerSettings.from_data(self._stored(PATH_OWNER))
        errors: dict[str, str] = {}
        detail = ""
        if user_input is None:
            self._owner_visit = OwnerVisit(
                server=stored.server, email=stored.email, run=self.hass.async_add_executor_job, now=dt_util.utcnow
            )
        else:
            try:
                await self._owner_visit.log_in(user_input[CONF_REDIRECT])
                if (result := await self._mended(PATH_OWNER, self._owner_visit)) is not None:
                    return result
                errors = {"base": "other_site"}
            except SourceError as err:
                errors, detail = login_errors(err), str(err)
        return self.async_show_form(
            step_id="reauth_owner",
            data_schema=REDIRECT_FORM,
            errors=errors,
            description_placeholders={
                "name": self._name(),
                "login_url": self._owner_visit.login_address,
                "detail": detail,
            },
        )


class TeslemetryReauthSteps(_CloudReauth):
    """A new token of Teslemetry."""

    async def async_step_reauth_teslemetry(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the token, and see whether it opens the site."""
        stored = TeslemetrySettings.from_data(self._stored(PATH_TESLEMETRY))
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            session = async_get_clientsession(self.hass)
            visit = TeslemetryVisit(
                user_input[CONF_TOKEN].strip(), server=stored.server, session=session, now=dt_util.utcnow
            )
            try:
                if (result := await self._mended(PATH_TESLEMETRY, visit)) is not None:
                    return result
                errors = {"base": "other_site"}
            except SourceError as err:
                problem, detail = cloud_problem(err), str(err)
                errors = {CONF_TOKEN: "token_refused"} if problem == "cloud_refused" else {"base": problem}
        return self.async_show_form(
            step_id="reauth_teslemetry",
            data_schema=probatio.Schema({probatio.Required(CONF_TOKEN): SECRET}),
            errors=errors,
            description_placeholders={
                "name": self._name(),
                "site": "https://teslemetry.com/console",
                "detail": detail,
            },
        )


class CloudReauthSteps(FleetReauthSteps, OwnerReauthSteps, TeslemetryReauthSteps):
    """New credentials for each way through the cloud."""
