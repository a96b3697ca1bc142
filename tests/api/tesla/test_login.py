"""Logins whose end is pasted: the address, and every way in which what is pasted can be wrong."""

import logging
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.util import dt as dt_util
from tesla_fleet_api.const import SERVERS

from custom_components.energy_optimizer.api.errors import (
    CoolingDownError,
    NonsenseError,
    NotPermittedError,
    RefusedError,
    SourceError,
    UnreachableError,
)
from custom_components.energy_optimizer.api.powerwall.cloud_settings import REGIONS, FleetApp
from custom_components.energy_optimizer.api.powerwall.fleet import FleetVisit, _is_trusted
from custom_components.energy_optimizer.api.powerwall.owner import OwnerVisit
from custom_components.energy_optimizer.api.powerwall.teslemetry import TeslemetryVisit
from custom_components.energy_optimizer.api.tesla.fleet_auth import FleetAddresses
from custom_components.energy_optimizer.api.tesla.grant import Grant
from custom_components.energy_optimizer.api.tesla.login import LoginError, LoginFault
from tests.api.powerwall.cloud_paths import fleet_app
from tests.servers.tesla_cloud import TeslaCloud
from tests.servers.tesla_site import DIN

type Visit = FleetVisit | OwnerVisit


@pytest.fixture(params=["fleet", "owner"])
async def visit(request: pytest.FixtureRequest, hass: HomeAssistant, tesla_cloud: TeslaCloud) -> Visit:
    return _visit(request.param, hass, tesla_cloud)


def _visit(way: str, hass: HomeAssistant, cloud: TeslaCloud) -> Visit:
    if way == "fleet":
        return FleetVisit(fleet_app(cloud), session=async_get_clientsession(hass), now=dt_util.utcnow)
    return OwnerVisit(server=cloud.base, email=None, run=hass.async_add_executor_job, now=dt_util.utcnow)


async def test_a_login_leads_to_the_site(visit: Visit, tesla_cloud: TeslaCloud) -> None:
    await visit.log_in(f"  {tesla_cloud.oauth.user_logs_in(visit.login_address)}\n")
    (site,) = await visit.probe_sites()
    assert (site.site_id, site.gateway_serial) == (str(tesla_cloud.site.site_id), DIN)
    assert site.capacity_kwh == 27.0
    settings = await visit.settings_for(site)
    assert settings.serial == DIN
    assert "storm_mode" in settings.writable
    assert {"operation_mode", "energy_left_kwh", "firmware"} <= settings.shown
    assert settings.has_solar
    assert settings.refresh_token in tesla_cloud.oauth.refresh
    assert type(settings).from_data(settings.to_data()) == settings


