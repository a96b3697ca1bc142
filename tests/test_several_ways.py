"""A Powerwall that is reached by several ways: falling back, coming back, counting on, and changing the ways."""

import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.energy_optimizer.const import DOMAIN
from tests.cloud_ways import fleet_way, teslemetry_way
from tests.homes import BATTERY_ENTITIES, home, powerwall, set_up, settings_of, show_battery
from tests.servers.gateway import CUSTOMER_PASSWORD, DIN, GatewayServer
from tests.servers.tesla_cloud import TeslaCloud

HOME_POWER = "sensor.powerwall_home_power"
WAY = "sensor.powerwall_way_in_use"
CONNECTION = "sensor.powerwall_connection"


def gateway_way(server: GatewayServer, **changes: Any) -> dict[str, Any]:
    return {
        "path": "gateway",
        "host": server.host,
        "auth": "customer",
        "customer_password": CUSTOMER_PASSWORD,
        "serial": DIN,
        "writable": [],
        "shown": ["grid_status"],
    } | changes


@pytest.fixture
async def entry(hass: HomeAssistant, gateway: GatewayServer, tesla_cloud: TeslaCloud) -> AsyncIterator[MockConfigEntry]:
    """A home whose Powerwall is reached by its gateway, else by Teslemetry."""
    tesla_cloud.site.gateway_id = DIN
    entry = await set_up(hass, home(powerwall(gateway_way(gateway), teslemetry_way(tesla_cloud))))
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


def only_subentry(entry: MockConfigEntry) -> ConfigSubentry:
    (subentry,) = entry.subentries.values()
    return subentry


async def pass_time(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, entry: MockConfigEntry, **delta: float
) -> None:
    """Let time pass and the Powerwall be asked once."""
    freezer.tick(timedelta(**delta))
    (source,) = entry.runtime_data.sources.values()
    await source.async_refresh()
    await hass.async_block_till_done()


def shown(hass: HomeAssistant, entity_id: str) -> str:
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return state.state


