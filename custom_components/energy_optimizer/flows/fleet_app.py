"""Making an application of the user's own known to Tesla: its key, where the key is served, and its credentials."""

from abc import abstractmethod
from typing import Any, Final

import probatio
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)
from homeassistant.util import dt as dt_util

from ..api.errors import RefusedError, SourceError
from ..api.powerwall.cloud_settings import REGIONS, FleetApp
from ..api.powerwall.gateway_settings import normalise_host
from ..api.tesla.partner import hosting_address, is_hosted, make_partner_key, public_key_pem, register_partner
from ..const import PATH_FLEET
from .cloud_forms import ADVANCED, CONF_SERVER, SECRET, advanced, cloud_problem, server_problem, typed_server
from .powerwall_cloud import CloudSteps

CONF_DOMAIN: Final = "domain"
CONF_KEY: Final = "private_key_pem"
CONF_CHECK: Final = "check"
CONF_CLIENT_ID: Final = "client_id"
CONF_CLIENT_SECRET: Final = "client_secret"  # noqa: S105 - a field's name
CONF_REGION: Final = "region"
DEVELOPER_SITE: Final = "https://developer.tesla.com"


class FleetAppSteps(CloudSteps):
    """From a domain to an application that Tesla knows."""

    _app: FleetApp

    @abstractmethod
    async def _begin_login(self, app: FleetApp) -> SubentryFlowResult:
        """Go on with the login through *app*."""

    async def async_step_fleet_domain(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Explain what is needed, and ask for the domain that will serve the key."""
        errors: dict[str, str] = {}
        present = self._present_data(PATH_FLEET)
        if user_input is not None:
            errors = server_problem(user_input)
            domain = _domain(user_input[CONF_DOMAIN])
            typed_key = user_input.get(ADVANCED, {}).get(CONF_KEY, "").strip()
            if domain is None:
                errors[CONF_DOMAIN] = "not_a_domain"
            if typed_key and not _is_key(typed_key):
                errors[ADVANCED] = "not_a_partner_key"
            if domain is not None and not errors:
                kept_key = present.get(CONF_KEY) if present.get(CONF_DOMAIN) == domain else None
                self._app = FleetApp(
                    client_id=present.get(CONF_CLIENT_ID, ""),
                    client_secret=present.get(CONF_CLIENT_SECRET, ""),
                    domain=domain,
                    private_key_pem=typed_key or kept_key or make_partner_key(),
                    region=present.get(CONF_REGION, _usual_region(self.hass.config.country)),
                    server=typed_server(user_input),
                )
                return await self.async_step_fleet_key()
        key = TextSelector(TextSelectorConfig(multiline=True))
        schema = probatio.Schema(
            {probatio.Required(CONF_DOMAIN): TextSelector(), **advanced({probatio.Optional(CONF_KEY): key})}
        )
        shown = user_input or {
            CONF_DOMAIN: present.get(CONF_DOMAIN, ""),
            ADVANCED: {CONF_SERVER: present.get(CONF_SERVER) or ""},
        }
        return self.async_show_form(
            step_id="fleet_domain",
            data_schema=self.add_suggested_values_to_schema(schema, shown),
            errors=errors,
            description_placeholders={"developer_site": DEVELOPER_SITE},
        )

    async def async_step_fleet_key(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Show the public key and where to host it, and look whether it is there."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if not user_input[CONF_CHECK]:
                return await self.async_step_fleet_app()
            try:
                if await is_hosted(self._app, async_get_clientsession(self.hass), dt_util.utcnow()):
                    return await self.async_step_fleet_app()
                errors["base"] = "key_not_hosted"
            except SourceError:
                errors["base"] = "domain_unreachable"
        return self.async_show_form(
            step_id="fleet_key",
            data_schema=probatio.Schema({probatio.Required(CONF_CHECK, default=True): BooleanSelector()}),
            errors=errors,
            description_placeholders={
                "address": hosting_address(self._app.domain),
                "public_key": public_key_pem(self._app.private_key_pem),
                "domain": self._app.domain,
            },
        )

    async def async_step_fleet_app(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the application's credentials and make it known to Tesla."""
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            secret = user_input.get(CONF_CLIENT_SECRET, "").strip() or self._app.client_secret
            self._app = FleetApp(
                client_id=user_input[CONF_CLIENT_ID].strip(),
                client_secret=secret,
                domain=self._app.domain,
                private_key_pem=self._app.private_key_pem,
                region=user_input[CONF_REGION],
                server=self._app.server,
            )
            try:
                await register_partner(self._app, async_get_clientsession(self.hass), dt_util.utcnow())
                return await self._begin_login(self._app)
            except RefusedError as err:
                errors, detail = {CONF_CLIENT_SECRET: "login_app_refused"}, str(err)
            except SourceError as err:
                errors, detail = {"base": cloud_problem(err)}, str(err)
        return self.async_show_form(
            step_id="fleet_app",
            data_schema=self.add_suggested_values_to_schema(
                _app_form(keeps_secret=bool(self._app.client_secret)),
                user_input or {CONF_CLIENT_ID: self._app.client_id, CONF_REGION: self._app.region},
            ),
            errors=errors,
            description_placeholders={
                "developer_site": DEVELOPER_SITE,
                "origin": f"https://{self._app.domain}",
                "redirect_uri": self._app.redirect_uri,
                "detail": detail,
            },
        )


def _app_form(*, keeps_secret: bool) -> probatio.Schema:
    regions = SelectSelectorConfig(options=list(REGIONS), mode=SelectSelectorMode.LIST, translation_key="tesla_region")
    return probatio.Schema(
        {
            probatio.Required(CONF_CLIENT_ID): TextSelector(),
            (probatio.Optional if keeps_secret else probatio.Required)(CONF_CLIENT_SECRET): SECRET,
            probatio.Required(CONF_REGION): SelectSelector(regions),
        }
    )


def _domain(text: str) -> str | None:
    """Reduce what people paste to a domain; ``None`` where none is left that could be seen from the internet."""
    try:
        host = normalise_host(text)
    except ValueError:
        return None
    labels = host.split(".")
    return host if len(labels) > 1 and ":" not in host and not labels[-1].isdecimal() else None


def _is_key(text: str) -> bool:
    try:
        public_key_pem(text)
    except ValueError, TypeError:
        return False
    return True


def _usual_region(country: str | None) -> str:
    """Return the region that Tesla files a country under."""
    if country in (None, "US", "CA", "MX", "PR", "AU", "NZ", "JP", "KR", "SG", "TW", "HK", "MO", "TH", "MY", "PH"):
        return "na"
    return "cn" if country == "CN" else "eu"