async def test_nothing_of_a_login_is_logged(
    visit: Visit, tesla_cloud: TeslaCloud, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pasted = tesla_cloud.oauth.user_logs_in(visit.login_address)
    await visit.log_in(pasted)
    await visit.probe_sites()
    said = caplog.text
    verifier = visit._request.verifier
    for secret in (pasted, parse_qs(urlsplit(pasted).query)["code"][0], verifier, "fleet-secret"):
        assert secret not in said
    assert not [token for token in (*tesla_cloud.oauth.access, *tesla_cloud.oauth.refresh) if token in said]


async def test_addresses_carry_secrets_of_their_own(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    queries = [parse_qs(urlsplit(_visit("fleet", hass, tesla_cloud).login_address).query) for _ in range(2)]
    assert queries[0]["state"] != queries[1]["state"]
    assert queries[0]["code_challenge"] != queries[1]["code_challenge"]
    assert set(queries[0]["scope"][0].split()) >= {"offline_access", "energy_device_data", "energy_cmds"}
    assert "fleet-secret" not in str(queries)


@pytest.mark.parametrize(
    ("pasted", "fault"),
    [
        ("", LoginFault.NOT_AN_ADDRESS),
        ("my password", LoginFault.NOT_AN_ADDRESS),
        ("https://[", LoginFault.NOT_AN_ADDRESS),
        ("https://auth.tesla.com/void/callback", LoginFault.NOT_AN_ADDRESS),
        ("https://home.example/callback?code=NA_1&state=another", LoginFault.WRONG_STATE),
        ("https://home.example/callback?code=NA_1", LoginFault.WRONG_STATE),
        ("https://home.example/callback?error=access_denied&state=é", LoginFault.WRONG_STATE),
    ],
)
async def test_what_is_pasted_is_looked_at_before_it_is_used(
    visit: Visit, tesla_cloud: TeslaCloud, pasted: str, fault: LoginFault
) -> None:
    with pytest.raises(LoginError) as caught:
        await visit.log_in(pasted)
    assert caught.value.key is fault
    assert tesla_cloud.requests == []


async def test_a_login_that_was_denied(visit: Visit, tesla_cloud: TeslaCloud) -> None:
    with pytest.raises(LoginError) as caught:
        await visit.log_in(tesla_cloud.oauth.user_logs_in(visit.login_address, deny=True))
    assert caught.value.key is LoginFault.DENIED


async def test_a_code_is_good_once(visit: Visit, tesla_cloud: TeslaCloud) -> None:
    pasted = tesla_cloud.oauth.user_logs_in(visit.login_address)
    await visit.log_in(pasted)
    with pytest.raises(LoginError) as caught:
        await visit.log_in(pasted)
    assert caught.value.key is LoginFault.CODE_EXPIRED


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (429, CoolingDownError),
        (503, UnreachableError),
        ("lost", UnreachableError),
        ("half_body", UnreachableError),
        ("html", NonsenseError),
        ("nonsense", NonsenseError),
    ],
)
async def test_a_login_server_in_trouble_is_no_refusal(
    visit: Visit, tesla_cloud: TeslaCloud, kind: int | str, expected: type[SourceError]
) -> None:
    tesla_cloud.fault("/oauth2/v3/token", kind, 1)
    with pytest.raises(expected) as caught:
        await visit.log_in(tesla_cloud.oauth.user_logs_in(visit.login_address))
    assert not isinstance(caught.value, RefusedError)
    await visit.log_in(tesla_cloud.oauth.user_logs_in(visit.login_address))
    assert len(await visit.probe_sites()) == 1


