"""A plan carried out through a real gateway's protocol with a registered key (v1r), alone and beside Teslemetry."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.actions.optimize import async_set_optimizes
from custom_components.energy_optimizer.api.powerwall.v1r_key import V1rKey
from custom_components.energy_optimizer.coordinators.planning import planning_of
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from tests.cloud_ways import SHOWN, WRITABLE, teslemetry_way
from tests.forced_homes import COMMAND, SPEAKER, act, control_of, let_pass, let_sleep_pass, powerwall_of, reload
from tests.homes import flat_tariff, home, powerwall, set_up
from tests.planned_homes import Part, plan_nothing, plan_of, show_plan
from tests.servers.gateway import CUSTOMER_PASSWORD, DIN, Firmware, GatewayServer
from tests.servers.gateway_tedapi import KeyState
from tests.servers.tesla_cloud import TeslaCloud

EVENING = datetime(2026, 6, 2, 1, 10, tzinfo=UTC)
STEP = timedelta(seconds=10)
HOLD, SELL_SUN = DecisionKind.HOLD, DecisionKind.EXPORT_SOLAR
CHARGE, DISCHARGE = DecisionKind.CHARGE, DecisionKind.DISCHARGE


@pytest.fixture(scope="module")
def key() -> V1rKey:
    return V1rKey.generate()


@pytest.fixture
def gateway_way(
    gateway: GatewayServer, key: V1rKey, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> dict[str, object]:
    freezer.move_to(EVENING)
    let_sleep_pass(freezer, monkeypatch)
    plan_nothing(monkeypatch)
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
    entry = await set_up(hass, home(powerwall(gateway_way), flat_tariff()))
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def beside(
    hass: HomeAssistant, gateway_way: dict[str, object], tesla_cloud: TeslaCloud
) -> AsyncIterator[MockConfigEntry]:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    tesla_cloud.site.gateway_id = DIN
    tesla_cloud.site.now = lambda: datetime.now(UTC)
    entry = await set_up(hass, home(powerwall(gateway_way, teslemetry_way(tesla_cloud)), flat_tariff()))
    yield entry
    await hass.config_entries.async_unload(entry.entry_id)


async def optimise(hass: HomeAssistant, *parts: Part) -> None:
    await show_plan(planning_of(powerwall_of(hass)), plan_of(datetime.now(UTC), *parts))
    await async_set_optimizes(powerwall_of(hass), on=True)
    await hass.async_block_till_done()


async def test_orders_follow_the_house_and_end_with_the_plan(
    hass: HomeAssistant, alone: MockConfigEntry, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    state = gateway.state
    state.solar_w, state.home_w = 2500.0, 1500.0
    await optimise(hass, Part(hours=0.25, kind=HOLD), Part(hours=0.25, kind=CHARGE, power_kw=2.0), Part(hours=1))
    await let_pass(hass, freezer, 3 * STEP, 3)
    assert state.flowing_w == -1000
    state.solar_w = 500.0
    for _ in range(6):
        await let_pass(hass, freezer, STEP, 1)
        assert state.order.seconds <= 60
    assert state.flowing_w == 0
    assert hass.states.get(SPEAKER).state == "optimize"
    assert hass.states.get(COMMAND).state == "confirmed"
    assert hass.states.get(COMMAND).attributes["means"] == "dispatch"
    await let_pass(hass, freezer, timedelta(minutes=15), 45)
    assert state.flowing_w == -2000
    await let_pass(hass, freezer, timedelta(minutes=15), 45)
    assert state.order is None or state.flowing_w == state.battery_w
    assert hass.states.get(COMMAND).attributes["decision"] == "self_consumption"
    await async_set_optimizes(powerwall_of(hass), on=False)
    assert (state.mode, state.grid_charging) == ("self_consumption", False)
    assert control_of(hass).state.held == {}


async def test_it_ends_by_itself_when_we_die_and_goes_on_when_we_are_back(
    hass: HomeAssistant, alone: MockConfigEntry, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    await optimise(hass, Part(hours=2, kind=DISCHARGE, power_kw=4.0))
    await let_pass(hass, freezer, 2 * STEP, 2)
    assert gateway.state.flowing_w == 4000

    async def a_minute() -> None:
        freezer.tick(timedelta(seconds=60))
        assert gateway.state.flowing_w == gateway.state.battery_w

    await reload(hass, alone, a_minute)
    await let_pass(hass, freezer, 3 * STEP, 3)
    assert gateway.state.flowing_w == 4000


async def test_selling_the_sun_covers_the_house_alone(
    hass: HomeAssistant, alone: MockConfigEntry, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    gateway.state.solar_w, gateway.state.home_w = 3000.0, 1000.0
    await optimise(hass, Part(hours=2, kind=SELL_SUN))
    await let_pass(hass, freezer, 3 * STEP, 3)
    assert gateway.state.flowing_w == 0
    gateway.state.home_w = 3800.0
    await let_pass(hass, freezer, 3 * STEP, 3)
    assert gateway.state.flowing_w == 800


async def test_a_users_force_goes_first(
    hass: HomeAssistant, alone: MockConfigEntry, gateway: GatewayServer, freezer: FrozenDateTimeFactory
) -> None:
    await optimise(hass, Part(hours=2, kind=CHARGE, power_kw=2.0))
    await act(hass, "force_discharge", duration={"minutes": 30}, power_kw=3.0)
    await let_pass(hass, freezer, 2 * STEP, 2)
    assert gateway.state.flowing_w == 3000
    await act(hass, "back_to_automatic")
    await let_pass(hass, freezer, 3 * STEP, 3)
    assert gateway.state.flowing_w == -2000
    assert hass.states.get(SPEAKER).state == "optimize"


@pytest.mark.parametrize("fault", ["no_orders", "deaf"])
async def test_orders_that_are_not_followed_are_given_up(
    hass: HomeAssistant, alone: MockConfigEntry, gateway: GatewayServer, freezer: FrozenDateTimeFactory, fault: str
) -> None:
    gateway.state.takes_orders = fault != "no_orders"
    gateway.state.obeys = fault != "deaf"
    await optimise(hass, Part(hours=2, kind=DISCHARGE, power_kw=4.0))
    await let_pass(hass, freezer, timedelta(minutes=3), 18)
    assert hass.states.get(COMMAND).state == "gave_up"
    assert hass.states.get(SPEAKER).state == "baseline"
    assert control_of(hass).state.held == {}


async def test_a_gateway_that_dies_is_followed_by_the_cloud(
    hass: HomeAssistant,
    beside: MockConfigEntry,
    gateway: GatewayServer,
    tesla_cloud: TeslaCloud,
    freezer: FrozenDateTimeFactory,
) -> None:
    old = dict(tesla_cloud.site.settings)
    await optimise(hass, Part(hours=1.75, kind=CHARGE, power_kw=2.0))
    await let_pass(hass, freezer, 2 * STEP, 2)
    assert gateway.state.flowing_w == -2000
    gateway.stop()
    await let_pass(hass, freezer, timedelta(minutes=6), 36)
    assert control_of(hass).state.decided.means == "tariff"
    assert hass.states.get(COMMAND).state == "confirmed"
    tesla_cloud.site.advance()
    assert tesla_cloud.site.powers(tesla_cloud.site.now())[0] < -3000
    await async_set_optimizes(powerwall_of(hass), on=False)
    await let_pass(hass, freezer, timedelta(minutes=6), 12)
    tesla_cloud.site.advance()
    assert control_of(hass).state.held == {}
    settings = dict(tesla_cloud.site.settings)
    assert {name: settings[name] for name in settings if name != "tariff"} == {
        name: old[name] for name in old if name != "tariff"
    }
