"""The dialogs of a home and of a Powerwall seen through entities or simulated."""

from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_IGNORE, SOURCE_USER, ConfigEntryState, FlowType
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
    assert result["menu_options"] == ["gateway", "fleet", "teslemetry", "owner", "entities", "simulated"]
    result = await answer(hass, result["flow_id"], {"next_step_id": way})
    assert result["type"] is FlowResultType.FORM
    return result["flow_id"]


async def change_powerwall(hass: HomeAssistant, entry: MockConfigEntry, *options: str) -> str:
    """Open the dialog that changes the only Powerwall and choose from its menus; return the flow's id."""
    (subentry_id,) = entry.subentries
    result = await entry.start_subentry_reconfigure_flow(hass, subentry_id)
    assert result["type"] is FlowResultType.MENU
    for option in options:
        await answer(hass, result["flow_id"], {"next_step_id": option})
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


async def add_home(hass: HomeAssistant, **changes: Any) -> Any:
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    result = await hass.config_entries.flow.async_configure(result["flow_id"], HOME_INPUT | changes)
    await hass.async_block_till_done()
    return result


async def test_two_homes_of_one_name(hass: HomeAssistant) -> None:
    MockConfigEntry(domain=DOMAIN, title="Cottage ", unique_id="a").add_to_hass(hass)
    result = await add_home(hass, name=" cottagE")
    assert result["errors"] == {"name": "name_taken"}
    suggested = {str(key): key.description["suggested_value"] for key in result["data_schema"].schema}
    assert (suggested["name"], suggested["phases"]) == (" cottagE", "3")
    result = await hass.config_entries.flow.async_configure(result["flow_id"], HOME_INPUT | {"name": "Hut"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_name_may_be_written_in_any_script_and_is_free_again_after_renaming(hass: HomeAssistant) -> None:
    homes = [(await add_home(hass, name=name))["result"] for name in ("🏠", "🏖️", "家")]
    assert [home.title for home in homes] == ["🏠", "🏖️", "家"]
    assert len({home.unique_id for home in homes}) == 3
    assert hass.config_entries.async_update_entry(homes[0], title="Cabin")
    again = (await add_home(hass, name="🏠"))["result"]
    assert len(hass.config_entries.async_entries(DOMAIN)) == 4
    assert again.unique_id not in {home.unique_id for home in homes}


async def test_a_home_is_not_renamed_to_another(hass: HomeAssistant) -> None:
    MockConfigEntry(domain=DOMAIN, title="Cottage", unique_id="a").add_to_hass(hass)
    entry = await set_up(hass, home())
    result = await entry.start_reconfigure_flow(hass)
    result = await hass.config_entries.flow.async_configure(result["flow_id"], HOME_INPUT)
    assert result["errors"] == {"name": "name_taken"}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], HOME_INPUT | {"name": "Home"})
    assert result["reason"] == "reconfigure_successful"


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"main_fuse_a": "nan"}, "main_fuse_a"), ({"location": {"latitude": "nan", "longitude": 6.1}}, "location")],
)
async def test_what_is_no_number_is_refused(hass: HomeAssistant, changes: dict[str, Any], field: str) -> None:
    assert (await add_home(hass, **changes))["errors"] == {field: "number_needed"}


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
    ("powers", "changes", "home_kw", "solar_kw"),
    [
        ({"grid": 3.0, "solar": 0.5}, {"grid_inverted": True}, "-2.50", "0.50"),
        ({"grid": 3.0, "solar": -0.5}, {}, "2.50", "-0.50"),
    ],
)
async def test_a_house_or_panels_below_zero_are_doubted(
    hass: HomeAssistant, powers: dict[str, float], changes: dict[str, Any], home_kw: str, solar_kw: str
) -> None:
    show_battery(hass, **powers)
    entry = await set_up(hass, home())
    flow_id = await start_powerwall(hass, entry, "entities")
    chosen = {key: value for key, value in ENTITIES_INPUT.items() if key != "home_power"}
    result = await answer(hass, flow_id, chosen | changes)
    assert result["step_id"] == "entities_negative"
    assert (result["description_placeholders"]["home"], result["description_placeholders"]["solar"]) == (
        home_kw,
        solar_kw,
    )
    await answer(hass, flow_id, {"next_step_id": "entities_change"})
    show_battery(hass, grid=3.0, solar=-0.05)
    result = await answer(hass, flow_id, chosen)
    assert result["step_id"] == "entities_preview"


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"battery_power": "sensor.grid"}, {"battery_power": "same_entity"}),
        ({"solar_power": "sensor.home"}, {"home_power": "same_entity"}),
        (
            {"energies": {"grid_import_energy": "sensor.energy", "grid_export_energy": "sensor.energy"}},
            {"energies": "same_entity"},
        ),
    ],
)
async def test_an_entity_shows_one_thing(hass: HomeAssistant, changes: dict[str, Any], errors: dict[str, str]) -> None:
    show_battery(hass)
    hass.states.async_set("sensor.energy", "13.5", {"unit_of_measurement": "kWh"})
    entry = await set_up(hass, home())
    flow_id = await start_powerwall(hass, entry, "entities")
    result = await answer(hass, flow_id, ENTITIES_INPUT | changes)
    assert result["errors"] == errors


