"""The dialogs of a home and of a Powerwall seen through entities or simulated."""

from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER, ConfigEntryState, FlowType
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.const import DOMAIN
from tests.homes import BATTERY_ENTITIES, SIMULATED, home, powerwall, set_up, show_battery

HOME_INPUT = {
    "name": "Cottage",
    "location": {"latitude": 46.2, "longitude": 6.1},
    "currency": "EUR",
    "main_fuse_a": 63,
    "phases": "3",
}
ENTITIES_INPUT: dict[str, Any] = {
    "name": "Battery",
    "grid_power": "sensor.grid",
    "grid_inverted": False,
    "battery_power": "sensor.battery",
    "battery_inverted": False,
    "solar_power": "sensor.solar",
    "home_power": "sensor.home",
    "level": "sensor.level",
    "energies": {},
    "controls": {},
}


async def start_powerwall(hass: HomeAssistant, entry: MockConfigEntry, way: str) -> str:
    """Open the Powerwall dialog and choose a way; return the flow's id."""
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "powerwall"), context={"source": SOURCE_USER}
    )
    assert result["type"] is FlowResultType.MENU
    assert set(result["menu_options"]) == {"gateway", "entities", "simulated"}
    result = await answer(hass, result["flow_id"], {"next_step_id": way})
    assert result["type"] is FlowResultType.FORM
    return result["flow_id"]


async def change_powerwall(hass: HomeAssistant, entry: MockConfigEntry, way: str) -> str:
    """Open the dialog that changes the only Powerwall; return the flow's id."""
    (subentry_id,) = entry.subentries
    result = await entry.start_subentry_reconfigure_flow(hass, subentry_id)
    assert result["type"] is FlowResultType.MENU
    await answer(hass, result["flow_id"], {"next_step_id": way})
    return result["flow_id"]


async def answer(hass: HomeAssistant, flow_id: str, user_input: dict[str, Any]) -> Any:
    return await hass.config_entries.subentries.async_configure(flow_id, user_input)


async def test_a_home_is_added_and_leads_on_to_its_powerwall(hass: HomeAssistant) -> None:
    hass.config.currency, hass.config.country = "EUR", "FR"
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.FORM
    suggested = {str(key): key.description["suggested_value"] for key in result["data_schema"].schema}
    assert suggested["currency"] == "EUR"
    assert suggested["location"] == {"latitude": hass.config.latitude, "longitude": hass.config.longitude}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], HOME_INPUT)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    entry = result["result"]
    assert entry.title == "Cottage"
    assert entry.data == {"latitude": 46.2, "longitude": 6.1, "currency": "EUR", "main_fuse_a": 63, "phases": 3}
    assert entry.state is ConfigEntryState.LOADED
    kind, flow_id = result["next_flow"]
    assert kind is FlowType.CONFIG_SUBENTRIES_FLOW
    following = hass.config_entries.subentries.async_get(flow_id)
    assert following["handler"] == (entry.entry_id, "powerwall")


async def test_an_empty_name_is_refused_and_nothing_typed_is_lost(hass: HomeAssistant) -> None:
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    result = await hass.config_entries.flow.async_configure(result["flow_id"], HOME_INPUT | {"name": "  "})
    assert result["errors"] == {"name": "name_empty"}
    suggested = {str(key): key.description["suggested_value"] for key in result["data_schema"].schema}
    assert suggested["main_fuse_a"] == 63
    result = await hass.config_entries.flow.async_configure(result["flow_id"], HOME_INPUT)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_same_home_twice(hass: HomeAssistant) -> None:
    MockConfigEntry(domain=DOMAIN, unique_id="cottage").add_to_hass(hass)
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    result = await hass.config_entries.flow.async_configure(result["flow_id"], HOME_INPUT)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "already_configured")


async def test_a_home_is_changed(hass: HomeAssistant) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    result = await entry.start_reconfigure_flow(hass)
    assert result["step_id"] == "reconfigure"
    result = await hass.config_entries.flow.async_configure(result["flow_id"], HOME_INPUT | {"name": ""})
    assert result["errors"] == {"name": "name_empty"}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], HOME_INPUT)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await hass.async_block_till_done()
    assert (entry.title, entry.data["main_fuse_a"], entry.data["phases"]) == ("Cottage", 63, 3)
    assert entry.state is ConfigEntryState.LOADED
    assert hass.states.get("sensor.powerwall_grid_power").state == "0.0"


