"""What a home used and its panels gave, from the recorder's real statistics and the real ledger."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager
from sqlalchemy.exc import OperationalError

from custom_components.energy_optimizer.coordinators import planning_statistics
from custom_components.energy_optimizer.coordinators.planning_history import PlanningHistory
from custom_components.energy_optimizer.coordinators.powerwall import PowerwallCoordinator
from custom_components.energy_optimizer.core.accounting.slots import CounterReading
from custom_components.energy_optimizer.storage.ledger import HomeLedger, LedgerUnavailableError
from custom_components.energy_optimizer.storage.ledger.errors import LedgerError
from tests.coordinators.planning_homes import (
    FIVE_MINUTES,
    HOUR,
    NOON,
    at,
    is_unknown,
    powerwall_of,
    record_energy,
    record_power,
    sensor_of,
)
from tests.homes import BATTERY_ENTITIES, hide_battery, home, powerwall, set_up, show_battery
from tests.storage.ledger_samples import Keeper

DAY = timedelta(days=1)
HALF_HOUR = timedelta(minutes=30)
CAR = "sensor.car_power"


@pytest.fixture
async def mock_recorder_before_hass(async_test_recorder: RecorderInstanceContextManager) -> None:
    """Prepare the recorder's database before Home Assistant starts."""