async def test_an_application_with_a_wrong_secret(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    app = fleet_app(tesla_cloud, client_secret="wrong")
    visit = FleetVisit(app, session=async_get_clientsession(hass), now=dt_util.utcnow)
    with pytest.raises(LoginError) as caught:
        await visit.log_in(tesla_cloud.oauth.user_logs_in(visit.login_address))
    assert caught.value.key is LoginFault.APP_REFUSED


async def test_a_permission_that_was_not_ticked_is_named(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.oauth.granted = ("openid", "offline_access")
    visit = _visit("fleet", hass, tesla_cloud)
    await visit.log_in(tesla_cloud.oauth.user_logs_in(visit.login_address))
    with pytest.raises(NotPermittedError, match="energy_device_data"):
        await visit.probe_sites()


async def test_without_the_permission_to_command_it_only_reads(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.oauth.granted = ("openid", "offline_access", "energy_device_data")
    visit = _visit("fleet", hass, tesla_cloud)
    await visit.log_in(tesla_cloud.oauth.user_logs_in(visit.login_address))
    (site,) = await visit.probe_sites()
    settings = await visit.settings_for(site)
    assert settings.writable == frozenset()
    assert "operation_mode" in settings.shown


async def test_nothing_is_asked_without_a_login(visit: Visit) -> None:
    with pytest.raises(RefusedError):
        await visit.probe_sites()


def _teslemetry(hass: HomeAssistant, cloud: TeslaCloud, token: str) -> TeslemetryVisit:
    return TeslemetryVisit(token, server=cloud.base + "/", session=async_get_clientsession(hass), now=dt_util.utcnow)


async def test_teslemetry_needs_its_token_alone(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    visit = _teslemetry(hass, tesla_cloud, f" {tesla_cloud.teslemetry_token} ")
    (site,) = await visit.probe_sites()
    settings = await visit.settings_for(site)
    assert settings.token == tesla_cloud.teslemetry_token
    assert settings.server == tesla_cloud.base
    assert "backup_reserve_percent" in settings.writable
    with pytest.raises(RefusedError):
        await _teslemetry(hass, tesla_cloud, "wrong").probe_sites()


async def test_what_teslemetry_does_not_include_is_named(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    visit = _teslemetry(hass, tesla_cloud, tesla_cloud.teslemetry_token)
    tesla_cloud.teslemetry_access = False
    with pytest.raises(NotPermittedError, match="does not include"):
        await visit.probe_sites()
    tesla_cloud.teslemetry_scopes = ("openid",)
    with pytest.raises(NotPermittedError, match="energy_device_data"):
        await visit.probe_sites()
    tesla_cloud.subscribed = False
    with pytest.raises(NotPermittedError, match="subscription"):
        await visit.probe_sites()


async def test_an_account_of_another_region_is_found_at_the_login(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.region = "eu"
    visit = _visit("fleet", hass, tesla_cloud)
    await visit.log_in(tesla_cloud.oauth.user_logs_in(visit.login_address))
    (site,) = await visit.probe_sites()
    assert (await visit.settings_for(site)).serial == DIN


async def test_a_region_that_nobody_tells_is_not_guessed(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.region = "eu"
    tesla_cloud.fault("/api/1/users/region", 421)
    visit = _visit("fleet", hass, tesla_cloud)
    await visit.log_in(tesla_cloud.oauth.user_logs_in(visit.login_address))
    with pytest.raises(NotPermittedError, match="region"):
        await visit.probe_sites()


@pytest.mark.parametrize(
    ("told", "asked_first", "trusted"),
    [
        ("https://fleet-api.prd.eu.vn.cloud.tesla.com", SERVERS["na"], True),
        ("https://fleet-api.prd.cn.vn.cloud.tesla.cn", SERVERS["na"], True),
        ("http://fleet-api.prd.eu.vn.cloud.tesla.com", SERVERS["na"], False),
        ("https://tesla.com.thief.example", SERVERS["na"], False),
        ("https://nottesla.com", SERVERS["na"], False),
        ("", SERVERS["na"], False),
        ("http://127.0.0.1:8000/eu", "http://127.0.0.1:8000", True),
        ("http://127.0.0.1:8001/eu", "http://127.0.0.1:8000", False),
        (SERVERS["eu"], "http://127.0.0.1:8000", False),
    ],
)
def test_our_token_goes_to_teslas_own_servers_only(told: str, asked_first: str, *, trusted: bool) -> None:
    assert _is_trusted(told, asked_first) is trusted


async def test_a_login_that_does_not_last_is_not_kept(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    tesla_cloud.oauth.granted = ("openid", "energy_device_data")
    visit = _visit("fleet", hass, tesla_cloud)
    await visit.log_in(tesla_cloud.oauth.user_logs_in(visit.login_address))
    (site,) = await visit.probe_sites()
    with pytest.raises(NotPermittedError, match="offline_access"):
        await visit.settings_for(site)


def test_each_region_has_addresses_of_its_own() -> None:
    app = FleetApp(client_id="a", client_secret="b", domain="home.example", private_key_pem="c")
    addresses = {region: FleetAddresses.of(replace(app, region=region)) for region in REGIONS}
    assert {each.api for each in addresses.values()} == set(SERVERS.values())
    assert addresses["na"].authorize == addresses["eu"].authorize == "https://auth.tesla.com/oauth2/v3/authorize"
    assert addresses["cn"].authorize == "https://auth.tesla.cn/oauth2/v3/authorize"
    assert addresses["cn"].token == "https://auth.tesla.cn/oauth2/v3/token"
    assert addresses["eu"].token == "https://fleet-auth.prd.vn.cloud.tesla.com/oauth2/v3/token"
    assert app.redirect_uri == "https://home.example/callback"


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.e30.c", "a.W10.c"])
def test_a_token_that_does_not_tell_its_permissions(token: str) -> None:
    now = dt_util.utcnow()
    grant = Grant.of({"access_token": token, "expires_in": "soon"}, now)
    assert grant.scopes is None
    assert grant.refresh_token is None
    assert grant.expires_at > now
    assert token not in repr(grant)


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": 7}])
def test_an_answer_without_token(answer: dict[str, object]) -> None:
    with pytest.raises(NonsenseError):
        Grant.of(answer, dt_util.utcnow())