async def test_a_battery_of_other_entities(hass: HomeAssistant) -> None:
    show_battery(hass, grid=-1.0, battery=-2.0, solar=4.0, home=1.0)
    entry = await set_up(hass, home())
    flow_id = await start_powerwall(hass, entry, "entities")
    result = await answer(hass, flow_id, ENTITIES_INPUT)
    assert (result["type"], result["step_id"]) == (FlowResultType.MENU, "entities_preview")
    assert result["description_placeholders"]["grid"] == "-1.00"
    assert result["description_placeholders"]["level"] == "50"
    result = await answer(hass, flow_id, {"next_step_id": "entities_save"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert hass.states.get("sensor.battery_grid_power").state == "-1.0"


async def test_what_does_not_add_up_is_doubted_before_it_is_saved(hass: HomeAssistant) -> None:
    show_battery(hass, grid=1.0, battery=-2.0, solar=4.0, home=1.0)
    entry = await set_up(hass, home())
    flow_id = await start_powerwall(hass, entry, "entities")
    result = await answer(hass, flow_id, ENTITIES_INPUT)
    assert (result["step_id"], result["description_placeholders"]["off"]) == ("entities_doubt", "2.00")
    result = await answer(hass, flow_id, {"next_step_id": "entities_change"})
    suggested = {str(key): key.description for key in result["data_schema"].schema}
    assert suggested["grid_power"] == {"suggested_value": "sensor.grid"}
    result = await answer(hass, flow_id, ENTITIES_INPUT | {"grid_inverted": True})
    assert result["step_id"] == "entities_preview"


@pytest.mark.parametrize(
    ("entity", "state", "attributes", "errors"),
    [
        ("sensor.grid", "unavailable", {}, {"grid_power": "no_value"}),
        ("sensor.grid", "5000", {"unit_of_measurement": "kW"}, {"grid_power": "too_much_power"}),
        ("sensor.solar", "bright", {"unit_of_measurement": "kW"}, {"solar_power": "not_a_number"}),
        ("sensor.level", "13.5", {"unit_of_measurement": "kWh"}, {"level": "not_a_percentage"}),
        ("sensor.energy", "13.5", {"unit_of_measurement": "kW"}, {"energies": "not_an_energy"}),
    ],
)
async def test_a_wrong_entity_is_named(hass: HomeAssistant, entity, state, attributes, errors) -> None:
    show_battery(hass)
    hass.states.async_set("sensor.energy", "13.5", {"unit_of_measurement": "kWh"})
    hass.states.async_set(entity, state, attributes)
    entry = await set_up(hass, home())
    flow_id = await start_powerwall(hass, entry, "entities")
    result = await answer(hass, flow_id, ENTITIES_INPUT | {"energies": {"solar_energy": "sensor.energy"}})
    assert result["errors"] == errors


async def test_a_home_does_not_read_itself(hass: HomeAssistant) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    flow_id = await change_powerwall(hass, entry, "entities")
    result = await answer(hass, flow_id, ENTITIES_INPUT | {"grid_power": "sensor.powerwall_grid_power"})
    assert result["errors"] == {"base": "own_entities"}


async def test_a_second_powerwall_is_a_second_home(hass: HomeAssistant) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, "powerwall"), context={"source": SOURCE_USER}
    )
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "single_powerwall")


async def test_a_simulated_powerwall(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home())
    flow_id = await start_powerwall(hass, entry, "simulated")
    sizes = {"solar_kwp": 5, "batteries": 2, "home_kwh_per_year": 4000, "seed": 7}
    result = await answer(hass, flow_id, {"name": " ", **sizes})
    assert result["errors"] == {"name": "name_empty"}
    result = await answer(hass, flow_id, {"name": "Toy", **sizes})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert float(hass.states.get("sensor.toy_capacity").state) == pytest.approx(27.0, rel=0.01)


async def test_the_way_to_a_powerwall_is_changed(hass: HomeAssistant) -> None:
    show_battery(hass, grid=2.5, home=2.5)
    entry = await set_up(hass, home(powerwall(SIMULATED)))
    flow_id = await change_powerwall(hass, entry, "entities")
    await answer(hass, flow_id, ENTITIES_INPUT)
    result = await answer(hass, flow_id, {"next_step_id": "entities_save"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await hass.async_block_till_done()
    assert hass.states.get("sensor.powerwall_grid_power").state == "2.5"
    assert hass.states.get("sensor.powerwall_capacity") is None
    (subentry,) = entry.subentries.values()
    assert subentry.title == "Battery"
