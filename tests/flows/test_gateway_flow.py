"""Adding and changing a Powerwall reached through its gateway, with a real gateway on loopback."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigSubentry, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.api.powerwall.v1r_key import TeslaAddresses, V1rKey
from custom_components.energy_optimizer.flows.powerwall import PowerwallSubentryFlow
from tests.homes import home, set_up, settings_of
from tests.servers.gateway import CUSTOMER_PASSWORD, DIN, GATEWAY_PASSWORD, Firmware, GatewayServer
from tests.servers.gateway_tedapi import KeyState
from tests.servers.owner_api import SITE, OwnerApiServer
from tests.servers.tls import trusting_context

LOGIN = "/api/login/Basic"


@pytest.fixture
async def entry(hass: HomeAssistant, gateway: GatewayServer) -> AsyncIterator[MockConfigEntry]:
    """A home without a Powerwall."""
    entry = await set_up(hass, home())
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


@pytest.fixture
def loopback_tesla(tesla: OwnerApiServer, monkeypatch: pytest.MonkeyPatch) -> OwnerApiServer:
    addresses = TeslaAddresses(auth=tesla.base, owner=tesla.base, tls=trusting_context())
    monkeypatch.setattr(PowerwallSubentryFlow, "tesla", addresses)
    return tesla


async def step(hass: HomeAssistant, result: SubentryFlowResult, user_input: dict[str, Any]) -> SubentryFlowResult:
    return await hass.config_entries.subentries.async_configure(result["flow_id"], user_input)


async def login_form(hass: HomeAssistant, entry: MockConfigEntry, login: str) -> SubentryFlowResult:
    """Open the dialog as far as the form of *login*."""
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "powerwall"), context={"source": SOURCE_USER}
    )
    result = await step(hass, result, {"next_step_id": "gateway"})
    assert result["type"] is FlowResultType.MENU
    return await step(hass, result, {"next_step_id": login})


def customer(server: GatewayServer, **changes: str) -> dict[str, str]:
    return {"name": "Powerwall", "host": server.host, "customer_password": CUSTOMER_PASSWORD} | changes


def only_subentry(entry: MockConfigEntry) -> ConfigSubentry:
    (subentry,) = entry.subentries.values()
    return subentry


async def test_the_customers_password(hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer) -> None:
    form = await login_form(hass, entry, "gateway_customer")
    result = await step(hass, form, customer(gateway, host=f"https://{gateway.host}/summary"))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    subentry = only_subentry(entry)
    assert subentry.unique_id == DIN
    assert list(subentry.data["ways"]) == ["gateway"]
    stored = settings_of(subentry)
    assert stored["host"] == gateway.host
    assert stored["auth"] == "customer"
    assert stored["serial"] == DIN
    assert stored["writable"] == ["backup_reserve_percent", "operation_mode"]
    assert "capacity_kwh" in stored["shown"]
    assert "gateway_password" not in stored
    assert float(hass.states.get("sensor.powerwall_home_power").state) == pytest.approx(1.35)  # type: ignore[union-attr] # fails as it should


async def test_a_login_that_may_only_look_is_saved_with_a_word(
    hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer
) -> None:
    gateway.state.firmware = Firmware.NEW
    result = await step(hass, await login_form(hass, entry, "gateway_customer"), customer(gateway))
    assert result["step_id"] == "gateway_read_only"
    assert result["description_placeholders"] == {"name": "Powerwall", "host": gateway.host}
    assert not entry.subentries
    result = await step(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert settings_of(only_subentry(entry))["writable"] == []
    await hass.async_block_till_done()


async def test_a_powerwall_3_with_the_customers_password(
    hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer
) -> None:
    gateway.state.firmware = Firmware.POWERWALL_3
    result = await step(hass, await login_form(hass, entry, "gateway_customer"), customer(gateway))
    assert result["step_id"] == "gateway_read_only"
    await step(hass, result, {})
    await hass.async_block_till_done()
    assert settings_of(only_subentry(entry))["shown"] == ["grid_status"]


@pytest.mark.parametrize(
    ("login", "secrets", "step_after"),
    [
        ("gateway_wifi", {"gateway_password": GATEWAY_PASSWORD}, "gateway_read_only"),
        (
            "gateway_both",
            {"customer_password": CUSTOMER_PASSWORD, "gateway_password": GATEWAY_PASSWORD, "email": "a@b.cd"},
            None,
        ),
    ],
)
async def test_other_passwords(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    login: str,
    secrets: dict[str, str],
    step_after: str | None,
) -> None:
    form = await login_form(hass, entry, login)
    result = await step(hass, form, {"name": "Powerwall", "host": gateway.host} | secrets)
    assert result.get("step_id") == step_after
    if step_after:
        result = await step(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    data = settings_of(only_subentry(entry))
    assert secrets.items() <= data.items()


@pytest.mark.parametrize(
    ("path", "kind", "errors"),
    [
        (LOGIN, 401, {"customer_password": "wrong_password"}),
        (LOGIN, "html", {"host": "not_a_gateway"}),
        (LOGIN, "nonsense", {"host": "not_a_gateway"}),
        (LOGIN, 404, {"host": "not_a_gateway"}),
        (LOGIN, 429, {"base": "cooling_down"}),
        (LOGIN, 502, {"host": "cannot_connect"}),
        ("/api/meters/aggregates", 403, {"base": "not_permitted"}),
        ("/api/meters/aggregates", "all_zero", {"host": "not_a_gateway"}),
    ],
)
async def test_each_failure_has_its_own_words(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    path: str,
    kind: str | int,
    errors: dict[str, str],
) -> None:
    form = await login_form(hass, entry, "gateway_customer")
    gateway.fault(path, kind)
    result = await step(hass, form, customer(gateway))
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    gateway.heal()
    result = await step(hass, result, customer(gateway))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def test_nobody_there(hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer) -> None:
    form = await login_form(hass, entry, "gateway_customer")
    gateway.stop()
    result = await step(hass, form, customer(gateway))
    assert result["errors"] == {"host": "cannot_connect"}
    gateway.tls = False
    gateway.start()
    result = await step(hass, result, customer(gateway))
    assert result["errors"] == {"host": "certificate"}
    assert result["description_placeholders"]["detail"]


async def test_a_bundle_of_certificates_in_the_environment(
    hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/ssl/certs/ca-certificates.crt")
    form = await login_form(hass, entry, "gateway_wifi")
    result = await step(hass, form, {"name": "Powerwall", "host": gateway.host, "gateway_password": GATEWAY_PASSWORD})
    assert result["errors"] == {"host": "certificate"}
    assert "REQUESTS_CA_BUNDLE" in result["description_placeholders"]["detail"]


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"name": "  "}, {"name": "name_empty"}),
        ({"host": "my gateway"}, {"host": "not_a_host"}),
        ({"host": "fe80::1"}, {"host": "not_a_host"}),
        ({"host": "http:/1.2.3.4"}, {"host": "not_a_host"}),
        ({"host": "", "name": ""}, {"host": "not_a_host", "name": "name_empty"}),
    ],
)
async def test_what_makes_no_sense_is_not_tried(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    changes: dict[str, str],
    errors: dict[str, str],
) -> None:
    form = await login_form(hass, entry, "gateway_customer")
    result = await step(hass, form, customer(gateway, **changes))
    assert result["errors"] == errors
    assert not gateway.requests


async def test_a_changed_address_keeps_the_password(
    hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer
) -> None:
    await step(hass, await login_form(hass, entry, "gateway_customer"), customer(gateway))
    await hass.async_block_till_done()
    subentry = only_subentry(entry)
    gateway.stop()
    gateway.port = 0
    gateway.start()
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "powerwall"),
        context={"source": SOURCE_RECONFIGURE, "subentry_id": subentry.subentry_id},
    )
    result = await step(hass, result, {"next_step_id": "gateway"})
    result = await step(hass, result, {"next_step_id": "gateway_customer"})
    assert result["type"] is FlowResultType.FORM
    result = await step(hass, result, {"name": "Battery", "host": gateway.host})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await hass.async_block_till_done()
    changed = only_subentry(entry)
    assert changed.title == "Battery"
    assert settings_of(changed)["host"] == gateway.host
    assert settings_of(changed)["customer_password"] == CUSTOMER_PASSWORD
    assert changed.unique_id == DIN


async def test_an_email_address_is_taken_back(
    hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer
) -> None:
    await step(hass, await login_form(hass, entry, "gateway_customer"), customer(gateway, email="me@x.org"))
    await hass.async_block_till_done()
    assert settings_of(only_subentry(entry))["email"] == "me@x.org"
    for typed in ({"email": "you@x.org"}, {}):
        result = await entry.start_subentry_reconfigure_flow(hass, only_subentry(entry).subentry_id)
        for option in ("gateway", "gateway_customer"):
            result = await step(hass, result, {"next_step_id": option})
        result = await step(hass, result, {"name": "Powerwall", "host": gateway.host} | typed)
        assert result["reason"] == "reconfigure_successful"
        await hass.async_block_till_done()
        assert settings_of(only_subentry(entry)).get("email") == typed.get("email")


async def key_login_form(hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer) -> SubentryFlowResult:
    gateway.state.firmware = Firmware.POWERWALL_3
    result = await step(hass, await login_form(hass, entry, "gateway_key_new"), customer(gateway))
    assert result["step_id"] == "gateway_key_login"
    return result


async def test_a_new_key_is_registered_and_used(
    hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer, loopback_tesla: OwnerApiServer
) -> None:
    result = await key_login_form(hass, entry, gateway)
    pasted = loopback_tesla.user_logs_in(result["description_placeholders"]["login_url"])
    result = await step(hass, result, {"redirect": pasted})
    assert (result["step_id"], result["errors"]) == ("gateway_key_confirm", {})
    assert list(gateway.state.keys.states.values()) == [KeyState.PENDING]

    result = await step(hass, result, {})
    assert (result["step_id"], result["errors"]) == ("gateway_key_confirm", {"base": "key_pending"})

    gateway.state.keys.set_all(KeyState.TIMED_OUT)
    result = await step(hass, result, {})
    assert result["step_id"] == "gateway_key_timed_out"
    result = await step(hass, result, {})
    assert result["step_id"] == "gateway_key_confirm"
    assert list(gateway.state.keys.states.values()) == [KeyState.PENDING]

    gateway.state.keys.set_all(KeyState.REMOVED)
    result = await step(hass, result, {})
    assert result["step_id"] == "gateway_key_removed"
    result = await step(hass, result, {})
    assert result["step_id"] == "gateway_key_confirm"

    gateway.state.keys.set_all(KeyState.VERIFIED)
    result = await step(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    data = settings_of(only_subentry(entry))
    assert data["auth"] == "key"
    assert V1rKey.load(data["key_pem"]).public_der in gateway.state.keys.states
    assert data["writable"] == ["backup_reserve_percent", "export_rule", "grid_charging", "operation_mode"]
    assert not any(str(value).startswith("eyJ") for value in data.values())


async def test_the_site_is_chosen_among_several(
    hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer, loopback_tesla: OwnerApiServer
) -> None:
    loopback_tesla.products.append({"energy_site_id": 2, "site_name": "Cabin", "gateway_id": "other"})
    result = await key_login_form(hass, entry, gateway)
    pasted = loopback_tesla.user_logs_in(result["description_placeholders"]["login_url"])
    result = await step(hass, result, {"redirect": pasted})
    assert result["step_id"] == "gateway_key_site"
    result = await step(hass, result, {"site": str(SITE["energy_site_id"])})
    assert result["step_id"] == "gateway_key_confirm"
    assert result["description_placeholders"]["site"] == "Loopback home"


async def test_what_can_go_wrong_at_tesla(
    hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer, loopback_tesla: OwnerApiServer
) -> None:
    result = await key_login_form(hass, entry, gateway)
    result = await step(hass, result, {"redirect": "tesla://auth/callback?state=other"})
    assert result["errors"] == {"redirect": "tesla_refused"}

    login_url = result["description_placeholders"]["login_url"]
    products, loopback_tesla.products = loopback_tesla.products, []
    result = await step(hass, result, {"redirect": loopback_tesla.user_logs_in(login_url)})
    assert result["errors"] == {"base": "no_sites"}
    loopback_tesla.products = products

    command = f"/api/1/energy_sites/{SITE['energy_site_id']}/command"
    loopback_tesla.fault(command, 403)
    result = await step(hass, result, {"redirect": loopback_tesla.user_logs_in(login_url)})
    assert (result["step_id"], result["errors"]) == ("gateway_key_confirm", {"base": "tesla_not_permitted"})
    loopback_tesla.heal()
    result = await step(hass, result, {})
    assert (result["step_id"], result["errors"]) == ("gateway_key_confirm", {})
    assert list(gateway.state.keys.states.values()) == [KeyState.PENDING]

    loopback_tesla.stop()
    result = await step(hass, result, {})
    assert result["errors"] == {"base": "tesla_unreachable"}


async def test_a_wrong_password_is_found_before_tesla_comes_in(
    hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer
) -> None:
    form = await login_form(hass, entry, "gateway_key_new")
    result = await step(hass, form, customer(gateway, customer_password="WRONG"))
    assert result["errors"] == {"customer_password": "wrong_password"}


async def test_the_gateway_is_still_starting_after_the_switch(
    hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer, loopback_tesla: OwnerApiServer
) -> None:
    result = await key_login_form(hass, entry, gateway)
    pasted = loopback_tesla.user_logs_in(result["description_placeholders"]["login_url"])
    result = await step(hass, result, {"redirect": pasted})
    gateway.state.keys.set_all(KeyState.VERIFIED)
    gateway.stop()
    result = await step(hass, result, {})
    assert (result["step_id"], result["errors"]) == ("gateway_key_confirm", {"base": "cannot_connect"})
    gateway.start()
    result = await step(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


async def test_a_key_of_ones_own(hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer) -> None:
    key = await hass.async_add_executor_job(V1rKey.generate)
    form = await login_form(hass, entry, "gateway_key")
    result = await step(hass, form, customer(gateway, key_pem="not a key"))
    assert result["errors"] == {"key_pem": "not_a_key"}
    result = await step(hass, result, customer(gateway, key_pem=key.pem))
    assert result["errors"] == {"base": "key_unknown"}
    gateway.state.keys.states[key.public_der] = KeyState.PENDING
    result = await step(hass, result, customer(gateway, key_pem=key.pem))
    assert result["errors"] == {"base": "key_pending"}
    gateway.state.keys.states[key.public_der] = KeyState.VERIFIED
    result = await step(hass, result, customer(gateway, key_pem=key.pem))
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