async def test_a_silent_gateway_is_stood_in_for_and_comes_back(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert (shown(hass, HOME_POWER), shown(hass, WAY)) == ("1.35", "gateway")
    caplog.set_level(logging.INFO)
    gateway.stop()
    for _ in range(4):
        await pass_time(hass, freezer, entry, seconds=70)
        assert (shown(hass, HOME_POWER), shown(hass, WAY)) == ("1.5", "teslemetry")
    assert shown(hass, CONNECTION) == "ok"
    attributes = hass.states.get(CONNECTION).attributes
    assert (attributes["gateway"], attributes["teslemetry"]) == ("unreachable", "ok")
    gateway.end_sessions()
    gateway.start()
    for _ in range(3):
        await pass_time(hass, freezer, entry, seconds=70)
    assert (shown(hass, HOME_POWER), shown(hass, WAY)) == ("1.35", "gateway")
    told = [record.getMessage() for record in caplog.records if "is reached by" in record.getMessage()]
    assert len(told) == 2, told
    assert hass.states.get(CONNECTION).attributes["gateway"] == "ok"


async def test_what_any_way_can_do_is_offered_and_done_by_it(
    hass: HomeAssistant, entry: MockConfigEntry, tesla_cloud: TeslaCloud
) -> None:
    await hass.services.async_call("switch", "turn_off", {"entity_id": "switch.powerwall_storm_watch"}, blocking=True)
    assert tesla_cloud.site.settings["storm"] is False
    assert shown(hass, "switch.powerwall_storm_watch") == "off"
    assert shown(hass, WAY) == "gateway"


async def test_nothing_answers(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    tesla_cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
) -> None:
    gateway.stop()
    tesla_cloud.stop()
    await pass_time(hass, freezer, entry, seconds=70)
    assert (shown(hass, HOME_POWER), shown(hass, WAY)) == ("unavailable", "unknown")
    assert shown(hass, CONNECTION) == "unreachable"
    assert hass.states.get(CONNECTION).attributes["teslemetry"] == "unreachable"


@pytest.mark.parametrize("really_kwh", [0.29, 0.31, 2.0])
async def test_ways_that_take_turns_count_nothing_twice_and_lose_nothing(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    gateway: GatewayServer,
    freezer: FrozenDateTimeFactory,
    really_kwh: float,
) -> None:
    """The gateway counts, the cloud shows only powers: the gateway's counter has the last word, and nothing falls."""
    begun = home_kwh(hass)
    gateway.stop()
    for _ in range(13):
        await pass_time(hass, freezer, entry, seconds=60)
    stood_in = home_kwh(hass) - begun
    assert stood_in == pytest.approx(1.5 * 12 / 60, abs=0.03)
    imported, exported = gateway.state.energies_wh["load"]
    gateway.state.energies_wh["load"] = (imported + really_kwh * 1000, exported)
    gateway.end_sessions()
    gateway.start()
    for _ in range(3):
        await pass_time(hass, freezer, entry, seconds=70)
    assert shown(hass, WAY) == "gateway"
    assert home_kwh(hass) - begun == pytest.approx(max(really_kwh, stood_in), abs=0.03)
    gateway.state.energies_wh["load"] = (imported + really_kwh * 1000 + 1000, exported)
    await pass_time(hass, freezer, entry, seconds=600)
    assert home_kwh(hass) - begun == pytest.approx(really_kwh + 1.0, abs=0.002)


def home_kwh(hass: HomeAssistant) -> float:
    return float(shown(hass, "sensor.powerwall_home_energy"))


async def test_an_outage_of_the_cloud_is_filled_from_its_history(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    freezer.tick(timedelta(minutes=5))  # the history knows the whole of the stretch in which we begin
    entry = await set_up(hass, home(powerwall(teslemetry_way(tesla_cloud))))
    for _ in range(2):
        await pass_time(hass, freezer, entry, seconds=31)
    begun = home_kwh(hass)
    tesla_cloud.stop()
    for _ in range(3):
        await pass_time(hass, freezer, entry, minutes=15)
        assert shown(hass, HOME_POWER) == "unavailable"
    tesla_cloud.start()
    await pass_time(hass, freezer, entry, minutes=1)
    assert 1.5 * 40 / 60 < home_kwh(hass) - begun <= 1.5 * 46 / 60, "the last minutes follow when they are whole"
    for _ in range(6):
        await pass_time(hass, freezer, entry, minutes=10)
    assert 1.5 * 100.5 / 60 <= home_kwh(hass) - begun <= 1.5 * 106 / 60, "asked again, nothing came twice"
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_restart_is_filled_from_the_history_even_when_it_is_told_late(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    freezer.tick(timedelta(minutes=5))  # the history knows the whole of the stretch in which we begin
    entry = await set_up(hass, home(powerwall(teslemetry_way(tesla_cloud))))
    for _ in range(2):
        await pass_time(hass, freezer, entry, seconds=31)
    begun = home_kwh(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    freezer.tick(timedelta(hours=2))
    tesla_cloud.site.history_lag = timedelta(minutes=15)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert 1.5 * 90 / 60 < home_kwh(hass) - begun <= 1.5 * 110 / 60
    for _ in range(100):
        await pass_time(hass, freezer, entry, seconds=31)
    assert home_kwh(hass) - begun == pytest.approx(1.5 * (2 + 100 * 31 / 3600), rel=0.01)
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_cloud_that_may_be_asked_seldom_counts_as_much_as_one_asked_often(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    tesla_cloud.site.history_lag = timedelta(minutes=10)
    entry = await set_up(hass, home(powerwall(fleet_way(tesla_cloud))))
    begun = 0.0
    for _ in range(40):
        await pass_time(hass, freezer, entry, minutes=20)
    told = home_kwh(hass) - begun
    assert told == pytest.approx(1.5 * 40 * 20 / 60, abs=1.5 * 11 / 60), "but for what the history does not know yet"
    asked = [call for call in tesla_cloud.calls if call.name == "calendar_history"]
    assert len(asked) <= 40 + 4
    await hass.config_entries.async_unload(entry.entry_id)


async def reconfigure(hass: HomeAssistant, entry: MockConfigEntry, *options: str) -> Any:
    """Open the dialog that changes the Powerwall and choose from its menus."""
    result = await entry.start_subentry_reconfigure_flow(hass, only_subentry(entry).subentry_id)
    for option in options:
        result = await answer(hass, result, {"next_step_id": option})
    return result


async def answer(hass: HomeAssistant, result: Any, user_input: dict[str, Any]) -> Any:
    return await hass.config_entries.subentries.async_configure(result["flow_id"], user_input)


async def test_the_ways_are_listed_in_their_order_with_the_one_in_use(
    hass: HomeAssistant, entry: MockConfigEntry, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    result = await reconfigure(hass, entry)
    assert result["menu_options"] == ["gateway", "teslemetry", "add_way", "remove_way"]
    assert result["description_placeholders"]["ways"].splitlines() == [
        "1. Gateway on the local network – in use",
        "2. Teslemetry – ready, not needed now",
    ]
    gateway.stop()
    await pass_time(hass, freezer, entry, seconds=70)
    hass.config.language = "fr"
    result = await reconfigure(hass, entry)
    assert result["description_placeholders"]["ways"].splitlines() == [
        "1. Passerelle sur le réseau local – Pas de réponse",
        "2. Teslemetry – utilisé",
    ]
    result = await answer(hass, result, {"next_step_id": "add_way"})
    assert result["menu_options"] == ["fleet", "owner", "entities"]


async def test_a_way_is_removed_and_the_last_one_stays(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    result = await reconfigure(hass, entry, "remove_way")
    result = await answer(hass, result, {"way": "gateway"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await hass.async_block_till_done()
    assert list(only_subentry(entry).data["ways"]) == ["teslemetry"]
    assert only_subentry(entry).unique_id == DIN
    assert shown(hass, HOME_POWER) == "1.5"
    assert hass.states.get(WAY) is None
    assert er.async_get(hass).async_get(WAY) is None
    assert (await reconfigure(hass, entry))["menu_options"] == ["teslemetry", "add_way"]


async def test_a_removed_way_leaves_no_login(
    hass: HomeAssistant,
    gateway: GatewayServer,
    tesla_cloud: TeslaCloud,
    hass_storage: dict[str, Any],
    freezer: FrozenDateTimeFactory,
) -> None:
    tesla_cloud.site.gateway_id = DIN
    entry = await set_up(hass, home(powerwall(fleet_way(tesla_cloud), teslemetry_way(tesla_cloud))))
    key = f"{DOMAIN}.tesla_tokens.{only_subentry(entry).subentry_id}"
    kept = hass_storage[key]["data"]["fleet"][0]["token"]
    assert kept != settings_of(only_subentry(entry), "fleet")["refresh_token"], "it was renewed"
    (source,) = entry.runtime_data.sources.values()
    tesla_cloud.oauth.expire_access()
    for _ in range(2):
        await pass_time(hass, freezer, entry, hours=1)
    assert list(entry.runtime_data.sources.values()) == [source], "a renewed login starts nothing anew"
    result = await reconfigure(hass, entry, "remove_way")
    await answer(hass, result, {"way": "fleet"})
    await hass.async_block_till_done()
    assert "fleet" not in hass_storage[key]["data"]
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not [each for each in hass_storage if each.startswith(f"{DOMAIN}.")]


async def test_a_way_to_another_powerwall_is_not_added(
    hass: HomeAssistant, gateway: GatewayServer, tesla_cloud: TeslaCloud
) -> None:
    entry = await set_up(hass, home(powerwall(gateway_way(gateway))))
    token = {"token": tesla_cloud.teslemetry_token, "advanced": {"server": tesla_cloud.base}}
    form = await reconfigure(hass, entry, "add_way", "teslemetry")
    result = await answer(hass, form, token)
    assert result["errors"] == {"base": "other_site"}
    tesla_cloud.others.append(
        tesla_cloud.site.product() | {"energy_site_id": 5, "site_name": "Cabin", "gateway_id": "1152100-00-E--OTHER"}
    )
    tesla_cloud.site.gateway_id = DIN
    result = await answer(hass, result, token)
    assert "site" not in result["data_schema"].schema, "only one of the two can be meant"
    result = await answer(hass, result, {"name": "Powerwall"})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await hass.async_block_till_done()
    assert list(only_subentry(entry).data["ways"]) == ["gateway", "teslemetry"]
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_a_gateway_of_another_powerwall_is_not_added(
    hass: HomeAssistant, gateway: GatewayServer, tesla_cloud: TeslaCloud
) -> None:
    entry = await set_up(hass, home(powerwall(teslemetry_way(tesla_cloud))))
    form = await reconfigure(hass, entry, "add_way", "gateway", "gateway_customer")
    typed = {"name": "Powerwall", "host": gateway.host, "customer_password": CUSTOMER_PASSWORD}
    result = await answer(hass, form, typed)
    assert result["errors"] == {"base": "other_site"}
    gateway.state.din = tesla_cloud.site.gateway_id
    result = await answer(hass, result, typed)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    await hass.async_block_till_done()
    assert shown(hass, HOME_POWER) == "1.35"
    assert shown(hass, WAY) == "gateway"
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_entities_beside_a_gateway_are_taken_at_the_users_word(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    show_battery(hass, grid=1.0, home=1.0)
    result = await reconfigure(hass, entry, "add_way", "entities")
    chosen = {key: value for key, value in BATTERY_ENTITIES.items() if key != "path"}
    result = await answer(hass, result, {"name": "Powerwall", **chosen, "energies": {}, "controls": {}})
    result = await answer(hass, result, {"next_step_id": "entities_save"})
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "same_powerwall")
    assert result["description_placeholders"] == {"name": "Powerwall", "way": "Entities of another integration"}
    assert "entities" not in only_subentry(entry).data["ways"]
    result = await answer(hass, result, {})
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert list(only_subentry(entry).data["ways"]) == ["gateway", "teslemetry", "entities"]
    assert shown(hass, WAY) == "gateway"


async def test_a_budget_is_changed_without_a_login(hass: HomeAssistant, tesla_cloud: TeslaCloud) -> None:
    entry = await set_up(hass, home(powerwall(fleet_way(tesla_cloud))))
    before = settings_of(only_subentry(entry), "fleet")
    result = await reconfigure(hass, entry, "fleet", "fleet_budget")
    result = await answer(hass, result, {"budget_usd": 50})
    result = await answer(hass, result, {"next_step_id": "fleet_save"})
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert settings_of(only_subentry(entry), "fleet") == before | {"budget_usd": 50.0}
    result = await reconfigure(hass, entry, "fleet", "fleet_again")
    pasted = tesla_cloud.oauth.user_logs_in(result["description_placeholders"]["login_url"])
    result = await answer(hass, result, {"redirect": pasted})
    result = await answer(hass, result, {"name": "Roof"})
    assert result["step_id"] == "fleet_budget"
    result = await answer(hass, result, {"budget_usd": 50})
    await answer(hass, result, {"next_step_id": "fleet_save"})
    await hass.async_block_till_done()
    after = settings_of(only_subentry(entry), "fleet")
    assert after["refresh_token"] != before["refresh_token"]
    assert (after["client_secret"], after["budget_usd"], only_subentry(entry).title) == ("fleet-secret", 50.0, "Roof")
    assert hass.states.get("sensor.powerwall_home_power").state == "1.5"
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def test_counted_calls_survive_a_restart(
    hass: HomeAssistant, tesla_cloud: TeslaCloud, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-06-10T12:00:00+00:00")
    entry = await set_up(hass, home(powerwall(fleet_way(tesla_cloud))))
    before = int(shown(hass, "sensor.powerwall_cloud_calls_this_month"))
    assert before == len(tesla_cloud.calls)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    after = int(shown(hass, "sensor.powerwall_cloud_calls_this_month"))
    assert after == len(tesla_cloud.calls) > before
    assert float(shown(hass, "sensor.powerwall_cloud_cost_this_month")) == pytest.approx(after / 500, abs=0.001)
    async_fire_time_changed(hass)
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
