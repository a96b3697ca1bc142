"""Nothing that opens anything leaves: not into logs, however talkative, nor states, addresses, repairs, diagnostics."""

import json
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer import diagnostics
from custom_components.energy_optimizer.control import confirm
from tests.cloud_ways import PRIVATE_KEY, fleet_way, owner_way, teslemetry_way
from tests.homes import HOME_DATA, home, powerwall, set_up
from tests.servers.gateway import CUSTOMER_PASSWORD, DIN, GatewayServer
from tests.servers.tesla_cloud import TeslaCloud

PRIVATE = "".join(PRIVATE_KEY.splitlines()[1:-1])


def gateway_way(server: GatewayServer) -> dict[str, Any]:
    return {
        "path": "gateway",
        "host": server.host,
        "auth": "customer",
        "customer_password": CUSTOMER_PASSWORD,
        "serial": DIN,
        "mac": "b0:b2:1c:00:00:01",
    }


def secrets_of(cloud: TeslaCloud, hass_storage: dict[str, Any]) -> dict[str, str]:
    """Name everything that would let someone in: what was set up, what was given since and what is on its way."""
    found = {
        "client secret": "fleet-secret",
        "password": CUSTOMER_PASSWORD,
        "Teslemetry's token": cloud.teslemetry_token,
        "private key": PRIVATE[40:100],
    }
    found |= {f"refresh token {number}": token for number, token in enumerate(cloud.oauth.refresh)}
    found |= {f"access token {number}": token for number, token in enumerate(cloud.oauth.access)}
    kept = [file for key, file in hass_storage.items() if "tesla_tokens" in key]
    assert kept, "tokens are kept"
    return found


def _time_passes(freezer: FrozenDateTimeFactory) -> Callable[[float], Awaitable[None]]:
    async def sleep(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))

    return sleep


async def live(
    hass: HomeAssistant,
    gateway: GatewayServer,
    cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> MockConfigEntry:
    """Let a home with all ways live through what can happen to them."""
    monkeypatch.setattr(confirm.asyncio, "sleep", _time_passes(freezer))
    cloud.site.gateway_id = DIN
    ways = [gateway_way(gateway), fleet_way(cloud), teslemetry_way(cloud), owner_way(cloud)]
    entry = await set_up(hass, home(powerwall(*ways)))
    (source,) = entry.runtime_data.sources.values()

    async def poll(times: int = 2) -> None:
        for _ in range(times):
            freezer.tick(timedelta(minutes=11))
            await source.async_refresh()
            await hass.async_block_till_done()

    gateway.stop()
    await poll()
    cloud.fault(cloud.path_of("live_status"), 500)
    await poll()
    cloud.heal()
    cloud.oauth.expire_access()
    await poll()
    await hass.services.async_call("switch", "turn_off", {"entity_id": "switch.powerwall_storm_watch"}, blocking=True)
    cloud.oauth.revoke_consent()
    await poll()
    return entry


async def test_no_secret_is_told_to_anyone(
    hass: HomeAssistant,
    gateway: GatewayServer,
    tesla_cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith(("tesla", "pypowerwall", "requests", "urllib3", "oauthlib", "aiohttp", "custom_components")):
            caplog.set_level(logging.DEBUG, name)
    asked: dict[str, str] = {}
    revoke = tesla_cloud.oauth.revoke_consent

    def remember_and_revoke() -> None:
        asked.update(secrets_of(tesla_cloud, hass_storage))
        revoke()

    tesla_cloud.oauth.revoke_consent = remember_and_revoke  # type: ignore[method-assign] # as a user's click does
    entry = await live(hass, gateway, tesla_cloud, freezer, monkeypatch)
    secrets = asked | secrets_of(tesla_cloud, hass_storage)
    assert len(secrets) > 8

    records = [each for each in caplog.records if not each.name.startswith("pytest")]  # it prints what it stores
    told = {
        "logs": "\n".join(record.getMessage() + str(record.exc_text or "") for record in records),
        "states": json.dumps([state.as_dict() for state in hass.states.async_all()], default=str),
        "devices": json.dumps([device.dict_repr for device in dr.async_get(hass).devices], default=str),
        "repairs": str(list(ir.async_get(hass).issues.values())),
        "dialogs": str(hass.config_entries.flow.async_progress()),
        "diagnostics": json.dumps(await diagnostics.async_get_config_entry_diagnostics(hass, entry), default=str),
    }
    assert "oauth2/v3/token" in told["logs"] or "urllib3" in {record.name.split(".")[0] for record in records}
    leaks = [f"{what} in {where}" for what, secret in secrets.items() for where, text in told.items() if secret in text]
    assert not leaks
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_diagnostics_name_no_person_place_or_device(
    hass: HomeAssistant,
    gateway: GatewayServer,
    tesla_cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = await live(hass, gateway, tesla_cloud, freezer, monkeypatch)
    told = await diagnostics.async_get_config_entry_diagnostics(hass, entry)
    ids = {
        "host": gateway.host,
        "server": tesla_cloud.host,
        "site": str(tesla_cloud.site.site_id),
        "serial": DIN,
        "mac": "b0:b2:1c:00:00:01",
        "domain": "me.example.org",
        "email": "me@example.org",
        "latitude": str(HOME_DATA["latitude"]),
        "name of the site": tesla_cloud.site.name,
        "application": "fleet-app",
    }
    text = json.dumps(told, default=str)
    assert not [what for what, value in ids.items() if value in text]
    (source,) = told["sources"]
    assert set(source["settings"]["ways"]) == {"gateway", "fleet", "teslemetry", "owner"}
    assert source["state"]["ways"]["gateway"] == "unreachable"
    assert source["state"]["calls_this_month"]["fleet"] > 0
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
