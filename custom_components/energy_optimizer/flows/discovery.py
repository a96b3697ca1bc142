"""A gateway that showed up on the network."""

from collections.abc import Mapping
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any
from uuid import uuid4

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
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import AbortFlow
from homeassistant.helpers.device_registry import format_mac
from homeassistant.helpers.selector import (
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
from homeassistant.helpers.service_info.dhcp import DhcpServiceInfo

from ..api.powerwall.gateway_knock import din_in
from ..api.powerwall.gateway_settings import ACCESS_POINT, GatewayAuth
from ..const import CONF_PATH, PATH_GATEWAY, SUBENTRY_POWERWALL
from .gateway_trial import (
    CONF_AUTH,
    CONF_MAC,
    CONF_SERIAL,
    PASSWORD,
    SECRETS,
    gateway_data,
    try_gateway,
    try_login,
    unique_id_of,
    with_findings,
)
from .home import home_data, home_defaults
from .powerwall_base import DEFAULT_NAME

CONF_HOME = "home"
CONF_PASSWORD = "password"  # noqa: S105 - a field's name
LOGINS = (GatewayAuth.CUSTOMER, GatewayAuth.WIFI)


class DiscoverySteps(ConfigFlow):
    """Follows a known gateway to its new address and offers an unknown one."""

    _found: DhcpServiceInfo
    _offered: tuple[str, ...] = ()
    """The homes that the form shown last could add the Powerwall to; none where a home is to be made."""

    async def async_step_dhcp(self, discovery_info: DhcpServiceInfo) -> ConfigFlowResult:
        """Take in a gateway that asked for an address."""
        mac = format_mac(discovery_info.macaddress)
        self._found = discovery_info
        await self.async_set_unique_id(mac)
        self._abort_if_unique_id_configured()
        if (known := self._known()) is not None:
            await self._follow(*known, discovery_info.ip, mac)
            return self.async_abort(reason="already_configured")
        name = din_in(discovery_info.hostname.upper()) or discovery_info.hostname
        self.context["title_placeholders"] = {"name": f"{DEFAULT_NAME} {name} ({discovery_info.ip})"}
        return await self.async_step_discovered()

    async def async_step_discovered(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask to which home the gateway belongs and for its password."""
        self._abort_if_in_vain()
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None and not (errors := self._home_errors(user_input)):
            auth = GatewayAuth(user_input[CONF_AUTH])
            secrets = dict.fromkeys(SECRETS[auth], user_input[CONF_PASSWORD])
            places = {CONF_HOST: self._found.ip, CONF_MAC: format_mac(self._found.macaddress)}
            data = gateway_data(self.hass, auth, places | secrets, {})
            trial = await try_gateway(self.hass, data)
            self._abort_if_in_vain()
            errors, detail = _beside_own_fields(trial.errors or {}), trial.detail
            errors = errors or self._home_errors(user_input)
            if trial.probe is not None and not errors:
                return await self._add(with_findings(data, trial.probe), user_input)
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
        self._offered = tuple(entry.entry_id for entry in homes)
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

    def _abort_if_in_vain(self) -> None:
        """End the dialog if, while it waited, the gateway was set up by hand or the homes were all given another."""
        if self._known() is not None:
            raise AbortFlow("already_configured")
        if self._homes_with_powerwall() and not self._homes_without():
            raise AbortFlow("every_home_has_powerwall")

    def _home_errors(self, user_input: Mapping[str, Any]) -> dict[str, str]:
        """Say if the home that the form named cannot be given the Powerwall any more, or none was and now there is."""
        present = {entry.entry_id for entry in self._homes_without()}
        chosen = self._chosen(user_input)
        fits = not present if chosen is None else chosen in present
        return {} if fits else {"base": "homes_changed"}

    def _chosen(self, user_input: Mapping[str, Any]) -> str | None:
        chosen: str | None = user_input.get(CONF_HOME, next(iter(self._offered), None))
        return chosen

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
        if (entry_id := self._chosen(user_input)) is not None:
            entry = self.hass.config_entries.async_get_known_entry(entry_id)
            subentry = ConfigSubentry(
                data=MappingProxyType(data), subentry_type=SUBENTRY_POWERWALL, title=title, unique_id=unique_id
            )
            self.hass.config_entries.async_add_subentry(entry, subentry)
            return self.async_abort(reason="powerwall_added", description_placeholders={"home": entry.title})
        home = home_defaults(self.hass)
        await self.async_set_unique_id(uuid4().hex)
        subentry_data = ConfigSubentryData(
            data=data, subentry_type=SUBENTRY_POWERWALL, title=title, unique_id=unique_id
        )
        return self.async_create_entry(title=home[CONF_NAME], data=home_data(home), subentries=[subentry_data])

    async def _follow(self, entry: ConfigEntry, subentry: ConfigSubentry, ip: str, mac: str) -> None:
        """Remember what identifies the gateway, and its new address if it does not answer at the old one."""
        host = subentry.data[CONF_HOST]
        moved = _may_move(host, ip) and not await _still_answers(self.hass, entry, subentry)
        present = entry.subentries.get(subentry.subentry_id)
        if present is None or present.data.get(CONF_HOST) != host or entry not in self._async_current_entries():
            return  # Whoever changed or removed it meanwhile knew better.
        if moved or CONF_MAC not in present.data:
            changes = {CONF_HOST: ip if moved else host, CONF_MAC: mac}
            self.hass.config_entries.async_update_subentry(entry, present, data=dict(present.data) | changes)

    def _known(self) -> tuple[ConfigEntry, ConfigSubentry] | None:
        """Return the gateway that was found if it is part of a home already, and that home."""
        mac, serial = format_mac(self._found.macaddress), din_in(self._found.hostname.upper())
        for entry in self._async_current_entries(include_ignore=False):
            for subentry in entry.get_subentries_of_type(SUBENTRY_POWERWALL):
                if _is_same(subentry, self._found.ip, mac, serial):
                    return entry, subentry
        return None

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


async def _still_answers(hass: HomeAssistant, entry: ConfigEntry, subentry: ConfigSubentry) -> bool:
    """Ask at the old address: a gateway may have several, and then it is no use to change between them."""
    loaded = entry.state is ConfigEntryState.LOADED
    source = entry.runtime_data.sources.get(subentry.subentry_id) if loaded else None
    if source is None:  # while Home Assistant starts, gateways are seen before their homes are set up
        return not (await try_login(hass, subentry.data)).errors
    await source.async_refresh()
    return bool(source.last_update_success)


def _beside_own_fields(errors: Mapping[str, str]) -> dict[str, str]:
    """Show the failure beside this form's fields: it has one password and no address."""
    return {CONF_PASSWORD if key == "wrong_password" else "base": key for key in errors.values()}
