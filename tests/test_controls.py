"""Settings are sent, read back, and complained about when the Powerwall does not follow."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_CALL_SERVICE
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_capture_events, async_fire_time_changed

from custom_components.energy_optimizer.actions.powerwall import async_change_settings
from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.control import confirm
from custom_components.energy_optimizer.core.model.powerwall import PowerwallSettings
from tests.homes import BATTERY_ENTITIES, hide_battery, home, powerwall, set_up, show_battery

MODE = "select.powerwall_operation_mode"
RULE = "select.powerwall_export_rule"
RESERVE = "number.powerwall_backup_reserve"
CHARGING = "switch.powerwall_charging_from_the_grid"
CONTROLS = {
    "operation_mode": "input_select.mode",
    "backup_reserve": "input_number.reserve",
    "grid_charging": "input_boolean.charging",
    "export_rule": "input_select.export",
}
HELPERS = {
    "input_select": {
        "mode": {"options": ["backup", "self_consumption", "autonomous"]},
        "export": {"options": ["never", "pv_only", "battery_ok"]},
    },
    "input_number": {"reserve": {"min": 0, "max": 100, "initial": 20, "unit_of_measurement": "%"}},
    "input_boolean": {"charging": {}},
}


class Battery:
    """Another integration's controls: Home Assistant's own helpers, which can be made deaf."""

    def __init__(self, hass: HomeAssistant) -> None:
        self._hass = hass
        self.calls = async_capture_events(hass, EVENT_CALL_SERVICE)

    @property
    def commands(self) -> list[str]:
        return [call.data["service"] for call in self.calls if call.data["domain"].startswith("input_")]

    def answer(self, domain: str, action: str, handler: Callable[[ServiceCall], None]) -> None:
        async def instead(call: ServiceCall) -> None:
            handler(call)

        self._hass.services.async_register(domain, action, instead)


@pytest.fixture
async def battery(hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch) -> Battery:
    async def sleep(seconds: float) -> None:
        freezer.tick(timedelta(seconds=seconds))

    monkeypatch.setattr(confirm.asyncio, "sleep", sleep)
    for domain, config in HELPERS.items():
        assert await async_setup_component(hass, domain, {domain: config})
    show_battery(hass)
    await set_up(hass, home(powerwall(BATTERY_ENTITIES | CONTROLS)))
    return Battery(hass)


async def ask(hass: HomeAssistant, entity_id: str, action: str, **data: object) -> None:
    """Ask one of our entities, as a user would."""
    await hass.services.async_call(
        entity_id.split(".", maxsplit=1)[0], action, {"entity_id": entity_id, **data}, blocking=True
    )


@pytest.mark.parametrize(
    ("entity_id", "action", "data", "expected"),
    [
        (MODE, "select_option", {"option": "autonomous"}, "autonomous"),
        (RULE, "select_option", {"option": "pv_only"}, "pv_only"),
        (RESERVE, "set_value", {"value": 35}, "35"),
        (CHARGING, "turn_on", {}, "on"),
    ],
)
async def test_what_was_asked_is_read_back(
    hass: HomeAssistant, battery: Battery, entity_id: str, action: str, data: dict[str, object], expected: str
) -> None:
    assert hass.states.get(entity_id).state != expected
    await ask(hass, entity_id, action, **data)
    assert hass.states.get(entity_id).state == expected
    assert len(battery.commands) == 1


async def test_a_switch_turns_off_again(hass: HomeAssistant, battery: Battery) -> None:
    await ask(hass, CHARGING, "turn_on")
    await ask(hass, CHARGING, "turn_off")
    assert hass.states.get(CHARGING).state == "off"


async def test_what_is_already_so_is_not_sent(hass: HomeAssistant, battery: Battery) -> None:
    await ask(hass, MODE, "select_option", option="backup")
    await ask(hass, CHARGING, "turn_off")
    assert not battery.commands


async def test_disobedience_is_told_and_after_three_times_repaired(hass: HomeAssistant, battery: Battery) -> None:
    battery.answer("input_select", "select_option", lambda _: None)
    issues = ir.async_get(hass).issues
    for times in (1, 2, 3):
        with pytest.raises(HomeAssistantError) as error:
            await ask(hass, MODE, "select_option", option="autonomous")
        assert error.value.translation_key == "powerwall_did_not_obey"
        assert error.value.translation_placeholders["asked"] == "Operation mode: Time-based control"
        assert error.value.translation_placeholders["shows"] == "Operation mode: Backup"
        assert hass.states.get(MODE).state == "backup"
        assert len([key for key in issues if key[0] == DOMAIN]) == (times == 3)
    battery.answer("input_select", "select_option", lambda _: hass.states.async_set("input_select.mode", "autonomous"))
    hass.states.async_set("input_select.mode", "backup", {"options": ["backup", "autonomous"]})
    await ask(hass, MODE, "select_option", option="autonomous")
    assert not [key for key in issues if key[0] == DOMAIN]


async def test_late_obedience_takes_the_repair_back(
    hass: HomeAssistant, battery: Battery, freezer: FrozenDateTimeFactory
) -> None:
    battery.answer("input_boolean", "turn_on", lambda _: None)
    for _ in range(3):
        with pytest.raises(HomeAssistantError):
            await ask(hass, CHARGING, "turn_on")
    assert [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]
    hass.states.async_set("input_boolean.charging", "on")
    freezer.tick(timedelta(seconds=11))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]


async def test_a_command_to_a_powerwall_that_goes_meanwhile_is_no_disobedience(
    hass: HomeAssistant, battery: Battery
) -> None:
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    (subentry_id,) = entry.subentries
    source = entry.runtime_data.sources[subentry_id]
    battery.answer("input_boolean", "turn_on", lambda _: hass.async_create_task(source.async_stop(), eager_start=True))
    with pytest.raises(HomeAssistantError) as error:
        await ask(hass, CHARGING, "turn_on")
    assert error.value.translation_key == "powerwall_unreachable"
    assert source.failed_commands == {}


async def test_a_refusal_is_an_error_and_no_disobedience(hass: HomeAssistant, battery: Battery) -> None:
    hass.states.async_set("input_select.mode", "backup", {"options": ["backup"]})
    with pytest.raises(HomeAssistantError) as error:
        await ask(hass, MODE, "select_option", option="autonomous")
    assert error.value.translation_key == "powerwall_not_permitted"
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    (source,) = entry.runtime_data.sources.values()
    assert source.failed_commands == {}


async def test_a_lost_connection_is_no_confirmation(hass: HomeAssistant, battery: Battery) -> None:
    battery.answer("input_select", "select_option", lambda _: hide_battery(hass))
    with pytest.raises(HomeAssistantError) as error:
        await ask(hass, MODE, "select_option", option="autonomous")
    assert error.value.translation_placeholders["shows"] == "–"


async def test_a_read_only_path_says_so(hass: HomeAssistant) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    (source,) = entry.runtime_data.sources.values()
    assert hass.states.get(MODE) is None
    with pytest.raises(ServiceValidationError) as error:
        await async_change_settings(source, PowerwallSettings(grid_charging=True))
    assert error.value.translation_key == "powerwall_read_only"
    assert error.value.translation_placeholders["settings"] == "Charging from the grid"


@pytest.mark.parametrize("way", ["remove_subentry", "unload"])
async def test_repairs_go_with_their_powerwall(hass: HomeAssistant, battery: Battery, way: str) -> None:
    battery.answer("input_boolean", "turn_on", lambda _: None)
    for _ in range(3):
        with pytest.raises(HomeAssistantError):
            await ask(hass, CHARGING, "turn_on")
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    (subentry_id,) = entry.subentries
    if way == "unload":
        await hass.config_entries.async_unload(entry.entry_id)
    else:
        hass.config_entries.async_remove_subentry(entry, subentry_id)
    await hass.async_block_till_done()
    assert not [key for key in ir.async_get(hass).issues if key[0] == DOMAIN]
