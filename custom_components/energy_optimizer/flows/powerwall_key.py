"""Registering a key with a gateway, step by step."""

from typing import Any

import probatio
from homeassistant.config_entries import SubentryFlowResult
from homeassistant.const import CONF_HOST
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)

from ..api.errors import NotPermittedError, RefusedError, SourceError
from ..api.powerwall.gateway_settings import GatewayAuth
from ..api.powerwall.v1r_key import EnergySite, KeyRegistration, KeyState, TeslaAddresses, V1rKey
from .gateway_form import GatewayForm
from .gateway_trial import CONF_CUSTOMER_PASSWORD, CONF_KEY, try_gateway, try_login

NOTHING = probatio.Schema({})
REDIRECT_FORM = probatio.Schema({probatio.Required("redirect"): TextSelector()})


class KeySteps(GatewayForm):
    """From a password to a registered key: log in at Tesla, choose the site, switch the Powerwall off and on."""

    tesla = TeslaAddresses()
    _registration: KeyRegistration
    _key: V1rKey
    _sites: dict[str, EnergySite]
    _site: EnergySite

    async def async_step_gateway_key_new(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for address and password, and see that they are right before Tesla comes in."""
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            errors = self._read_form(GatewayAuth.KEY, user_input)
            if not errors:
                trial = await try_login(self.hass, self._data)
                if not trial.errors:
                    return await self.async_step_gateway_key_login()
                errors, detail = dict(trial.errors), trial.detail
        return self._show_login_form(
            "gateway_key_new", GatewayAuth.KEY, user_input, errors, detail, secrets=(CONF_CUSTOMER_PASSWORD,)
        )

    async def async_step_gateway_key_login(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Have the user log in at Tesla and paste where that led."""
        errors: dict[str, str] = {}
        if user_input is None:
            self._registration = KeyRegistration(self.tesla)
        else:
            try:
                await self.hass.async_add_executor_job(self._registration.log_in, user_input["redirect"])
                sites = await self.hass.async_add_executor_job(self._registration.sites)
                self._sites = {site.site_id: site for site in sites}
                if self._sites:
                    self._key = await self.hass.async_add_executor_job(V1rKey.generate)
                    return await self.async_step_gateway_key_site()
                errors["base"] = "no_sites"
            except SourceError as err:
                errors["redirect" if isinstance(err, RefusedError) else "base"] = _tesla_problem(err)
        return self.async_show_form(
            step_id="gateway_key_login",
            data_schema=REDIRECT_FORM,
            errors=errors,
            description_placeholders={"login_url": self._registration.login_address},
        )

    async def async_step_gateway_key_site(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask which of the account's sites this gateway belongs to, unless there is but one."""
        if user_input is None and len(self._sites) > 1:
            options = [SelectOptionDict(value=site.site_id, label=site.name) for site in self._sites.values()]
            selector = SelectSelector(SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST))
            return self.async_show_form(
                step_id="gateway_key_site", data_schema=probatio.Schema({probatio.Required("site"): selector})
            )
        chosen = user_input["site"] if user_input else next(iter(self._sites))
        self._site = self._sites[chosen]
        return await self._register()

    async def async_step_gateway_key_confirm(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Ask for the switch to be turned off and on, and look whether that was seen."""
        if user_input is None:
            return self._show_confirm({})
        try:
            state = await self.hass.async_add_executor_job(self._registration.state, self._site, self._key)
        except SourceError as err:
            return self._show_confirm({"base": _tesla_problem(err)})
        return await self._go_on(state, checked=True)

    async def async_step_gateway_key_timed_out(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer to register the same key anew, because the time for the switch has passed."""
        return await self._offer_again("gateway_key_timed_out", user_input)

    async def async_step_gateway_key_removed(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Offer to register the same key anew, because someone has removed it."""
        return await self._offer_again("gateway_key_removed", user_input)

    async def _offer_again(self, step_id: str, user_input: dict[str, Any] | None) -> SubentryFlowResult:
        if user_input is None:
            return self.async_show_form(step_id=step_id, data_schema=NOTHING)
        return await self._register(step_id)

    async def _register(self, step_id: str = "gateway_key_confirm") -> SubentryFlowResult:
        try:
            state = await self.hass.async_add_executor_job(self._registration.register, self._site, self._key)
        except SourceError as err:
            if step_id == "gateway_key_confirm":
                return self._show_confirm({"base": _tesla_problem(err)})
            return self.async_show_form(step_id=step_id, data_schema=NOTHING, errors={"base": _tesla_problem(err)})
        return await self._go_on(state, checked=False)

    async def _go_on(self, state: KeyState | None, *, checked: bool) -> SubentryFlowResult:
        """Continue as the key's state demands."""
        match state:
            case KeyState.VERIFIED:
                return await self._use_key()
            case KeyState.TIMED_OUT:
                return await self.async_step_gateway_key_timed_out()
            case KeyState.REMOVED:
                return await self.async_step_gateway_key_removed()
            case KeyState.PENDING:
                return self._show_confirm({"base": "key_pending"} if checked else {})
            case None:
                return await self._register() if checked else self._show_confirm({})

    async def _use_key(self) -> SubentryFlowResult:
        """Try the verified key at the gateway itself."""
        self._data[CONF_KEY] = self._key.pem
        trial = await try_gateway(self.hass, self._data)
        if trial.probe is not None and self._is_other(trial.probe):
            return self._show_confirm({"base": "other_site"})
        if trial.probe is not None:
            return await self._found(trial.probe)
        problem = next(iter((trial.errors or {}).values()))
        return self._show_confirm({"base": problem}, trial.detail)

    def _show_confirm(self, errors: dict[str, str], detail: str = "") -> SubentryFlowResult:
        return self.async_show_form(
            step_id="gateway_key_confirm",
            data_schema=NOTHING,
            errors=errors,
            description_placeholders={"site": self._site.name, "host": self._data[CONF_HOST], "detail": detail},
        )


def _tesla_problem(err: SourceError) -> str:
    if isinstance(err, RefusedError):
        return "tesla_refused"
    return "tesla_not_permitted" if isinstance(err, NotPermittedError) else "tesla_unreachable"
