"""A home whose Powerwall is reached through a gateway that comes and goes."""

import logging
from pathlib import Path
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.homes import home, powerwall, set_up
from tests.servers.gateway import CUSTOMER_PASSWORD, DIN, GatewayServer

SENSOR = "sensor.powerwall_home_power"


def data(server: GatewayServer) -> dict[str, Any]:
    return {
        "path": "gateway",
        "host": server.host,
        "auth": "customer",
        "customer_password": CUSTOMER_PASSWORD,
        "serial": DIN,
        "writable": ["backup_reserve_percent", "operation_mode"],
        "shown": ["grid_status", "backup_reserve_percent", "operation_mode"],
    }


async def poll(hass: HomeAssistant, entry: MockConfigEntry) -> str:
    """Let the Powerwall be asked once and return what its sensor shows."""
    (source,) = entry.runtime_data.sources.values()
    await source.async_refresh()
    await hass.async_block_till_done()
    state = hass.states.get(SENSOR)
    assert state is not None
    return state.state


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    ours = [record for record in caplog.records if record.name.startswith(("custom_components", "pypowerwall"))]
    return [record.getMessage() for record in ours if record.levelno >= logging.INFO]


async def test_an_unplugged_gateway_is_seen_once_and_so_is_its_return(
    hass: HomeAssistant, gateway: GatewayServer, caplog: pytest.LogCaptureFixture
) -> None:
    entry = await set_up(hass, home(powerwall(data(gateway))))
    assert await poll(hass, entry) == "1.35"
    caplog.clear()
    gateway.stop()
    assert [await poll(hass, entry) for _ in range(4)] == ["unavailable"] * 4
    assert len(lines(caplog)) == 1
    gateway.end_sessions()
    gateway.start()
    assert [await poll(hass, entry) for _ in range(2)] == ["1.35", "1.35"]
    assert len(lines(caplog)) == 2
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_a_gateway_that_is_dead_at_the_start_does_not_hold_up_the_home(
    hass: HomeAssistant, gateway: GatewayServer
) -> None:
    gateway.stop()
    entry = await set_up(hass, home(powerwall(data(gateway))))
    assert entry.state is ConfigEntryState.LOADED
    assert await poll(hass, entry) == "unavailable"
    gateway.start()
    assert await poll(hass, entry) == "1.35"
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_removal_leaves_no_file_behind(hass: HomeAssistant, gateway: GatewayServer) -> None:
    entry = await set_up(hass, home(powerwall(data(gateway))))
    (subentry_id,) = entry.subentries
    folder = Path(hass.config.path(".storage", "energy_optimizer", subentry_id))
    assert await hass.async_add_executor_job(folder.is_dir)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not await hass.async_add_executor_job(folder.exists)
