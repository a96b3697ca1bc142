"""Adding a Powerwall by Fleet API, Teslemetry and Owner API, with the real libraries against loopback."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER, ConfigSubentry, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.api.tesla.partner import make_partner_key, public_key_pem
from tests.homes import home, set_up, settings_of
from tests.servers.tesla_cloud import TeslaCloud
from tests.servers.tesla_site import DIN

SENSOR = "sensor.powerwall_home_power"


@pytest.fixture
async def entry(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> AsyncIterator[MockConfigEntry]:
    """A home without a Powerwall."""
    entry = await set_up(hass, home())
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def step(hass: HomeAssistant, result: SubentryFlowResult, user_input: dict[str, Any]) -> SubentryFlowResult:
    return await hass.config_entries.subentries.async_configure(result["flow_id"], user_input)


async def way_form(hass: HomeAssistant, entry: MockConfigEntry, way: str) -> SubentryFlowResult:
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "powerwall"), context={"source": SOURCE_USER}
    )
    return await step(hass, result, {"next_step_id": way})


def only_subentry(entry: MockConfigEntry) -> ConfigSubentry:
    (subentry,) = entry.subentries.values()
    return subentry


def advanced(cloud: TeslaCloud, **more: str) -> dict[str, Any]:
    return {"advanced": {"server": f"{cloud.base}/", **more}}


def suggested(result: SubentryFlowResult) -> dict[str, Any]:
    return {str(key): key.description["suggested_value"] for key in result["data_schema"].schema if key.description}


async def fleet_key_form(
    hass: HomeAssistant, entry: MockConfigEntry, cloud: TeslaCloud, **more: str
) -> SubentryFlowResult:
    form = await way_form(hass, entry, "fleet")
    assert form["step_id"] == "fleet_domain"
    result = await step(hass, form, {"domain": "https://Me.Example.org/page", **advanced(cloud, **more)})
    assert result["step_id"] == "fleet_key"
    return result


async def fleet_login_form(hass: HomeAssistant, entry: MockConfigEntry, cloud: TeslaCloud) -> SubentryFlowResult:
    """Open the dialog as far as the login, with a key that is hosted."""
    result = await fleet_key_form(hass, entry, cloud)
    cloud.hosted_key = result["description_placeholders"]["public_key"]
    result = await step(hass, result, {"check": True})
    assert (result["step_id"], result["errors"]) == ("fleet_app", {})
    result = await step(hass, result, {"client_id": "fleet-app", "client_secret": "fleet-secret", "region": "na"})
    assert (result["step_id"], result["errors"]) == ("fleet_login", {})
    return result


async def logged_in(hass: HomeAssistant, cloud: TeslaCloud, result: SubentryFlowResult) -> SubentryFlowResult:
    pasted = cloud.oauth.user_logs_in(result["description_placeholders"]["login_url"])
    return await step(hass, result, {"redirect": pasted})


async def test_fleet_api_from_nothing_to_a_reading(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud
) -> None:
    result = await fleet_key_form(hass, entry, tesla_cloud)
    shown = result["description_placeholders"]
    assert shown["address"] == "https://me.example.org/.well-known/appspecific/com.tesla.3p.public-key.pem"
    assert shown["public_key"].startswith("-----BEGIN PUBLIC KEY-----")

    result = await fleet_login_form(hass, entry, tesla_cloud)
    assert tesla_cloud.partner_domains == {"me.example.org"}
    result = await logged_in(hass, tesla_cloud, result)
    assert result["step_id"] == "fleet_site"
    assert "Loopback cloud home" in result["description_placeholders"]["sites"]
    result = await step(hass, result, {"name": " "})
    assert result["errors"] == {"name": "name_empty"}
    result = await step(hass, result, {"name": "Powerwall"})
    assert result["step_id"] == "fleet_budget"
    assert suggested(result) == {"budget_usd": 10.0}
    result = await step(hass, result, {"budget_usd": 100})
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "fleet_confirm")
    estimate = result["description_placeholders"]
    assert estimate["budget"] == "100"
    assert 80 < float(estimate["cost"]) <= 100
    assert estimate["interval"].startswith("1 min")
    result = await step(hass, result, {"next_step_id": "fleet_budget"})
    result = await step(hass, result, {"budget_usd": 10})
    assert float(result["description_placeholders"]["cost"]) <= 10
    result = await step(hass, result, {"next_step_id": "fleet_save"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()

    subentry = only_subentry(entry)
    assert subentry.unique_id == DIN
    assert list(subentry.data["ways"]) == ["fleet"]
    stored = settings_of(subentry, "fleet")
    assert (stored["domain"], stored["region"], stored["server"]) == ("me.example.org", "na", tesla_cloud.base)
    assert (stored["site_id"], stored["budget_usd"]) == (str(tesla_cloud.site.site_id), 10.0)
    assert public_key_pem(stored["private_key_pem"]) == tesla_cloud.hosted_key
    assert stored["writable"] == [
        "backup_reserve_percent", "export_rule", "grid_charging", "operation_mode", "storm_mode"
    ]  # fmt: skip
    assert hass.states.get(SENSOR).state == "1.5"
    assert hass.states.get("switch.powerwall_storm_watch").state == "on"
    assert float(hass.states.get("sensor.powerwall_cloud_cost_this_month").state) > 0
    assert int(hass.states.get("sensor.powerwall_cloud_calls_this_month").state) >= 2


async def test_a_key_that_is_not_hosted_is_said_and_may_be_passed_over(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud
) -> None:
    result = await fleet_key_form(hass, entry, tesla_cloud)
    result = await step(hass, result, {"check": True})
    assert result["errors"] == {"base": "key_not_hosted"}
    tesla_cloud.hosted_key = public_key_pem(make_partner_key())
    result = await step(hass, result, {"check": True})
    assert result["errors"] == {"base": "key_not_hosted"}
    tesla_cloud.hosted_key = None
    result = await step(hass, result, {"check": False})
    assert result["step_id"] == "fleet_app"
    app = {"client_id": "fleet-app", "client_secret": "wrong", "region": "na"}
    result = await step(hass, result, app)
    assert result["errors"] == {"client_secret": "login_app_refused"}
    result = await step(hass, result, app | {"client_secret": "fleet-secret"})
    assert result["step_id"] == "fleet_app", "Tesla looks for the key too"
    assert result["errors"] == {"base": "cloud_not_permitted"}
    tesla_cloud.stop()
    result = await step(hass, result, app)
    assert result["errors"] == {"base": "cloud_unreachable"}


async def test_a_domain_that_is_away(hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud) -> None:
    result = await fleet_key_form(hass, entry, tesla_cloud)
    tesla_cloud.stop()
    result = await step(hass, result, {"check": True})
    assert result["errors"] == {"base": "domain_unreachable"}
    assert result["description_placeholders"]["domain"] == "me.example.org"


async def test_a_key_of_ones_own_is_used(hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud) -> None:
    form = await way_form(hass, entry, "fleet")
    result = await step(hass, form, {"domain": "x.org", **advanced(tesla_cloud, private_key_pem="nonsense")})
    assert result["errors"] == {"advanced": "not_a_partner_key"}
    key = make_partner_key()
    result = await step(hass, result, {"domain": "x.org", **advanced(tesla_cloud, private_key_pem=key)})
    assert result["description_placeholders"]["public_key"] == public_key_pem(key)


@pytest.mark.parametrize(
    ("domain", "server", "errors"),
    [
        ("localhost", "", {"domain": "not_a_domain"}),
        ("192.168.1.2", "", {"domain": "not_a_domain"}),
        ("my domain.org", "", {"domain": "not_a_domain"}),
        ("me.org:8080", "", {"domain": "not_a_domain"}),
        ("me.org", "http://192.168.1.2", {"advanced": "server_not_safe"}),
        ("me.org", "https://user:pw@host", {"advanced": "server_not_safe"}),
    ],
)
async def test_where_no_key_can_be_hosted_or_no_secret_be_sent(
    hass: HomeAssistant, entry: MockConfigEntry, domain: str, server: str, errors: dict[str, str]
) -> None:
    form = await way_form(hass, entry, "fleet")
    typed: dict[str, Any] = {"domain": domain, "advanced": {"server": server} if server else {}}
    assert (await step(hass, form, typed))["errors"] == errors


@pytest.mark.parametrize("way", ["fleet", "owner"])
async def test_each_fault_of_a_login_has_its_words(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, way: str
) -> None:
    if way == "fleet":
        result = await fleet_login_form(hass, entry, tesla_cloud)
    else:
        result = await step(hass, await way_form(hass, entry, "owner"), advanced(tesla_cloud))
    address = result["description_placeholders"]["login_url"]
    good = tesla_cloud.oauth.user_logs_in(address)
    denied = tesla_cloud.oauth.user_logs_in(address, deny=True)
    for pasted, error in (
        ("hello", "login_not_an_address"),
        ("https://me.example.org/callback", "login_not_an_address"),
        (good.partition("state=")[0] + "state=other", "login_wrong_state"),
        (denied, "login_denied"),
    ):
        result = await step(hass, result, {"redirect": pasted})
        assert result["errors"] == {"redirect": error}, pasted
        assert result["description_placeholders"]["login_url"] == address, "the login page stays good"
    tesla_cloud.oauth._codes.clear()
    result = await step(hass, result, {"redirect": good})
    assert result["errors"] == {"redirect": "login_code_expired"}
    result = await logged_in(hass, tesla_cloud, result)
    assert result["step_id"] == f"{way}_site"


async def test_a_permission_that_was_not_granted_is_named(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud
) -> None:
    result = await fleet_login_form(hass, entry, tesla_cloud)
    tesla_cloud.oauth.granted = ("openid", "offline_access", "user_data")
    result = await logged_in(hass, tesla_cloud, result)
    assert result["errors"] == {"base": "cloud_not_permitted"}
    assert "energy_device_data" in result["description_placeholders"]["detail"]


async def test_the_owner_api(hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud) -> None:
    form = await way_form(hass, entry, "owner")
    result = await step(hass, form, {"advanced": {"server": "http://10.0.0.1"}})
    assert result["errors"] == {"advanced": "server_not_safe"}
    result = await step(hass, result, {"email": "me@example.org", **advanced(tesla_cloud)})
    assert result["step_id"] == "owner_login"
    result = await logged_in(hass, tesla_cloud, result)
    assert result["step_id"] == "owner_site"
    result = await step(hass, result, {"name": "Powerwall"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    stored = settings_of(only_subentry(entry), "owner")
    assert (stored["email"], stored["site_id"]) == ("me@example.org", str(tesla_cloud.site.site_id))
    assert hass.states.get(SENSOR).state == "1.5"
    assert hass.states.get("sensor.powerwall_cloud_cost_this_month") is None


async def test_teslemetry(hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud) -> None:
    form = await way_form(hass, entry, "teslemetry")
    result = await step(hass, form, {"token": "wrong", **advanced(tesla_cloud)})
    assert result["errors"] == {"token": "token_refused"}
    tesla_cloud.subscribed = False
    result = await step(hass, result, {"token": tesla_cloud.teslemetry_token, **advanced(tesla_cloud)})
    assert result["errors"] == {"base": "cloud_not_permitted"}
    tesla_cloud.subscribed = True
    tesla_cloud.others.append(other_site(tesla_cloud))
    result = await step(hass, result, {"token": tesla_cloud.teslemetry_token, **advanced(tesla_cloud)})
    assert result["step_id"] == "teslemetry_site"
    result = await step(hass, result, {"name": "Powerwall", "site": str(tesla_cloud.site.site_id)})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    stored = settings_of(only_subentry(entry), "teslemetry")
    assert (stored["token"], stored["serial"]) == (tesla_cloud.teslemetry_token, DIN)
    assert hass.states.get(SENSOR).state == "1.5"


def other_site(cloud: TeslaCloud) -> dict[str, Any]:
    return cloud.site.product() | {"energy_site_id": 5, "site_name": "Cabin", "gateway_id": "1152100-00-E--OTHER"}


@pytest.mark.parametrize("kind", [500, "html", "nonsense", "half_body", 429])
async def test_a_cloud_that_does_not_answer_as_it_should(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, kind: str | int
) -> None:
    form = await way_form(hass, entry, "teslemetry")
    tesla_cloud.fault("/api/metadata", kind)
    token = {"token": tesla_cloud.teslemetry_token, **advanced(tesla_cloud)}
    result = await step(hass, form, token)
    expected = {429: "cloud_cooling_down", "html": "cloud_nonsense", "nonsense": "cloud_nonsense"}
    assert result["errors"]["base"] in {expected.get(kind, "cloud_unreachable"), "cloud_nonsense"}
    tesla_cloud.heal()
    assert (await step(hass, result, token))["step_id"] == "teslemetry_site"


async def test_an_account_without_a_powerwall(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(tesla_cloud.site), "product", lambda _: {"vehicle_id": 2})
    form = await way_form(hass, entry, "teslemetry")
    result = await step(hass, form, {"token": tesla_cloud.teslemetry_token, **advanced(tesla_cloud)})
    assert result["errors"] == {"base": "no_sites"}
