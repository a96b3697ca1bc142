"""What planning keeps over a restart."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.energy_optimizer.storage.planning import PlanningStore, StoredPlanning
from tests.homes import BATTERY_ENTITIES, home, powerwall, set_up, show_battery

KEY = "energy_optimizer.planning.pw"
FULL = StoredPlanning(
    settings={"reserve_percent": 20.0, "optimizes": True},
    forecasts={"waiting": [], "days": []},
    solar_foretold={"first": 5, "values": [1.0, None]},
    prices_foretold={"import": {}, "export": {}},
    temperatures={"entity": "weather.home", "hours": {}},
)


def stored(data: Any) -> dict[str, Any]:
    return {"version": 1, "minor_version": 1, "key": KEY, "data": data}


async def test_what_is_kept_comes_back(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    assert await PlanningStore(hass, "pw").async_begin() == StoredPlanning()
    await PlanningStore(hass, "pw").async_keep(FULL)
    assert KEY in hass_storage
    assert await PlanningStore(hass, "pw").async_begin() == FULL
    assert await PlanningStore(hass, "other").async_begin() == StoredPlanning()


async def test_books_are_written_seldom_and_with_what_they_then_hold(
    hass: HomeAssistant, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory
) -> None:
    store = PlanningStore(hass, "pw")
    rounds: list[int] = []

    def content() -> StoredPlanning:
        return StoredPlanning(settings={"rounds": len(rounds)})

    async def five_minutes_later() -> None:
        freezer.tick(timedelta(minutes=5, seconds=1))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()

    for number in range(5):
        rounds.append(number)
        store.async_keep_soon(content)
        await five_minutes_later()
    assert KEY not in hass_storage
    await five_minutes_later()
    assert hass_storage[KEY]["data"]["settings"] == {"rounds": 5}


@pytest.mark.parametrize("data", [None, [1, 2], "text", {"settings": 7, "forecasts": [1]}])
async def test_a_damaged_file_begins_anew(hass: HomeAssistant, hass_storage: dict[str, Any], data: Any) -> None:
    hass_storage[KEY] = stored(data)
    store = PlanningStore(hass, "pw")
    assert await store.async_begin() == StoredPlanning()
    await store.async_keep(FULL)
    assert await PlanningStore(hass, "pw").async_begin() == FULL


async def test_a_newer_file_is_left_alone(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    hass_storage[KEY] = stored({"settings": {"risk": 1}}) | {"version": 99}
    store = PlanningStore(hass, "pw")
    assert await store.async_begin() == StoredPlanning()
    await store.async_keep(FULL)
    assert hass_storage[KEY]["version"] == 99


async def test_a_damaged_part_does_not_take_the_others_along(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    hass_storage[KEY] = stored({"settings": {"risk": 0.5}, "forecasts": "?"})
    assert await PlanningStore(hass, "pw").async_begin() == StoredPlanning(settings={"risk": 0.5})


async def test_the_file_goes_with_its_powerwall(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    (subentry_id,) = entry.subentries
    await PlanningStore(hass, subentry_id).async_keep(FULL)
    assert f"energy_optimizer.planning.{subentry_id}" in hass_storage
    hass.config_entries.async_remove_subentry(entry, subentry_id)
    await hass.async_block_till_done()
    assert not [key for key in hass_storage if key.startswith("energy_optimizer.planning")]


async def test_what_a_disabled_home_left_is_swept(hass: HomeAssistant) -> None:
    file = Path(hass.config.path(".storage", "energy_optimizer.planning.gone"))

    def leave() -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("{}")

    await hass.async_add_executor_job(leave)
    await set_up(hass, home())
    assert not await hass.async_add_executor_job(file.exists)