@pytest.fixture
async def recorded(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[PowerwallCoordinator]:
    """A Powerwall beside a recorder."""
    freezer.move_to(NOON)
    show_battery(hass, home=0.75, solar=0.25)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    yield powerwall_of(entry)
    await async_wait_recording_done(hass)


async def keep_load(hass: HomeAssistant, powerwall: PowerwallCoordinator) -> str:
    """Record 1 kW by the hour for 14 days, and 2 kW by five minutes for the last 2 of them."""
    sensor = sensor_of(hass, powerwall, "home_power")
    await record_power(hass, sensor, NOON - 14 * DAY, [1.0] * 336)
    await record_power(hass, sensor, NOON - 2 * DAY, [2.0] * 576, step=FIVE_MINUTES)
    return sensor


async def test_hours_of_long_ago_and_five_minutes_of_late(hass: HomeAssistant, recorded: PowerwallCoordinator) -> None:
    await keep_load(hass, recorded)
    solar = sensor_of(hass, recorded, "solar_power")
    await record_power(hass, solar, NOON - 10 * DAY, [3.0] * 240)
    history = await PlanningHistory(recorded).async_gather(NOON)
    load = history.load_kw
    assert (load.step, load.ends_at, load.starts_at) == (HALF_HOUR, NOON, NOON - 14 * DAY)
    assert load.values == pytest.approx([1.0] * (12 * 48) + [2.0] * (2 * 48))
    assert (history.solar_kw.starts_at, history.solar_kw.ends_at) == (load.starts_at, load.ends_at)
    assert is_unknown(history.solar_kw, NOON - 11 * DAY)
    assert at(history.solar_kw, NOON - 3 * DAY) == pytest.approx(3.0)
    assert history.recent_load_kw.step == FIVE_MINUTES
    assert history.recent_load_kw.ends_at == NOON


async def test_steps_end_now_whatever_the_minute(
    hass: HomeAssistant, recorded: PowerwallCoordinator, freezer: FrozenDateTimeFactory
) -> None:
    sensor = sensor_of(hass, recorded, "home_power")
    await record_power(hass, sensor, NOON - DAY, [float(index % 12) for index in range(288)], step=FIVE_MINUTES)
    freezer.move_to(NOON - timedelta(minutes=12, seconds=7))
    history = await PlanningHistory(recorded).async_gather(dt_util.utcnow())
    assert history.load_kw.ends_at == NOON - timedelta(minutes=15)
    assert history.load_kw.values[-2:] == pytest.approx([np.mean([9, 10, 11, 0, 1, 2]), np.mean([3, 4, 5, 6, 7, 8])])


@pytest.mark.parametrize(("unit", "factor"), [("W", 1000.0), ("kW", 1.0), ("MW", 0.001)])
async def test_units_do_not_matter(
    hass: HomeAssistant, recorded: PowerwallCoordinator, unit: str, factor: float
) -> None:
    sensor = sensor_of(hass, recorded, "home_power")
    await record_power(hass, sensor, NOON - DAY, [1.5 * factor] * 24, unit=unit)
    history = await PlanningHistory(recorded).async_gather(NOON)
    assert history.load_kw.values == pytest.approx([1.5] * 48)


async def test_counters_stand_in_for_a_power_that_was_not_recorded(
    hass: HomeAssistant, recorded: PowerwallCoordinator
) -> None:
    sums: list[float | None] = [500.0 * index for index in range(24)]
    sums[10:16] = [None] * 6
    await record_energy(hass, sensor_of(hass, recorded, "home_energy"), NOON - DAY, sums, unit="Wh")
    load = (await PlanningHistory(recorded).async_gather(NOON)).load_kw
    assert at(load, NOON - 20 * HOUR) == pytest.approx(0.5)
    assert at(load, NOON - 2 * HOUR) == pytest.approx(0.5)
    for hours in range(8, 15):  # the hour after the silence would hold all that flowed in it
        assert is_unknown(load, NOON - hours * HOUR), hours
    assert is_unknown(load, NOON - 24 * HOUR)  # nobody knows what the first row rose by


async def test_a_renamed_sensor_keeps_its_past(hass: HomeAssistant, recorded: PowerwallCoordinator) -> None:
    sensor = await keep_load(hass, recorded)
    er.async_get(hass).async_update_entity(sensor, new_entity_id="sensor.what_we_use")
    await hass.async_block_till_done()
    await async_wait_recording_done(hass)
    load = (await PlanningHistory(recorded).async_gather(NOON)).load_kw
    assert at(load, NOON - 12 * DAY) == pytest.approx(1.0)
    assert at(load, NOON - DAY) == pytest.approx(2.0)


async def test_the_last_minutes_are_the_last_reading(
    hass: HomeAssistant, recorded: PowerwallCoordinator, freezer: FrozenDateTimeFactory
) -> None:
    await keep_load(hass, recorded)
    history = PlanningHistory(recorded)
    freezer.move_to(NOON + timedelta(minutes=6))
    show_battery(hass, home=0.5, solar=0.25, grid=0.25)
    await recorded.async_refresh()
    gathered = await history.async_gather(dt_util.utcnow())
    assert gathered.recent_load_kw.ends_at == NOON + FIVE_MINUTES
    assert gathered.recent_load_kw.values[-2:] == pytest.approx([2.0, 0.5])
    freezer.move_to(NOON + timedelta(minutes=50))
    hide_battery(hass)
    await recorded.async_refresh()  # nothing new: what is unknown stays unknown
    gathered = await history.async_gather(dt_util.utcnow())
    assert np.isnan(gathered.recent_load_kw.values[-8:]).all()


async def test_only_what_is_new_is_read_again(
    hass: HomeAssistant,
    recorded: PowerwallCoordinator,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sensor = await keep_load(hass, recorded)
    asked: list[tuple[datetime, str]] = []
    ask = planning_statistics.statistics_during_period

    def listening(hass: HomeAssistant, since: datetime, until: datetime, ids: set[str], period: Any, *more: Any) -> Any:
        asked.append((since, period))
        return ask(hass, since, until, ids, period, *more)

    monkeypatch.setattr(planning_statistics, "statistics_during_period", listening)
    history = PlanningHistory(recorded)
    first = await history.async_gather(NOON)
    assert {period for _, period in asked} == {"hour", "5minute"}
    asked.clear()
    await record_power(hass, sensor, NOON, [5.0] * 3, step=FIVE_MINUTES)
    freezer.move_to(NOON + timedelta(minutes=15))
    second = await history.async_gather(dt_util.utcnow())
    assert {period for _, period in asked} == {"5minute"}
    assert min(since for since, _ in asked) >= NOON - 4 * HOUR
    assert second.load_kw.ends_at == NOON + timedelta(minutes=15)
    assert second.load_kw.values[-1] == pytest.approx(3.5)
    assert at(second.load_kw, NOON - 12 * DAY) == at(first.load_kw, NOON - 12 * DAY) == pytest.approx(1.0)
    asked.clear()
    freezer.move_to(NOON + timedelta(hours=13))
    await history.async_gather(dt_util.utcnow())
    assert "hour" in {period for _, period in asked}  # all of it, as the past may have been filled in
    asked.clear()
    await history.async_gather(NOON)
    assert "hour" in {period for _, period in asked}  # the clock went back


async def test_what_is_left_out_is_subtracted_and_its_silences_are_judged(
    hass: HomeAssistant, recorded: PowerwallCoordinator
) -> None:
    await record_power(hass, sensor_of(hass, recorded, "home_power"), NOON - 2 * DAY, [8.0] * 48)
    car: list[float | None] = [None] * 12 + [0.0, None, None, 0.0, 7400.0, None, 7400.0, None, 0.0, 9000.0, 0.0]
    await record_power(hass, CAR, NOON - DAY, car, unit="W")
    load = (await PlanningHistory(recorded, [CAR]).async_gather(NOON)).load_kw

    def hour(index: int) -> float:
        return at(load, NOON - DAY + index * HOUR)

    assert hour(3) == pytest.approx(8.0)  # before anybody knew of the car
    assert hour(13) == hour(14) == pytest.approx(8.0)  # silent between two looks at which it stood idle
    assert hour(16) == pytest.approx(0.6)
    assert np.isnan(hour(17))  # it may have gone on charging
    assert hour(18) == pytest.approx(0.6)
    assert np.isnan(hour(19))
    assert hour(20) == pytest.approx(8.0)
    assert hour(21) == 0.0  # never less than nothing
    assert hour(23) == pytest.approx(8.0)


async def test_a_counter_is_left_out_by_its_id_in_the_registry(
    hass: HomeAssistant, recorded: PowerwallCoordinator
) -> None:
    await record_power(hass, sensor_of(hass, recorded, "home_power"), NOON - DAY, [4.0] * 24)
    plug = er.async_get(hass).async_get_or_create("sensor", "shelly", "plug", suggested_object_id="plug_energy")
    await record_energy(hass, plug.entity_id, NOON - 2 * DAY, [3.0 * index for index in range(48)])
    load = (await PlanningHistory(recorded, [plug.id, "sensor.gone"]).async_gather(NOON)).load_kw
    assert load.values == pytest.approx([1.0] * 48)


async def test_a_car_that_vanished_while_charging_does_not_hide_the_house_for_ever(
    hass: HomeAssistant, recorded: PowerwallCoordinator
) -> None:
    await record_power(hass, sensor_of(hass, recorded, "home_power"), NOON - 6 * DAY, [2.0] * (6 * 24))
    await record_power(hass, CAR, NOON - 5 * DAY, [1.0])
    load = (await PlanningHistory(recorded, [CAR]).async_gather(NOON)).load_kw
    assert is_unknown(load, NOON - 5 * DAY + 12 * HOUR)
    assert at(load, NOON - 3 * DAY) == pytest.approx(2.0)


async def test_a_home_without_a_past_begins_with_nothing(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(NOON)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    history = await PlanningHistory(powerwall_of(entry)).async_gather(NOON)
    assert history.load_kw.values.size == history.solar_kw.values.size == 0
    assert history.load_kw.ends_at == NOON


async def test_no_panels_give_nothing_and_that_is_known(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(NOON)
    show_battery(hass, home=1.0)
    ways = {name: value for name, value in BATTERY_ENTITIES.items() if name != "solar_power"}
    entry = await set_up(hass, home(powerwall(ways)))
    freezer.move_to(NOON + timedelta(minutes=5))
    history = await PlanningHistory(powerwall_of(entry)).async_gather(dt_util.utcnow())
    assert history.recent_solar_kw.values == pytest.approx(np.zeros(history.recent_solar_kw.values.size))


def follow(entry: MockConfigEntry, points: list[tuple[datetime, float]]) -> None:
    """Let the home's counter of use be read at some times."""
    keeper = Keeper(entry.runtime_data.ledger)
    source = powerwall_of(entry).subentry_id
    for taken_at, kwh in points:
        keeper.read(CounterReading(source=source, origin="o", taken_at=taken_at, totals={"home_kwh": kwh}))


async def test_the_ledger_knows_without_a_recorder(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(NOON)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    start = NOON - 20 * DAY
    points = [(start + FIVE_MINUTES * index, 0.25 * index) for index in range(13)]
    points += [(start + 3 * HOUR, 9.0), (start + 3 * HOUR + 10 * timedelta(minutes=1), 9.5)]
    follow(entry, points)
    load = (await PlanningHistory(powerwall_of(entry)).async_gather(NOON)).load_kw
    assert at(load, start + HALF_HOUR) == pytest.approx(3.0)
    assert is_unknown(load, start + 2 * HOUR)  # two hours of which only the sum is known
    assert is_unknown(load, start + 3 * HOUR)  # ten minutes of a half-hour


async def test_readings_that_are_ten_minutes_apart_are_good_enough(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(NOON)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    kwh, points = 0.0, []
    for index in range(60):
        points.append((NOON - 2 * DAY + index * timedelta(minutes=10), kwh))
        kwh += 0.1 * (1 + index % 3)
    follow(entry, points)
    load = (await PlanningHistory(powerwall_of(entry)).async_gather(NOON)).load_kw
    assert at(load, NOON - 2 * DAY + HOUR) == pytest.approx(1.2)


async def test_what_was_measured_outweighs_the_recorder(hass: HomeAssistant, recorded: PowerwallCoordinator) -> None:
    await record_power(hass, sensor_of(hass, recorded, "home_power"), NOON - DAY, [1.0] * 24)
    start = NOON - 10 * HOUR
    follow(recorded.config_entry, [(start + FIVE_MINUTES * index, 0.5 * index) for index in range(7)])
    load = (await PlanningHistory(recorded).async_gather(NOON)).load_kw
    assert at(load, start) == pytest.approx(6.0)
    assert at(load, start + HALF_HOUR) == pytest.approx(1.0)


async def test_a_database_that_is_away_does_not_stop_the_planner(
    hass: HomeAssistant, recorded: PowerwallCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> Any:
        raise OperationalError("select", {}, Exception("disk I/O error"))

    monkeypatch.setattr(planning_statistics, "statistics_during_period", broken)
    await record_power(hass, sensor_of(hass, recorded, "home_power"), NOON - DAY, [1.0] * 24)
    start = NOON - 10 * HOUR
    follow(recorded.config_entry, [(start + FIVE_MINUTES * index, 0.5 * index) for index in range(7)])
    load = (await PlanningHistory(recorded).async_gather(NOON)).load_kw
    assert at(load, start) == pytest.approx(6.0)


async def test_a_ledger_that_is_away_leaves_the_recorder(
    hass: HomeAssistant, recorded: PowerwallCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*args: Any) -> Any:
        raise LedgerUnavailableError(LedgerError("cannot_connect", "gone"))

    await record_power(hass, sensor_of(hass, recorded, "home_power"), NOON - DAY, [1.0] * 24)
    monkeypatch.setattr(HomeLedger, "energies", away)
    load = (await PlanningHistory(recorded).async_gather(NOON)).load_kw
    assert load.values == pytest.approx([1.0] * 48)


async def test_five_minutes_that_were_not_read_to_their_end_are_no_mean(
    hass: HomeAssistant, recorded: PowerwallCoordinator
) -> None:
    points = [(NOON - FIVE_MINUTES, 0.0), (NOON, 0.25), (NOON + timedelta(minutes=2), 0.35)]
    follow(recorded.config_entry, points)
    history = await PlanningHistory(recorded).async_gather(NOON + FIVE_MINUTES)
    assert history.recent_load_kw.values[-2:] == pytest.approx([3.0, 0.75])  # the last reading stands for the last
