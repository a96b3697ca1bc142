"""A gateway that no longer accepts its password."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState, ConfigFlowResult, ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import issue_registry
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer import sources
from custom_components.energy_optimizer.api.powerwall.v1r_key import V1rKey
from custom_components.energy_optimizer.flows import reauth_gateway
from custom_components.energy_optimizer.flows.reauth_base import abort_reauth
from tests.homes import by_ways, home, powerwall, set_up, settings_of
from tests.servers.gateway import CUSTOMER_PASSWORD, DIN, GATEWAY_PASSWORD, GatewayServer
from tests.servers.gateway_tedapi import KeyState

SENSOR = "sensor.powerwall_home_power"


def login(server: GatewayServer, **changes: Any) -> dict[str, Any]:
    return {
        "path": "gateway",
        "host": server.host,
        "auth": "customer",
        "customer_password": CUSTOMER_PASSWORD,
        "serial": DIN,
        "mac": "b0:b2:1c:00:00:01",
        "writable": ["backup_reserve_percent"],
        "shown": ["grid_status"],
    } | changes


@pytest.fixture
async def changed_password(hass: HomeAssistant, gateway: GatewayServer) -> AsyncIterator[MockConfigEntry]:
    """A home whose gateway has got another password since it was set up."""
    gateway.state.customer_password = "NEWPW"
    entry = await set_up(hass, home(powerwall(login(gateway))))
    yield entry
    if hass.config_entries.async_get_entry(entry.entry_id):
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


def dialogs(hass: HomeAssistant) -> list[ConfigFlowResult]:
    return [flow for flow in hass.config_entries.flow.async_progress() if flow["context"]["source"] == SOURCE_REAUTH]


def repairs(hass: HomeAssistant) -> list[str]:
    return [issue_id for _, issue_id in issue_registry.async_get(hass).issues if "reauth" in issue_id]


def only_subentry(entry: MockConfigEntry) -> ConfigSubentry:
    (subentry,) = entry.subentries.values()
    return subentry


async def test_a_refused_password_opens_one_dialog_and_a_good_one_closes_it(
    hass: HomeAssistant, gateway: GatewayServer, changed_password: MockConfigEntry
) -> None:
    entry = changed_password
    assert entry.state is ConfigEntryState.LOADED
    (dialog,) = dialogs(hass)
    assert dialog["step_id"] == "reauth_gateway"
    assert dialog["context"]["title_placeholders"] == {"name": "Powerwall"}
    assert gateway.bad_logins == 1

    result = await hass.config_entries.flow.async_configure(dialog["flow_id"], None)
    assert result["description_placeholders"]["name"] == "Powerwall"
    assert [str(field) for field in result["data_schema"].schema] == ["customer_password"]
    result = await hass.config_entries.flow.async_configure(dialog["flow_id"], {"customer_password": "STILLBAD"})
    assert result["errors"] == {"customer_password": "wrong_password"}

    before = only_subentry(entry)
    result = await hass.config_entries.flow.async_configure(dialog["flow_id"], {"customer_password": "NEWPW"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reauth_successful")
    await hass.async_block_till_done()
    after = only_subentry(entry)
    assert after.subentry_id == before.subentry_id
    stored = settings_of(after)
    assert stored["customer_password"] == "NEWPW"
    assert (stored["mac"], stored["serial"], stored["host"]) == ("b0:b2:1c:00:00:01", DIN, gateway.host)
    assert float(hass.states.get(SENSOR).state) == pytest.approx(1.35)  # type: ignore[union-attr] # fails as it should
    assert not dialogs(hass)


async def test_another_gateway_at_the_address_is_not_taken(
    hass: HomeAssistant, gateway: GatewayServer, changed_password: MockConfigEntry
) -> None:
    gateway.state.din = "1232100-00-E--TG0000000000T9"
    (dialog,) = dialogs(hass)
    result = await hass.config_entries.flow.async_configure(dialog["flow_id"], {"customer_password": "NEWPW"})
    assert result["errors"] == {"base": "other_gateway"}
    assert settings_of(only_subentry(changed_password))["customer_password"] == CUSTOMER_PASSWORD


async def test_a_gateway_that_is_away_leaves_the_dialog_open(
    hass: HomeAssistant, gateway: GatewayServer, changed_password: MockConfigEntry
) -> None:
    (dialog,) = dialogs(hass)
    gateway.stop()
    result = await hass.config_entries.flow.async_configure(dialog["flow_id"], {"customer_password": "NEWPW"})
    assert result["errors"] == {"base": "cannot_connect"}


async def test_a_powerwall_that_was_removed_meanwhile(
    hass: HomeAssistant, gateway: GatewayServer, changed_password: MockConfigEntry
) -> None:
    (dialog,) = dialogs(hass)
    subentry_id = only_subentry(changed_password).subentry_id
    hass.config_entries.async_remove_subentry(changed_password, subentry_id)
    result = await hass.config_entries.flow.async_configure(dialog["flow_id"], {"customer_password": "NEWPW"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "source_gone")


async def test_a_dialog_goes_when_its_powerwall_goes(
    hass: HomeAssistant, gateway: GatewayServer, changed_password: MockConfigEntry
) -> None:
    assert dialogs(hass)
    assert repairs(hass)
    hass.config_entries.async_remove_subentry(changed_password, only_subentry(changed_password).subentry_id)
    await hass.async_block_till_done()
    assert not dialogs(hass)
    assert not repairs(hass)


async def test_a_dialog_goes_when_it_is_cured_elsewhere(
    hass: HomeAssistant, gateway: GatewayServer, changed_password: MockConfigEntry
) -> None:
    cured = by_ways(settings_of(only_subentry(changed_password)) | {"path": "gateway", "customer_password": "NEWPW"})
    hass.config_entries.async_update_subentry(changed_password, only_subentry(changed_password), data=cured)
    await hass.async_block_till_done()
    assert not dialogs(hass)
    assert not repairs(hass)


async def test_a_dialog_goes_when_the_old_password_is_accepted_again(
    hass: HomeAssistant, gateway: GatewayServer, changed_password: MockConfigEntry
) -> None:
    assert len(dialogs(hass)) == len(repairs(hass)) == 1
    gateway.state.customer_password = CUSTOMER_PASSWORD
    (source,) = changed_password.runtime_data.sources.values()
    source.path._refusal = None  # five minutes later
    await source.async_refresh()
    await hass.async_block_till_done()
    assert source.last_update_success
    assert not dialogs(hass)
    assert not repairs(hass)


async def test_only_the_dialog_of_that_powerwall_is_closed(
    hass: HomeAssistant, gateway: GatewayServer, changed_password: MockConfigEntry
) -> None:
    abort_reauth(hass, changed_password, "of another")
    assert len(dialogs(hass)) == 1
    abort_reauth(hass, changed_password, only_subentry(changed_password).subentry_id)
    assert not dialogs(hass)
    assert not repairs(hass)
    abort_reauth(hass, changed_password, only_subentry(changed_password).subentry_id)


@pytest.mark.parametrize("happening", ["removed", "moved", "other login", "home removed"])
async def test_what_happens_during_the_trial_is_kept(
    hass: HomeAssistant,
    gateway: GatewayServer,
    changed_password: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    happening: str,
) -> None:
    entry, before = changed_password, only_subentry(changed_password)
    monkeypatch.setattr(sources, "abort_reauth", lambda *_: None)  # the dialog outlives the change, if only a moment
    real = reauth_gateway.try_gateway

    async def lengthened(*args: Any) -> Any:
        trial = await real(*args)
        match happening:
            case "removed":
                hass.config_entries.async_remove_subentry(entry, before.subentry_id)
            case "moved":
                changes = {"host": "127.0.0.9", "email": "me@x.org"}
                data = by_ways(settings_of(before) | {"path": "gateway"} | changes)
                hass.config_entries.async_update_subentry(entry, before, data=data)
            case "other login":
                changes = {"auth": "wifi", "gateway_password": "MINE"}
                data = by_ways(settings_of(before) | {"path": "gateway"} | changes)
                hass.config_entries.async_update_subentry(entry, before, data=data)
            case _:
                await hass.config_entries.async_remove(entry.entry_id)
        return trial

    monkeypatch.setattr(reauth_gateway, "try_gateway", lengthened)
    (dialog,) = dialogs(hass)
    result = await hass.config_entries.flow.async_configure(dialog["flow_id"], {"customer_password": "NEWPW"})
    match happening:
        case "moved":
            assert result["reason"] == "reauth_successful"
            data = settings_of(only_subentry(entry))
            assert (data["host"], data["email"], data["customer_password"]) == ("127.0.0.9", "me@x.org", "NEWPW")
        case "other login":
            assert [str(field) for field in result["data_schema"].schema] == ["gateway_password"]
            assert settings_of(only_subentry(entry))["gateway_password"] == "MINE"
            assert settings_of(only_subentry(entry))["customer_password"] == CUSTOMER_PASSWORD
        case _:
            assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "source_gone")


async def test_a_key_may_be_replaced_or_kept(hass: HomeAssistant, gateway: GatewayServer) -> None:
    key = await hass.async_add_executor_job(V1rKey.generate)
    data = login(gateway, auth="key", key_pem=key.pem)
    entry = await set_up(hass, home(powerwall(data)))
    (dialog,) = dialogs(hass)
    flow_id = dialog["flow_id"]
    result = await hass.config_entries.flow.async_configure(flow_id, {"key_pem": "nonsense"})
    assert result["errors"] == {"key_pem": "not_a_key"}
    result = await hass.config_entries.flow.async_configure(flow_id, {})
    assert result["errors"] == {"base": "key_unknown"}
    gateway.state.keys.states[key.public_der] = KeyState.VERIFIED
    result = await hass.config_entries.flow.async_configure(flow_id, {})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert settings_of(only_subentry(entry))["key_pem"] == key.pem
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


@pytest.mark.parametrize(
    ("auth", "fields"),
    [("wifi", ["gateway_password"]), ("both", ["customer_password", "gateway_password"])],
)
async def test_only_the_secrets_of_that_login_are_asked_for(
    hass: HomeAssistant, gateway: GatewayServer, auth: str, fields: list[str]
) -> None:
    data = login(gateway, auth=auth, customer_password="BAD", gateway_password="BAD")
    entry = await set_up(hass, home(powerwall(data)))
    (dialog,) = dialogs(hass)
    result = await hass.config_entries.flow.async_configure(dialog["flow_id"], None)
    assert [str(field) for field in result["data_schema"].schema] == fields
    typed = {"customer_password": CUSTOMER_PASSWORD, "gateway_password": GATEWAY_PASSWORD}
    result = await hass.config_entries.flow.async_configure(
        dialog["flow_id"], {field: typed[field] for field in fields}
    )
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
