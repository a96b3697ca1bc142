"""A source that is unloaded or removed while a slow server still owes it an answer."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.storage import Store

from custom_components.energy_optimizer.const import DOMAIN
from tests.amber_homes import amber_home, settings
from tests.cloud_ways import fleet_way, owner_way, teslemetry_way
from tests.homes import home, powerwall, set_up
from tests.servers.amber import AmberServer
from tests.servers.tesla_cloud import TeslaCloud

WAYS: dict[str, Callable[..., dict[str, Any]]] = {
    "fleet": fleet_way,
    "teslemetry": teslemetry_way,
    "owner": owner_way,
}


def delays(hass: HomeAssistant) -> list[str]:
    """Name our files that are still to be written."""
    waiting = [handle for handle in getattr(hass.loop, "_scheduled", []) if not handle.cancelled()]
    owners = [getattr(getattr(handle, "_callback", None), "__self__", None) for handle in waiting]
    return [owner.key for owner in owners if isinstance(owner, Store) and owner.key.startswith(DOMAIN)]


@pytest.mark.parametrize("endpoint", ["live_status", "site_info", "token"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("ending", ["async_unload", "async_remove"])
async def test_a_cloud_way(
    hass: HomeAssistant,
    tesla_cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    way: str,
    ending: str,
    endpoint: str,
) -> None:
    entry = await set_up(hass, home(powerwall(WAYS[way](tesla_cloud))))
    (source,) = entry.runtime_data.sources.values()
    tesla_cloud.late_s = 0.3
    path = "/oauth2/v3/token" if endpoint == "token" else tesla_cloud.path_of(endpoint)
    tesla_cloud.fault(path, "late")
    freezer.tick(timedelta(hours=9))
    asking = hass.async_create_background_task(source.async_refresh(), "ask")
    await hass.async_add_executor_job(time.sleep, 0.1)  # the loop's own time is frozen
    await getattr(hass.config_entries, ending)(entry.entry_id)
    await hass.async_block_till_done()
    kept = dict(hass_storage)
    await asking
    await hass.async_block_till_done()
    assert delays(hass) == []
    assert not hass.config_entries.flow.async_progress()
    if ending == "async_remove":
        assert [key for key in hass_storage if key.startswith(f"{DOMAIN}.")] == []
    else:
        assert kept.keys() == hass_storage.keys()


@pytest.mark.parametrize("ending", ["async_unload", "async_remove"])
async def test_an_amber_tariff(
    hass: HomeAssistant,
    amber: AmberServer,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    ending: str,
) -> None:
    entry = await set_up(hass, amber_home(settings(amber)))
    (source,) = entry.runtime_data.sources.values()
    original = source.feed.refresh
    answer = asyncio.Event()

    async def slowly(now: Any) -> None:
        await answer.wait()
        await original(now)

    source.feed.refresh = slowly
    asking = hass.async_create_background_task(source._refresh_feed(), "ask")
    await asyncio.sleep(0)
    await getattr(hass.config_entries, ending)(entry.entry_id)
    await hass.async_block_till_done()
    answer.set()
    await asking
    await hass.async_block_till_done()
    assert delays(hass) == []
    if ending == "async_remove":
        assert [key for key in hass_storage if key.startswith(f"{DOMAIN}.")] == []
