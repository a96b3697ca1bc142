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
from ..api.powerwall.ways import identity_of, is_same_powerwall, ordered_ways, set_up_way, way_settings
from ..const import PATH_GATEWAY, SUBENTRY_POWERWALL
from .gateway_trial import (
    CONF_AUTH,
    CONF_MAC,
    CONF_SERIAL,
    PASSWORD,
    SECRETS,
    gateway_data,
    try_gateway,
    try_login,
    with_findings,
)
from .home import home_data, home_defaults
from .powerwall_base import DEFAULT_NAME

CONF_HOME = "home"
CONF_PASSWORD = "password"  # noqa: S105 - a field's name
LOGINS = (GatewayAuth.CUSTOMER, GatewayAuth.WIFI)


class DiscoverySteps(ConfigFlow):
    """Follows a known gateway to its new address; offers an unknown one, also to a Powerwall reached by cloud."""

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
                found = with_findings(data, trial.probe)
                if not self._is_another(found, user_input):
                    return await self._add(found, user_input)
                errors = {"base": "other_powerwall"}
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
        homes = self._homes_open()
        self._offered = tuple(entry.entry_id for entry in homes)
        if len(homes) > 1:
            options = [SelectOptionDict(value=entry.entry_id, label=entry.title) for entry in homes]
            fields[probatio.Required(CONF_HOME)] = SelectSelector(
                SelectSelectorConfig(options=options, mode=SelectSelectorMode.LIST)
            )
        if not homes or any(_powerwall_of(entry) is None for entry in homes):
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
        if self._homes_with_powerwall() and not self._homes_open():
            raise AbortFlow("every_home_has_powerwall")

    def _home_errors(self, user_input: Mapping[str, Any]) -> dict[str, str]:
        """Say if the home that the form named cannot be given the Powerwall any more, or none was and now there is."""
        present = {entry.entry_id for entry in self._homes_open()}
        chosen = self._chosen(user_input)
        fits = not present if chosen is None else chosen in present
        return {} if fits else {"base": "homes_changed"}

    def _chosen(self, user_input: Mapping[str, Any]) -> str | None:
        chosen: str | None = user_input.get(CONF_HOME, next(iter(self._offered), None))
        return chosen

    def _is_another(self, settings: Mapping[str, Any], user_input: Mapping[str, Any]) -> bool:
        """Say whether the home that was chosen has a Powerwall, and the gateway does not prove to be that one's."""
        entry_id = self._chosen(user_input)
        present = _powerwall_of(self.hass.config_entries.async_get_known_entry(entry_id)) if entry_id else None
        return present is not None and not is_same_powerwall(present.data, PATH_GATEWAY, settings)

    async def _add(self, settings: dict[str, Any], user_input: dict[str, Any]) -> ConfigFlowResult:
        """Add the Powerwall to its home, and the home before it where there is none; or this way to the Powerwall."""
        if (entry_id := self._chosen(user_input)) is not None:
            entry = self.hass.config_entries.async_get_known_entry(entry_id)
            if (present := _powerwall_of(entry)) is not None:
                data = set_up_way(present.data, PATH_GATEWAY, settings)
                self.hass.config_entries.async_update_subentry(entry, present, data=data, unique_id=identity_of(data))
                return self.async_abort(reason="way_added", description_placeholders={"name": present.title})
        data = set_up_way({}, PATH_GATEWAY, settings)
        unique_id = identity_of(data)
        title = user_input.get(CONF_NAME, "").strip() or DEFAULT_NAME
        if any(
            subentry.unique_id == unique_id
            for entry in self._homes_with_powerwall()
            for subentry in entry.subentries.values()
        ):
            return self.async_abort(reason="already_configured")
        if entry_id is not None:
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
        host = way_settings(subentry.data, PATH_GATEWAY)[CONF_HOST]
        moved = _may_move(host, ip) and not await _still_answers(self.hass, entry, subentry)
        present = entry.subentries.get(subentry.subentry_id)
        settings = way_settings(present.data, PATH_GATEWAY) if present is not None else {}
        if present is None or settings.get(CONF_HOST) != host or entry not in self._async_current_entries():
            return  # Whoever changed or removed it meanwhile knew better.
        if moved or CONF_MAC not in settings:
            changes = {CONF_HOST: ip if moved else host, CONF_MAC: mac}
            data = set_up_way(present.data, PATH_GATEWAY, {**settings, **changes})
            self.hass.config_entries.async_update_subentry(entry, present, data=data)

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

    def _homes_open(self) -> list[ConfigEntry]:
        """Return the homes without a Powerwall, and those whose Powerwall may be this one, reached otherwise so far."""
        entries = self._async_current_entries(include_ignore=False)
        serial = din_in(self._found.hostname.upper())
        verdicts = {entry.entry_id: _may_belong(_powerwall_of(entry), serial) for entry in entries}
        proven = [entry for entry in entries if verdicts[entry.entry_id]]
        return proven or [entry for entry in entries if verdicts[entry.entry_id] is None]

    def _target_name(self) -> str:
        homes = self._homes_open()
        return homes[0].title if homes else str(home_defaults(self.hass)[CONF_NAME])


def _powerwall_of(entry: ConfigEntry) -> ConfigSubentry | None:
    return next(iter(entry.get_subentries_of_type(SUBENTRY_POWERWALL)), None)


def _may_belong(powerwall: ConfigSubentry | None, serial: str | None) -> bool | None:
    """Say whether a gateway with *serial* is the *powerwall*'s; ``None`` where its password must be known to tell."""
    if powerwall is None:
        return None
    if PATH_GATEWAY in ordered_ways(powerwall.data):
        return False
    if not any(way_settings(powerwall.data, way).get(CONF_SERIAL) for way in ordered_ways(powerwall.data)):
        return False
    return is_same_powerwall(powerwall.data, PATH_GATEWAY, {CONF_SERIAL: serial})


def _is_same(subentry: ConfigSubentry, ip: str, mac: str, serial: str | None) -> bool:
    data = way_settings(subentry.data, PATH_GATEWAY)
    if not data:
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
    # While Home Assistant starts, gateways are seen before their homes are set up. Beside other ways, one that does
    # not answer may not be asked for a while.
    if source is None or ordered_ways(subentry.data) != (PATH_GATEWAY,):
        return not (await try_login(hass, way_settings(subentry.data, PATH_GATEWAY))).errors
    await source.async_refresh()
    return bool(source.last_update_success)


def _beside_own_fields(errors: Mapping[str, str]) -> dict[str, str]:
    """Show the failure beside this form's fields: it has one password and no address."""
    return {CONF_PASSWORD if key == "wrong_password" else "base": key for key in errors.values()}
