"""All that forecasts are made of, in one look, and what becomes of the forecasts."""

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_integration,
    mock_platform,
)
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.energy_optimizer.coordinators.planning_inputs import (
    IMPORT_PRICE,
    LOAD,
    SOLAR,
    STEPS_AHEAD,
    InputGatherer,
)
from custom_components.energy_optimizer.core.model.forecast import QUANTILES, Forecast
from custom_components.energy_optimizer.core.model.site import SolarPanels
from custom_components.energy_optimizer.storage.planning import StoredPlanning, planning_from_json
from tests.coordinators.planning_homes import FIVE_MINUTES, NOON, at, powerwall_of, record_power, sensor_of
from tests.homes import BATTERY_ENTITIES, flat_tariff, home, powerwall, set_up, show_battery

DAY, HOUR, HALF_HOUR = timedelta(days=1), timedelta(hours=1), timedelta(minutes=30)
WEATHER = {"temperature": 21.0, "temperature_unit": "°C"}
PANELS = {"kwp": 6, "tilt": 30.0, "azimuth": 180.0}


@pytest.fixture
async def mock_recorder_before_hass(async_test_recorder: RecorderInstanceContextManager) -> None:
    """Prepare the recorder's database before Home Assistant starts."""


@pytest.fixture
async def entry(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> AsyncIterator[MockConfigEntry]:
    """A home with a recorder, a solar forecast of 1.2 kW all the time, weather and a car that is left out."""
    freezer.move_to(NOON)

    async def foretell(hass: HomeAssistant, entry_id: str) -> dict[str, dict[str, float]]:
        start = dt_util.start_of_local_day()
        return {"wh_hours": {(start + HOUR * index).isoformat(): 1200.0 for index in range(72)}}

    mock_integration(hass, MockModule("sunny"))
    mock_platform(hass, "sunny.energy", SimpleNamespace(async_get_solar_forecast=foretell))
    assert await async_setup_component(hass, "sunny", {})
    MockConfigEntry(domain="sunny").add_to_hass(hass)
    hass.states.async_set("weather.here", "sunny", WEATHER)
    show_battery(hass, home=0.75, solar=0.25)
    made = home(powerwall(BATTERY_ENTITIES), flat_tariff())
    made.add_to_hass(hass)
    options = {"forecasts": {"weather": "weather.here", "left_out_loads": ["sensor.car"], "panels": PANELS}}
    hass.config_entries.async_update_entry(made, options=options)
    assert await hass.config_entries.async_setup(made.entry_id)
    await hass.async_block_till_done()
    yield made
    await async_wait_recording_done(hass)


async def record_days(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    pw = powerwall_of(entry)
    await record_power(hass, sensor_of(hass, pw, "home_power"), NOON - 3 * DAY, [2.0] * 72)
    await record_power(hass, sensor_of(hass, pw, "solar_power"), NOON - 3 * DAY, [1.0] * 72)
    await record_power(hass, "sensor.car", NOON - 2 * DAY, [1.5] + [0.0] * 47)


async def test_one_look(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await record_days(hass, entry)
    inputs = await InputGatherer(powerwall_of(entry), StoredPlanning()).async_gather(NOON)
    load = inputs.history.load_kw
    assert load.values.size == 3 * 48
    assert at(load, NOON - 2 * DAY) == pytest.approx(0.5)
    assert at(load, NOON - DAY) == pytest.approx(2.0)
    assert inputs.history.solar_kw.values == pytest.approx(np.ones(3 * 48))
    for series in (inputs.history.temperature, inputs.solar_given):
        assert series is not None
        assert (series.starts_at, series.step) == (load.starts_at, load.step)
        assert series.values.size == load.values.size + STEPS_AHEAD
    assert inputs.solar_given is not None
    assert inputs.solar_given.values[load.values.size + 4] == pytest.approx(1.2)
    assert inputs.history.temperature is not None
    assert at(inputs.history.temperature, NOON + timedelta(minutes=10)) == pytest.approx(21.0)
    assert inputs.site.panels == (SolarPanels(kwp=6.0, tilt_degrees=30.0, azimuth_degrees=180.0),)
    assert (inputs.site.place.latitude, inputs.site.place.longitude) == (37.77, -122.42)
    assert inputs.prices is not None
    assert inputs.prices.import_.known.values == pytest.approx(np.full(STEPS_AHEAD, 0.31))


async def test_without_anything_there_is_an_answer(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(NOON)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    inputs = await InputGatherer(powerwall_of(entry), StoredPlanning()).async_gather(NOON)
    assert inputs.history.load_kw.values.size == 0
    assert (inputs.history.temperature, inputs.solar_given, inputs.prices) == (None, None, None)
    assert inputs.site.panels == ()


def flat_forecast(now: Any, level: float) -> Forecast:
    quantiles = np.full((len(QUANTILES), STEPS_AHEAD), level)
    return Forecast(starts_at=now, step=HALF_HOUR, quantiles=quantiles)


async def test_forecasts_are_scored_when_their_time_has_come_also_after_a_restart(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await record_days(hass, entry)
    gatherer = InputGatherer(powerwall_of(entry), StoredPlanning())
    await gatherer.async_gather(NOON)
    gatherer.note({LOAD: flat_forecast(NOON, 3.0), SOLAR: flat_forecast(NOON, 0.5)}, NOON)
    gatherer.note({IMPORT_PRICE: flat_forecast(NOON, 0.30)}, NOON)
    kept = planning_from_json(json.loads(json.dumps(asdict(gatherer.stored({"risk": 0.4})))))
    assert kept.settings == {"risk": 0.4}
    again = InputGatherer(powerwall_of(entry), kept)
    pw = powerwall_of(entry)
    for key, power_kw in (("home_power", 2.5), ("solar_power", 1.0)):
        await record_power(hass, sensor_of(hass, pw, key), NOON, [power_kw] * 24, step=FIVE_MINUTES)
    later = NOON + 2 * HOUR
    freezer.move_to(later)
    await record_power(hass, "sensor.car", NOON, [0.0] * 24, step=FIVE_MINUTES)
    await again.async_gather(later)
    scores = again.book.scores(later)
    assert {name: (score.count, score.bias) for name, score in scores.items()} == {
        LOAD: (1, pytest.approx(0.5)),
        SOLAR: (1, pytest.approx(-0.5)),
        IMPORT_PRICE: (1, pytest.approx(-0.01)),
    }


async def test_what_forecasts_said_before_a_restart_is_known_after_it(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    gatherer = InputGatherer(powerwall_of(entry), StoredPlanning())
    await gatherer.async_gather(NOON)
    kept = planning_from_json(json.loads(json.dumps(asdict(gatherer.stored({})))))
    await record_days(hass, entry)
    pw = powerwall_of(entry)
    await record_power(hass, sensor_of(hass, pw, "home_power"), NOON, [2.0] * 24)
    later = NOON + DAY
    freezer.move_to(later)
    inputs = await InputGatherer(pw, kept).async_gather(later)
    assert inputs.solar_given is not None
    assert at(inputs.solar_given, NOON + 5 * HOUR) == pytest.approx(1.2)
    assert inputs.history.temperature is not None
    assert at(inputs.history.temperature, NOON) == pytest.approx(21.0)


async def test_a_part_of_the_file_that_is_damaged_begins_anew_alone(
    hass: HomeAssistant, entry: MockConfigEntry, caplog: pytest.LogCaptureFixture
) -> None:
    gatherer = InputGatherer(powerwall_of(entry), StoredPlanning())
    await gatherer.async_gather(NOON)
    good = gatherer.stored({})
    assert good.solar_foretold["values"]
    for name in ("forecasts", "solar_foretold", "temperatures"):
        parts = asdict(good) | {name: {"days": 5, "first": "?", "hours": {"values": [1]}, "entity": "weather.here"}}
        again = InputGatherer(powerwall_of(entry), planning_from_json(parts)).stored({})
        for other in {"forecasts", "solar_foretold", "temperatures"} - {name}:
            assert getattr(again, other) == getattr(good, other)
    assert caplog.text.count("begins anew") == 3
