"""A home as an earlier release stored it is understood, and nothing of it is lost."""

from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer import async_migrate_entry
from custom_components.energy_optimizer.const import DOMAIN
from tests.homes import HOME_DATA, flat_tariff, show_battery

SETTINGS = {
    "grid_power": "sensor.grid",
    "grid_inverted": True,
    "battery_power": "sensor.battery",
    "battery_inverted": False,
    "solar_power": "sensor.solar",
    "home_power": "sensor.home",
    "level": "sensor.level",
}


def of_version_1(data: dict[str, Any], subentry_id: str = "PW") -> MockConfigEntry:
    """Return a home as version 1 stored it."""
    powerwall = {
        "data": data,
        "subentry_id": subentry_id,
        "subentry_type": "powerwall",
        "title": "Battery",
        "unique_id": "sensor.grid",
    }
    return MockConfigEntry(
        domain=DOMAIN,
        version=1,
        minor_version=1,
        title="Home",
        data=HOME_DATA,
        subentries_data=[powerwall, flat_tariff()],
    )


@pytest.mark.parametrize("data", [{"path": "entities", **SETTINGS}, {"ways": {"entities": SETTINGS}}])
async def test_a_powerwall_of_one_path_becomes_one_of_one_way(
    hass: HomeAssistant, hass_storage: dict[str, Any], data: dict[str, Any]
) -> None:
    """Also where the migration was interrupted after the Powerwall and before the home's version was written."""
    show_battery(hass, grid=-2.0, home=2.0)
    entry = of_version_1(data)
    totals = {"grid_import_kwh": [812.5, None, None]}
    key = f"{DOMAIN}.powerwall.PW"
    stored = {"meters": {"origin": "entities ", "channels": totals}, "day": None, "simulation": None}
    hass_storage[key] = {"version": 1, "minor_version": 1, "key": key, "data": stored}
    entry.add_to_hass(hass)
    registry = er.async_get(hass)
    known = registry.async_get_or_create(
        "sensor", DOMAIN, "PW_grid_power", config_entry=entry, config_subentry_id="PW", suggested_object_id="mine"
    )
    tariff = next(each for each in entry.subentries.values() if each.subentry_type == "tariff")
    before = dict(tariff.data)

    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()

    assert entry.state is ConfigEntryState.LOADED
    assert (entry.version, entry.minor_version) == (2, 1)
    assert entry.subentries["PW"].data == {"ways": {"entities": SETTINGS}}
    assert (entry.subentries["PW"].title, entry.subentries["PW"].unique_id) == ("Battery", "sensor.grid")
    assert dict(entry.subentries[tariff.subentry_id].data) == before
    assert registry.async_get("sensor.mine").id == known.id
    assert hass.states.get("sensor.mine").state == "2.0"
    assert float(hass.states.get("sensor.battery_imported_energy").state) == 812.5


async def test_each_path_of_version_1_is_taken_over(hass: HomeAssistant) -> None:
    for number, path in enumerate(("gateway", "entities", "simulated")):
        entry = of_version_1({"path": path, "host": "127.0.0.1:9", "auth": "customer"}, subentry_id=f"PW{number}")
        entry.add_to_hass(hass)
        assert await async_migrate_entry(hass, entry)
        assert dict(entry.subentries[f"PW{number}"].data) == {
            "ways": {path: {"host": "127.0.0.1:9", "auth": "customer"}}
        }