async def test_more_than_the_main_fuse_lets_through_is_doubted(hass: HomeAssistant) -> None:
    show_battery(hass, grid=70.0, home=70.0)
    entry = await set_up(hass, home())
    flow_id = await start_powerwall(hass, entry, "entities")
    result = await answer(hass, flow_id, ENTITIES_INPUT)
    assert result["errors"] == {"grid_power": "too_much_power", "home_power": "too_much_power"}
    assert result["description_placeholders"]["most"] == "69", "1.5 × 100 A × 2 × 230 V"
    show_battery(hass, grid=68.0, home=68.0)
    assert (await answer(hass, flow_id, ENTITIES_INPUT))["step_id"] == "entities_preview"


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
    result = await answer(hass, flow_id, {"name": " ", **sizes, "batteries": "nan"})
    assert result["errors"] == {"name": "name_empty", "batteries": "number_needed"}
    result = await answer(hass, flow_id, {"name": "Toy", **sizes})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert float(hass.states.get("sensor.toy_capacity").state) == pytest.approx(27.0, rel=0.01)


async def test_the_way_to_a_powerwall_is_changed(hass: HomeAssistant) -> None:
    show_battery(hass, grid=2.5, home=2.5)
    entry = await set_up(hass, home(powerwall(SIMULATED)))
    flow_id = await change_powerwall(hass, entry, "replace_simulated", "entities")
    await answer(hass, flow_id, ENTITIES_INPUT)
    result = await answer(hass, flow_id, {"next_step_id": "entities_save"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await hass.async_block_till_done()
    assert hass.states.get("sensor.powerwall_grid_power").state == "2.5"
    assert hass.states.get("sensor.powerwall_capacity") is None
    (subentry,) = entry.subentries.values()
    assert subentry.title == "Battery"


async def test_another_way_suggests_the_present_name(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(powerwall(SIMULATED, title="Basement")))
    (subentry_id,) = entry.subentries
    other = "replace_simulated"
    for way in ([other, "entities"], [other, "gateway", "gateway_customer"], ["simulated"]):
        result = await entry.start_subentry_reconfigure_flow(hass, subentry_id)
        for option in way:
            result = await answer(hass, result["flow_id"], {"next_step_id": option})
        suggested = {str(key): key.description for key in result["data_schema"].schema}
        assert suggested["name"] == {"suggested_value": "Basement"}


async def test_a_powerwall_or_home_removed_while_its_dialog_is_open(hass: HomeAssistant) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    first, second = [await change_powerwall(hass, entry, "entities") for _ in range(2)]
    assert (await answer(hass, first, ENTITIES_INPUT))["step_id"] == "entities_preview"
    hass.config_entries.async_remove_subentry(entry, next(iter(entry.subentries)))
    result = await answer(hass, first, {"next_step_id": "entities_save"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "gone")
    await hass.config_entries.async_remove(entry.entry_id)
    result = await answer(hass, second, ENTITIES_INPUT)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "home_gone")


async def test_two_dialogs_make_one_powerwall(hass: HomeAssistant) -> None:
    show_battery(hass)
    entry = await set_up(hass, home())
    first, second = await start_powerwall(hass, entry, "simulated"), await start_powerwall(hass, entry, "entities")
    await answer(hass, first, {"name": "Toy", "solar_kwp": 5, "batteries": 2, "home_kwh_per_year": 4000, "seed": 7})
    await answer(hass, second, ENTITIES_INPUT)
    result = await answer(hass, second, {"next_step_id": "entities_save"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "single_powerwall")
    assert len(entry.subentries) == 1


@pytest.mark.parametrize("way", ["entities", "simulated"])
async def test_powerwalls_of_several_homes_are_told_apart(hass: HomeAssistant, way: str) -> None:
    entry = await set_up(hass, home())
    assert await suggested_name(hass, entry, way) == "Powerwall"
    MockConfigEntry(domain=DOMAIN, title="Found", unique_id="f", source=SOURCE_IGNORE).add_to_hass(hass)
    assert await suggested_name(hass, entry, way) == "Powerwall"
    MockConfigEntry(domain=DOMAIN, title="Bach", unique_id="bach").add_to_hass(hass)
    assert await suggested_name(hass, entry, way) == "Powerwall Home"


async def suggested_name(hass: HomeAssistant, entry: MockConfigEntry, way: str) -> str:
    """Return what the dialog of *way* suggests to call a new Powerwall."""
    flow_id = await start_powerwall(hass, entry, way)
    form = await hass.config_entries.subentries.async_configure(flow_id)
    (name,) = [key.description["suggested_value"] for key in form["data_schema"].schema if key == "name"]
    return str(name)
