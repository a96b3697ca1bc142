"""What a card sees that subscribes to the plan."""

from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import DATA_DISPATCHER
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.coordinators.signals import signal_plan
from tests.coordinators.planned_home import LIVING, NOON, by_hours, go_on, planning
from tests.forced_homes import powerwall_of, reload
from tests.homes import home, powerwall, set_up

SUBSCRIBE = {"type": f"{DOMAIN}/plan/subscribe"}
DECISION = "sensor.powerwall_decision"


@pytest.fixture(autouse=True)
async def _in_california(hass: HomeAssistant, freezer: FrozenDateTimeFactory, socket_enabled: None) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(NOON + timedelta(minutes=2))


async def subscribe(client: Any, **home_named: str) -> dict[str, Any]:
    """Subscribe and return the first news."""
    await client.send_json_auto_id({**SUBSCRIBE, **home_named})
    result = await client.receive_json()
    assert result["success"], result
    news = await client.receive_json()
    assert news["type"] == "event"
    found: dict[str, Any] = news["event"]
    return found


async def test_the_present_plan_comes_at_once_and_each_new_one_after_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hass_ws_client: WebSocketGenerator
) -> None:
    await set_up(hass, home(powerwall(LIVING), by_hours()))
    client = await hass_ws_client(hass)
    assert (await subscribe(client))["why_not"] == "starting"
    await go_on(hass, freezer, 2)
    news = (await client.receive_json())["event"]
    plan = planning(hass).data.plan
    assert plan is not None
    columns = news["steps"]
    assert {len(column) for column in columns.values()} == {len(plan.steps)}
    assert columns["start"][0] == NOON.timestamp()
    assert columns["import_price"] == [round(step.import_per_kwh, 5) for step in plan.steps]
    assert columns["level_percent"][-1] == pytest.approx(plan.steps[-1].level_kwh / 13.5 * 100, abs=0.01)
    assert news["stretches"][0]["start"] == columns["start"][0]
    assert news["stretches"][-1]["end"] == columns["end"][-1]
    assert news["stretches"][0]["reason_texts"][columns["reason"][0]]
    assert len(news["forecasts"]["load"]["p50"]) >= 96
    await planning(hass).async_plan_now()
    assert (await client.receive_json())["event"]["steps"]["start"]


async def test_what_happened_comes_with_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hass_ws_client: WebSocketGenerator
) -> None:
    await set_up(hass, home(powerwall(LIVING), by_hours()))
    for _ in range(20):
        await go_on(hass, freezer, 30)
    history = (await subscribe(await hass_ws_client(hass)))["history"]
    assert history["start"] == [NOON.timestamp(), (NOON + timedelta(minutes=5)).timestamp()]
    assert history["decision"][0] is None
    assert history["decision"][1] is not None
    assert all(power is not None for power in history["load_kw"])
    assert all(0 <= level <= 100 for level in history["level_percent"])


async def test_a_home_is_found_by_its_devices_and_entities(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hass_ws_client: WebSocketGenerator
) -> None:
    entry = await set_up(hass, home(powerwall(LIVING), by_hours()))
    client = await hass_ws_client(hass)
    entity = er.async_get(hass).async_get(DECISION)
    assert entity is not None
    assert entity.device_id is not None
    home_device_id = entry.runtime_data.home_device_id
    for named in (
        {"config_entry": entry.entry_id},
        {"device_id": entity.device_id},
        {"device_id": home_device_id},
        {"entity_id": DECISION},
    ):
        assert (await subscribe(client, **named))["home"] == "Home"


@pytest.mark.parametrize("named", [{"device_id": "none"}, {"entity_id": "sensor.other"}])
async def test_what_leads_to_no_powerwall_is_refused_in_words(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, named: dict[str, str]
) -> None:
    await set_up(hass, home(powerwall(LIVING), by_hours()))
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({**SUBSCRIBE, **named})
    answer = await client.receive_json()
    assert not answer["success"]
    assert answer["error"]["code"] == "not_found"
    assert answer["error"]["translation_key"] == "device_without_powerwall"


async def test_it_goes_on_when_the_home_was_reloaded(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hass_ws_client: WebSocketGenerator
) -> None:
    entry = await set_up(hass, home(powerwall(LIVING), by_hours()))
    client = await hass_ws_client(hass)
    await subscribe(client)
    await reload(hass, entry)
    await go_on(hass, freezer, 2)
    assert (await client.receive_json())["event"]["steps"]["start"]


async def test_leaving_leaves_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hass_ws_client: WebSocketGenerator
) -> None:
    entry = await set_up(hass, home(powerwall(LIVING), by_hours()))
    client = await hass_ws_client(hass)
    await subscribe(client)
    assert hass.data[DATA_DISPATCHER][signal_plan(entry.entry_id)]
    await client.send_json_auto_id({"type": "unsubscribe_events", "subscription": 1})
    assert (await client.receive_json())["success"]
    assert not hass.data[DATA_DISPATCHER].get(signal_plan(entry.entry_id))


async def test_no_admin_is_needed_and_the_language_is_the_users(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
) -> None:
    await set_up(hass, home(powerwall(LIVING)))
    await go_on(hass, freezer, 2)
    client = await hass_ws_client(hass, hass_read_only_access_token)
    assert powerwall_of(hass)
    assert (await subscribe(client, language="fr"))["why_not_text"] == "Le foyer n’a pas de tarif"
