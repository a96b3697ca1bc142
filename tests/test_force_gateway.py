"""Forcing through a real gateway's protocol with a registered key (v1r), alone and with Teslemetry beside it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.api.powerwall.v1r_key import V1rKey
from tests.cloud_ways import SHOWN, WRITABLE, teslemetry_way
from tests.forced_homes import COMMAND, FORCE, act, control_of, let_pass, let_sleep_pass, powerwall_of, reload
from tests.homes import home, powerwall, set_up
from tests.servers.gateway import CUSTOMER_PASSWORD, DIN, Firmware, GatewayServer
from tests.servers.gateway_tedapi import KeyState
from tests.servers.tesla_cloud import TeslaCloud

EVENING = datetime(2026, 6, 2, 1, 10, tzinfo=UTC)
STEP = timedelta(seconds=10)


@pytest.fixture(scope="module")
def key() -> V1rKey:
    return V1rKey.generate()


@pytest.fixture
def gateway_way(
    hass: HomeAssistant,
    gateway: GatewayServer,
    key: V1rKey,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, object]:
    freezer.move_to(EVENING)
    let_sleep_pass(freezer, monkeypatch)
    gateway.state.firmware = Firmware.POWERWALL_3
    gateway.state.keys.states[key.public_der] = KeyState.VERIFIED
    return {
        "path": "gateway",
        "host": gateway.host,
        "auth": "key",
        "gateway_password": "LOOPBACKT1PWD",
        "customer_password": CUSTOMER_PASSWORD,
        "key_pem": key.pem,
        "serial": DIN,
        "writable": sorted(WRITABLE - {"storm_mode"}),
        "shown": sorted(SHOWN - {"storm_mode"}),
    }


@pytest.fixture
async def alone(hass: HomeAssistant, gateway_way: dict[str, object]) -> AsyncIterator[MockConfigEntry]:
    entry = await set_up(hass, home(powerwall(gateway_way)))
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def beside(
    hass: HomeAssistant, gateway_way: dict[str, object], tesla_cloud: TeslaCloud
) -> AsyncIterator[MockConfigEntry]:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    tesla_cloud.site.gateway_id = DIN
    tesla_cloud.site.now = lambda: datetime.now(UTC)
    entry = await set_up(hass, home(powerwall(gateway_way, teslemetry_way(tesla_cloud))))
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


async def test_orders_are_short_renewed_and_taken_back(
    hass: HomeAssistant, alone: MockConfigEntry, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    answer = await act(hass, "force_charge", duration={"minutes": 30}, power_kw=2.0)
    assert (answer["means"], answer["outcome"]) == ("dispatch", "confirmed")
    for _ in range(12):
        await let_pass(hass, freezer, STEP, 1)
        assert gateway.state.flowing_w == -2000
        assert gateway.state.order.seconds <= 60
    answer = await act(hass, "back_to_automatic")
    assert answer["outcome"] == "restored"
    assert gateway.state.order is None
    assert (gateway.state.mode, gateway.state.grid_charging) == ("self_consumption", False)


async def test_it_ends_at_its_minute(
    hass: HomeAssistant, alone: MockConfigEntry, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_discharge", duration={"minutes": 31})
    assert gateway.state.flowing_w == 10_000
    await let_pass(hass, freezer, timedelta(minutes=30, seconds=30), 61)
    assert gateway.state.flowing_w == 10_000
    await let_pass(hass, freezer, timedelta(seconds=40), 4)
    assert gateway.state.flowing_w == gateway.state.battery_w
    assert hass.states.get(FORCE).state == "automatic"


async def test_it_ends_by_itself_when_we_die(
    hass: HomeAssistant, alone: MockConfigEntry, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_discharge", duration={"minutes": 60})

    async def a_minute() -> None:
        assert gateway.state.flowing_w == 10_000
        freezer.tick(timedelta(seconds=60))
        assert gateway.state.flowing_w == gateway.state.battery_w

    await reload(hass, alone, a_minute)
    await let_pass(hass, freezer, 3 * STEP, 3)
    assert gateway.state.flowing_w == 10_000


async def test_firmware_that_knows_no_orders_says_so(
    hass: HomeAssistant, alone: MockConfigEntry, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    gateway.state.takes_orders = False
    with pytest.raises(HomeAssistantError) as error:
        await act(hass, "force_charge", duration={"minutes": 30})
    assert error.value.translation_key == "force_failed"
    assert hass.states.get(COMMAND).state == "gave_up"
    assert control_of(hass).state.held == {}


async def test_an_order_that_is_accepted_and_not_followed_is_given_up(
    hass: HomeAssistant, alone: MockConfigEntry, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    gateway.state.obeys = False
    await act(hass, "force_discharge", duration={"minutes": 30})
    assert hass.states.get(COMMAND).state == "pending"
    await let_pass(hass, freezer, timedelta(minutes=3), 18)
    assert hass.states.get(COMMAND).state == "gave_up"


async def test_a_dead_gateway_leaves_it_to_the_cloud(
    hass: HomeAssistant,
    beside: MockConfigEntry,
    gateway: GatewayServer,
    tesla_cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
) -> None:
    old = dict(tesla_cloud.site.settings)
    gateway.stop()
    answer = await act(hass, "force_discharge", duration={"minutes": 30})
    assert (answer["means"], answer["outcome"]) == ("tariff", "confirmed")
    tesla_cloud.site.advance()
    assert tesla_cloud.site.powers(tesla_cloud.site.now())[0] > 3000
    with pytest.raises(ServiceValidationError) as error:
        await act(hass, "force_charge", duration={"minutes": 30}, power_kw=2.0)
    assert error.value.translation_key == "force_unreachable"
    await act(hass, "back_to_automatic")
    await let_pass(hass, freezer, timedelta(minutes=6), 12)
    tesla_cloud.site.advance()
    assert control_of(hass).state.held == {}
    settings = dict(tesla_cloud.site.settings)
    assert {name: settings[name] for name in settings if name != "tariff"} == {
        name: old[name] for name in old if name != "tariff"
    }


async def test_a_gateway_that_dies_in_the_middle_is_followed_by_the_cloud(
    hass: HomeAssistant,
    beside: MockConfigEntry,
    gateway: GatewayServer,
    tesla_cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
) -> None:
    answer = await act(hass, "force_charge", duration={"minutes": 90})
    assert answer["means"] == "dispatch"
    gateway.stop()
    await let_pass(hass, freezer, timedelta(minutes=6), 36)
    assert control_of(hass).state.force.means == "tariff"
    assert hass.states.get(COMMAND).state == "confirmed"
    tesla_cloud.site.advance()
    assert tesla_cloud.site.powers(tesla_cloud.site.now())[0] < -3000
    await let_pass(hass, freezer, timedelta(minutes=130), 130)
    assert control_of(hass).state.held == {}
    assert powerwall_of(hass).way == "teslemetry"
    assert tesla_cloud.site.settings["mode"] == "self_consumption"
