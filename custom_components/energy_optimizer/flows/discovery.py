"""A gateway that showed up on the network."""

from collections.abc import Mapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any

import probatio
from homeassistant.config_entries import (
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    ConfigSubentry,
    ConfigSubentryData,
)
from homeassistant.const import CONF_HOST, CONF_NAME
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo
from homeassistant.util import slugify

from ..api.powerwall.gateway_knock import din_in
from ..api.powerwall.gateway_settings import ACCESS_POINT, GatewayAuth
from ..const import CONF_PATH, PATH_GATEWAY, SUBENTRY_POWERWALL
from .gateway_form import DEFAULT_NAME
from .gateway_trial import (
    CONF_AUTH,
    CONF_MAC,
    CONF_SERIAL,
    PASSWORD,
    SECRETS,
    gateway_data,
    try_gateway,
    unique_id_of,
    with_findings,
)
from .home import home_data, home_defaults

CONF_HOME = "home"
CONF_PASSWORD = "password"  # noqa: S105 - a field's name
LOGINS = (GatewayAuth.CUSTOMER, GatewayAuth.WIFI)


class DiscoverySteps(ConfigFlow):
    """Follows a known gateway to its new address and offers an unknown one."""

    _found: DhcpServiceInfo

    async def async_step_dhcp(self, discovery_info: DhcpServiceInfo) -> ConfigFlowResult:
        """Take in a gateway that asked for an address."""
        mac = format_mac(discovery_info.macaddress)
        self._found = discovery_info
        await self.async_set_unique_id(mac)
        self._abort_if_unique_id_configured()
        serial = din_in(discovery_info.hostname.upper())
        for entry in self._async_current_entries(include_ignore=False):
            for subentry in entry.get_subentries_of_type(SUBENTRY_POWERWALL):
                if _is_same(subentry, discovery_info.ip, mac, serial):
                    await self._follow(entry, subentry, discovery_info.ip, mac)
                    return self.async_abort(reason="already_configured")
        if self._homes_with_powerwall() and not self._homes_without():
            return self.async_abort(reason="every_home_has_powerwall")
        name = serial or discovery_info.hostname
        self.context["title_placeholders"] = {"name": f"{DEFAULT_NAME} {name} ({discovery_info.ip})"}
        return await self.async_step_discovered()

    async def async_step_discovered(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask to which home the gateway belongs and for its password."""
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            auth = GatewayAuth(user_input[CONF_AUTH])
            secrets = dict.fromkeys(SECRETS[auth], user_input[CONF_PASSWORD])
            places = {CONF_HOST: self._found.ip, CONF_MAC: format_mac(self._found.macaddress)}
            data = gateway_data(self.hass, auth, places | secrets, {})
            trial = await try_gateway(self.hass, data)
            if trial.probe is not None:
                return await self._add(with_findings(data, trial.probe), user_input)
            errors, detail = _beside_own_fields(trial.errors or {}), trial.detail
        return self.async_show_form(
            step_id="discovered",
            data_schema=self.add_suggested_values_to_schema(self._form(), user_input or {CONF_NAME: DEFAULT_NAME}),
            errors=errors,
            description_placeholders={
                "gateway": self._found.hostname,
                "host": self._found.ip,
                "home": self._target_name(),
                "detail": detail,
            },
        )

    def _form(self) -> probatio.Schema:
        fields: dict[Any, Any] = {}
        homes = self._homes_without()
        if len(homes) > 1:
            options = [SelectOptionDict(value=entry.entry_id, label=entry.title) for entry in homes]
            fields[probatio.Required(CONF_HOME)] = SelectSelector(
                SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST)
            )
        fields[probatio.Required(CONF_NAME)] = TextSelector()
        fields[probatio.Required(CONF_AUTH, default=GatewayAuth.CUSTOMER.value)] = SelectSelector(
            SelectSelectorConfig(options=list(LOGINS), mode=SelectSelectorMode.LIST, translation_key="gateway_auth")
        )
        fields[probatio.Required(CONF_PASSWORD)] = PASSWORD
        return probatio.Schema(fields)

    async def _add(self, data: dict[str, Any], user_input: dict[str, Any]) -> ConfigFlowResult:
        """Add the Powerwall to its home, and the home before it where there is none."""
        unique_id = unique_id_of(data)
        title = user_input[CONF_NAME].strip() or DEFAULT_NAME
        if any(
            subentry.unique_id == unique_id
            for entry in self._homes_with_powerwall()
            for subentry in entry.subentries.values()
        ):
            return self.async_abort(reason="already_configured")
        homes = {entry.entry_id: entry for entry in self._homes_without()}
        if homes:
            subentry = ConfigSubentry(
                data=MappingProxyType(data), subentry_type=SUBENTRY_POWERWALL, title=title, unique_id=unique_id
            )
            entry = homes[user_input.get(CONF_HOME, next(iter(homes)))]
            self.hass.config_entries.async_add_subentry(entry, subentry)
            return self.async_abort(reason="powerwall_added", description_placeholders={"home": entry.title})
        home = home_defaults(self.hass)
        await self.async_set_unique_id(slugify(home[CONF_NAME]))
        subentry_data = ConfigSubentryData(
            data=data, subentry_type=SUBENTRY_POWERWALL, title=title, unique_id=unique_id
        )
        return self.async_create_entry(title=home[CONF_NAME], data=home_data(home), subentries=[subentry_data])

    async def _follow(self, entry: ConfigEntry, subentry: ConfigSubentry, ip: str, mac: str) -> None:
        """Remember what identifies the gateway, and its new address if it does not answer at the old one."""
        data = dict(subentry.data) | {CONF_MAC: mac}
        if _may_move(data[CONF_HOST], ip) and not await _still_answers(entry, subentry):
            data[CONF_HOST] = ip
        if data[CONF_HOST] != subentry.data[CONF_HOST] or CONF_MAC not in subentry.data:
            self.hass.config_entries.async_update_subentry(entry, subentry, data=data)

    def _homes_with_powerwall(self) -> list[ConfigEntry]:
        entries = self._async_current_entries(include_ignore=False)
        return [entry for entry in entries if entry.get_subentries_of_type(SUBENTRY_POWERWALL)]

    def _homes_without(self) -> list[ConfigEntry]:
        entries = self._async_current_entries(include_ignore=False)
        return [entry for entry in entries if not entry.get_subentries_of_type(SUBENTRY_POWERWALL)]

    def _target_name(self) -> str:
        homes = self._homes_without()
        return homes[0].title if homes else str(home_defaults(self.hass)[CONF_NAME])


def _is_same(subentry: ConfigSubentry, ip: str, mac: str, serial: str | None) -> bool:
    data = subentry.data
    if data[CONF_PATH] != PATH_GATEWAY:
        return False
    if serial is not None and data.get(CONF_SERIAL) is not None:
        return bool(data[CONF_SERIAL] == serial)
    return mac == data.get(CONF_MAC) or ip == data[CONF_HOST].partition(":")[0]


def _may_move(host: str, ip: str) -> bool:
    """Say whether *host* is an address that *ip* may replace: not a name, a chosen port or the access point's own."""
    if host in (ip, ACCESS_POINT):
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


async def _still_answers(entry: ConfigEntry, subentry: ConfigSubentry) -> bool:
    """Ask at the old address: a gateway may have several, and then it is no use to change between them."""
    if entry.state is not ConfigEntryState.LOADED:
        return False
    source = entry.runtime_data.sources.get(subentry.subentry_id)
    if source is None:
        return False
    await source.async_refresh()
    return bool(source.last_update_success)


def _beside_own_fields(errors: Mapping[str, str]) -> dict[str, str]:
    """Show the failure beside this form's fields: it has one password and no address."""
    return {CONF_PASSWORD if key == "wrong_password" else "base": key for key in errors.values()}
