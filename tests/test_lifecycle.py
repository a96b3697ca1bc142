"""A home is set up, changed, reloaded, unloaded and removed in the real core."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState, ConfigSubentry
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import async_capture_events, async_fire_time_changed

from custom_components.energy_optimizer.api.powerwall.entities import EntitiesPowerwall
from custom_components.energy_optimizer.const import DOMAIN, SUBENTRY_POWERWALL
from custom_components.energy_optimizer.core.model.powerwall import PowerwallReading
from tests.homes import BATTERY_ENTITIES, SIMULATED, by_ways, hide_battery, home, powerwall, set_up, show_battery

GRID = "sensor.powerwall_grid_power"
NEEDS_PRICES = (
    "decision",
    "reason",
    "next_change_of_decision",
    "expected_cost_today",
    "expected_cost_tomorrow",
    "value_of_stored_energy",
    "load_forecast_mean_error",
    "solar_forecast_mean_error",
    "planning_time",
    "plan_made_by",
    "saved_today",
    "saved_this_month",
    "saved_since_start",
    "share_of_possible_savings_yesterday",
    "share_of_possible_savings_this_month",
)


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, **delta: float) -> None:
    freezer.tick(timedelta(**delta))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_a_home_shows_its_powerwall(hass: HomeAssistant) -> None:
    show_battery(hass, grid=-1.2, battery=-2.0, solar=4.0, home=0.8, level=61)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    assert hass.states.get(GRID).state == "-1.2"
    assert hass.states.get("sensor.powerwall_level").state == "61.0"
    assert hass.states.get("sensor.powerwall_system_mode").state == "solar_charging_battery"
    registry = dr.async_get(hass)
    (subentry_id,) = entry.subentries
    device = registry.async_get_device_by_identifier((DOMAIN, subentry_id), entry.entry_id)
    above = registry.async_get_device_by_identifier((DOMAIN, entry.entry_id), entry.entry_id)
    assert device.via_device_id == above.id
    assert device.manufacturer is None  # whose battery other integrations show is not known


async def test_an_outage_and_its_end(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture
) -> None:
    show_battery(hass, grid=1.0, home=1.0)
    await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    caplog.set_level(logging.INFO)
    caplog.clear()
    hide_battery(hass)
    for _ in range(20):
        await pass_time(hass, freezer, seconds=11)
    assert hass.states.get(GRID).state == STATE_UNAVAILABLE
    ours = [record for record in caplog.records if record.name.startswith("custom_components.energy_optimizer")]
    assert [record.levelname for record in ours] == ["ERROR"]
    show_battery(hass, grid=2.0, home=2.0)
    await pass_time(hass, freezer, seconds=11)
    assert hass.states.get(GRID).state == "2.0"
    ours = [record for record in caplog.records if record.name.startswith("custom_components.energy_optimizer")]
    assert [record.levelname for record in ours] == ["ERROR", "INFO"]


async def test_a_long_silence_is_asked_after_once_a_minute(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    (source,) = entry.runtime_data.sources.values()
    hide_battery(hass)
    for _ in range(28):
        await pass_time(hass, freezer, seconds=10)
    assert source.update_interval == timedelta(seconds=10)
    for _ in range(4):
        await pass_time(hass, freezer, seconds=10)
    assert source.update_interval == timedelta(seconds=60)
    show_battery(hass)
    await pass_time(hass, freezer, seconds=61)
    assert source.last_update_success
    assert source.update_interval == timedelta(seconds=10)


async def test_a_dead_powerwall_does_not_keep_the_home_from_loading(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    assert entry.state is ConfigEntryState.LOADED
    assert hass.states.get(GRID).state == STATE_UNAVAILABLE
    assert hass.states.get("sensor.powerwall_connection").state == "unreachable"


async def test_energy_is_counted_from_power(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    show_battery(hass, grid=6.0, home=6.0)
    await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    for _ in range(60):
        show_battery(hass, grid=6.0, home=6.0)
        await pass_time(hass, freezer, seconds=10)
    assert float(hass.states.get("sensor.powerwall_imported_energy").state) == pytest.approx(1.0, abs=0.03)
    assert float(hass.states.get("sensor.powerwall_self_sufficiency_today").state) == 0


async def test_entities_that_nobody_reports_any_more_count_no_energy(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    show_battery(hass, grid=6.0, home=6.0)
    await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    for _ in range(360):
        await pass_time(hass, freezer, seconds=10)
    assert float(hass.states.get("sensor.powerwall_imported_energy").state) == pytest.approx(0.5, abs=0.03)


async def test_another_way_to_a_powerwall_goes_on_from_the_totals_reached(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    show_battery(hass, grid=6.0, home=6.0)
    entry = await set_up(hass, home(powerwall(SIMULATED)))
    (subentry,) = entry.subentries.values()
    for _ in range(20):
        await pass_time(hass, freezer, seconds=10)
    before = float(hass.states.get("sensor.powerwall_home_energy").state)
    hass.states.async_set("sensor.meter", "15000", {"unit_of_measurement": "kWh"})
    hass.config_entries.async_update_subentry(
        entry, subentry, data=by_ways(BATTERY_ENTITIES | {"home_energy": "sensor.meter"})
    )
    await hass.async_block_till_done()
    assert float(hass.states.get("sensor.powerwall_home_energy").state) == pytest.approx(before, abs=0.002)
    hass.states.async_set("sensor.meter", "15000.25", {"unit_of_measurement": "kWh"})
    await pass_time(hass, freezer, seconds=11)
    assert float(hass.states.get("sensor.powerwall_home_energy").state) == pytest.approx(before + 0.25, abs=0.002)
    (source,) = entry.runtime_data.sources.values()
    assert source.data.day.today.home_kwh < 1.0


async def test_a_change_during_set_up_is_not_lost(hass: HomeAssistant) -> None:
    show_battery(hass, grid=1.0)
    entry = home(powerwall(BATTERY_ENTITIES))
    entry.add_to_hass(hass)
    read, started, go_on = EntitiesPowerwall.read, asyncio.Event(), asyncio.Event()

    async def slow_read(path: EntitiesPowerwall) -> PowerwallReading:
        started.set()
        await go_on.wait()
        return await read(path)

    with patch.object(EntitiesPowerwall, "read", slow_read):
        setting_up = hass.async_create_task(hass.config_entries.async_setup(entry.entry_id))
        await started.wait()
        (subentry,) = entry.subentries.values()
        hass.config_entries.async_update_subentry(
            entry, subentry, data=by_ways(BATTERY_ENTITIES | {"grid_inverted": True})
        )
        go_on.set()
        assert await setting_up
        await hass.async_block_till_done()
    assert hass.states.get(GRID).state == "-1.0"


@pytest.mark.parametrize("then", ["unload", "reload", "remove", "remove_subentry"])
async def test_what_happens_while_a_source_starts(
    hass: HomeAssistant, hass_storage: dict[str, Any], caplog: pytest.LogCaptureFixture, then: str
) -> None:
    show_battery(hass, grid=1.0)
    entry = await set_up(hass, home())
    read, started, go_on = EntitiesPowerwall.read, asyncio.Event(), asyncio.Event()

    async def slow_read(path: EntitiesPowerwall) -> PowerwallReading:
        started.set()
        await go_on.wait()
        return await read(path)

    data = powerwall(BATTERY_ENTITIES)
    subentry = ConfigSubentry(**(data | {"data": MappingProxyType(data["data"])}))
    caplog.clear()
    with patch.object(EntitiesPowerwall, "read", slow_read):
        hass.config_entries.async_add_subentry(entry, subentry)
        await started.wait()
        match then:
            case "unload":
                task = hass.async_create_task(hass.config_entries.async_unload(entry.entry_id))
            case "reload":
                task = hass.async_create_task(hass.config_entries.async_reload(entry.entry_id))
            case "remove":
                task = hass.async_create_task(hass.config_entries.async_remove(entry.entry_id))
            case _:
                hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
                task = None
        await asyncio.sleep(0)
        go_on.set()
        if task is not None:
            await task
        await hass.async_block_till_done()
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    if then == "reload":
        assert hass.states.get(GRID).state == "1.0"
        (source,) = entry.runtime_data.sources.values()
        assert source.last_update_success
        return
    assert hass.states.get(GRID) is None
    if then.startswith("remove"):
        assert not [key for key in hass_storage if key.startswith(DOMAIN)]


@pytest.mark.parametrize(
    "content",
    [
        {"version": 1, "minor_version": 1, "data": ["nonsense"]},
        {"version": 1, "minor_version": 1, "data": {"meters": {}}},
        {"version": 99, "minor_version": 1, "data": {"meters": {}}},
    ],
)
async def test_a_bad_file_does_not_take_the_home_down(
    hass: HomeAssistant, hass_storage: dict[str, Any], content: dict[str, Any]
) -> None:
    show_battery(hass, grid=1.0)
    entry = home(powerwall(BATTERY_ENTITIES))
    key = f"{DOMAIN}.powerwall.{next(iter(entry.subentries))}"
    hass_storage[key] = content | {"key": key}
    await set_up(hass, entry)
    assert hass.states.get(GRID).state == "1.0"
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    newer = content["version"] == 99
    assert (hass_storage[key]["data"] == content["data"]) == newer


async def test_a_powerwall_removed_from_a_disabled_home_leaves_nothing(hass: HomeAssistant) -> None:
    show_battery(hass)
    entry = home(powerwall(BATTERY_ENTITIES))
    storage = Path(hass.config.path(".storage"))
    left = [
        storage / f"{DOMAIN}.powerwall.gone",
        storage / f"{DOMAIN}.tariff.gone",
        storage / DOMAIN / "gone" / "key.pem",
    ]
    kept = [
        storage / f"{DOMAIN}.powerwall.{next(iter(entry.subentries))}.corrupt.2026-06-01T00:00:00.5+00:00",
        storage / f"{DOMAIN}.ledger",
        storage / "core.uuid",
    ]

    def leave() -> None:
        for file in (*left, *kept):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("{}")

    await hass.async_add_executor_job(leave)
    await set_up(hass, entry)
    assert not await hass.async_add_executor_job(lambda: [file for file in left if file.exists()])
    assert await hass.async_add_executor_job(lambda: [file for file in kept if file.exists()]) == kept


async def test_counted_energy_survives_a_reload(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    show_battery(hass, grid=6.0, home=6.0)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    for _ in range(30):
        await pass_time(hass, freezer, seconds=10)
    before = float(hass.states.get("sensor.powerwall_imported_energy").state)
    assert before > 0.4
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert float(hass.states.get("sensor.powerwall_imported_energy").state) == pytest.approx(before, abs=0.001)


async def test_a_crash_costs_no_more_than_a_minute_and_a_half(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hass_storage: dict[str, Any]
) -> None:
    show_battery(hass, grid=6.0, home=6.0)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    for _ in range(30):
        await pass_time(hass, freezer, seconds=10)
    (subentry_id,) = entry.subentries
    stored = hass_storage[f"{DOMAIN}.powerwall.{subentry_id}"]["data"]
    now = float(hass.states.get("sensor.powerwall_imported_energy").state)
    assert now - 6.0 * 90 / 3600 <= stored["meters"]["channels"]["grid_import_kwh"][0] <= now


async def test_unload_leaves_no_state_and_no_timer(hass: HomeAssistant) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.NOT_LOADED
    assert {state.state for state in hass.states.async_all() if "powerwall" in state.entity_id} == {STATE_UNAVAILABLE}


@pytest.mark.parametrize(("version", "state"), [(2, ConfigEntryState.LOADED), (3, ConfigEntryState.MIGRATION_ERROR)])
async def test_upgrades_are_taken_and_downgrades_refused(
    hass: HomeAssistant, version: int, state: ConfigEntryState
) -> None:
    show_battery(hass)
    entry = home(powerwall(BATTERY_ENTITIES))
    entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(entry, version=version, minor_version=0 if version == 2 else 1)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is state


async def test_removal_leaves_nothing(hass: HomeAssistant, hass_storage: dict[str, object]) -> None:
    show_battery(hass)
    entry = await set_up(
        hass,
        home(
            powerwall(BATTERY_ENTITIES),
        ),
    )
    await hass.config_entries.async_unload(entry.entry_id)
    assert any(key.startswith(DOMAIN) for key in hass_storage)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not [key for key in hass_storage if key.startswith(DOMAIN)]
    assert not er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert not dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    folder = Path(hass.config.path(".storage", DOMAIN, next(iter(entry.subentries))))
    assert not await hass.async_add_executor_job(folder.exists)


async def test_an_added_powerwall_appears_without_a_reload(hass: HomeAssistant) -> None:
    show_battery(hass, grid=1.0)
    entry = await set_up(hass, home())
    runtime = entry.runtime_data
    data = powerwall(BATTERY_ENTITIES)
    hass.config_entries.async_add_subentry(entry, ConfigSubentry(**(data | {"data": MappingProxyType(data["data"])})))
    await hass.async_block_till_done()
    assert hass.states.get(GRID).state == "1.0"
    assert entry.runtime_data is runtime


async def test_a_changed_powerwall_changes_only_itself(hass: HomeAssistant) -> None:
    show_battery(hass, grid=1.0)
    hass.states.async_set("select.mode", "backup", {"options": ["backup", "autonomous"]})
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES | {"operation_mode": "select.mode"})))
    runtime = entry.runtime_data
    (subentry,) = entry.subentries.values()
    assert hass.states.get("select.powerwall_operation_mode").state == "backup"
    history_id = er.async_get(hass).async_get(GRID).id
    hass.config_entries.async_update_subentry(entry, subentry, data=by_ways(BATTERY_ENTITIES | {"grid_inverted": True}))
    await hass.async_block_till_done()
    assert hass.states.get(GRID).state == "-1.0"
    assert er.async_get(hass).async_get(GRID).id == history_id
    assert hass.states.get("select.powerwall_operation_mode") is None
    assert er.async_get(hass).async_get("select.powerwall_operation_mode") is None
    assert entry.runtime_data is runtime


async def test_a_removed_powerwall_leaves_nothing(hass: HomeAssistant, hass_storage: dict[str, object]) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    (subentry_id,) = entry.subentries
    hass.config_entries.async_remove_subentry(entry, subentry_id)
    await hass.async_block_till_done()
    assert hass.states.get(GRID) is None
    assert not entry.runtime_data.sources
    assert not er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert not [key for key in hass_storage if key.startswith(f"{DOMAIN}.{SUBENTRY_POWERWALL}")]


async def test_a_changed_home_reloads(hass: HomeAssistant) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    runtime = entry.runtime_data
    hass.config_entries.async_update_entry(entry, data=dict(entry.data) | {"main_fuse_a": 32})
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    assert entry.runtime_data is not runtime


async def test_the_simulated_home_lives(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to("2026-06-01T19:00:00+00:00")
    await set_up(hass, home(powerwall(SIMULATED)))
    for _ in range(30):
        await pass_time(hass, freezer, seconds=11)
    ours = [state for state in hass.states.async_all() if "powerwall" in state.entity_id]
    ours = [state for state in ours if state.entity_id != "sensor.powerwall_force_ends"]  # nothing is forced
    priced = {f"sensor.powerwall_{name}" for name in NEEDS_PRICES}
    ours = [state for state in ours if state.entity_id not in priced]
    assert len(ours) > 20
    assert not [state.entity_id for state in ours if state.state in (STATE_UNAVAILABLE, "unknown")]
    assert float(hass.states.get("sensor.powerwall_solar_power").state) > 0.3


async def test_a_renamed_powerwall_keeps_its_entities_even_during_set_up(hass: HomeAssistant) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    er.async_get(hass).async_update_entity(GRID, new_entity_id="sensor.mine")
    (subentry,) = entry.subentries.values()
    read, renamed = EntitiesPowerwall.read, False

    async def read_and_rename(path: EntitiesPowerwall) -> PowerwallReading:
        nonlocal renamed
        if not renamed:
            renamed = True
            hass.config_entries.async_update_subentry(entry, subentry, title="Battery")
            await asyncio.sleep(0)
        return await read(path)

    removed = async_capture_events(hass, er.EVENT_ENTITY_REGISTRY_UPDATED)
    with patch.object(EntitiesPowerwall, "read", read_and_rename):
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()
    assert not [event for event in removed if event.data["action"] == "remove"]
    assert hass.states.get("sensor.mine").state == "0.0"
