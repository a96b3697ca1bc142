"""Temperatures of a real weather entity, past and forecast."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.recorder import Recorder
from homeassistant.components.weather import DATA_COMPONENT, Forecast, WeatherEntity, WeatherEntityFeature
from homeassistant.const import UnitOfTemperature
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.unit_system import US_CUSTOMARY_SYSTEM
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import RecorderInstanceContextManager

from custom_components.energy_optimizer.coordinators.planning_weather import WeatherForecasts

NOON = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Weather(WeatherEntity):
    """Weather that foretells a degree more for each hour from noon on."""

    _attr_name = "Here"
    _attr_unique_id = "here"
    _attr_condition = "sunny"
    _attr_native_temperature_unit = UnitOfTemperature.CELSIUS
    _attr_supported_features = WeatherEntityFeature.FORECAST_HOURLY

    def __init__(self) -> None:
        self._attr_native_temperature = 10.0
        self.fails: Exception | None = None
        self.asked = 0

    async def async_forecast_hourly(self) -> list[Forecast] | None:
        self.asked += 1
        if self.fails is not None:
            raise self.fails
        return [
            Forecast(datetime=(NOON + HOUR * index).isoformat(), native_temperature=20.0 + index) for index in range(48)
        ]

    def show(self, degrees: float) -> None:
        self._attr_native_temperature = degrees
        self.async_write_ha_state()


@pytest.fixture
async def weather(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Weather:
    """A weather entity in the real weather component."""
    freezer.move_to(NOON)
    assert await async_setup_component(hass, "weather", {})
    entity = Weather()
    await hass.data[DATA_COMPONENT].async_add_entities([entity])
    assert hass.states.get("weather.here") is not None
    return entity


async def test_the_forecast_goes_on_from_what_was_measured(
    hass: HomeAssistant, weather: Weather, freezer: FrozenDateTimeFactory
) -> None:
    forecasts = WeatherForecasts(hass, "weather.here", {})
    await forecasts.async_refresh(NOON)
    freezer.move_to(NOON + HOUR)
    weather.show(12.0)
    await forecasts.async_refresh(NOON + HOUR)
    weather.show(14.0)
    await forecasts.async_refresh(NOON + HOUR + timedelta(minutes=20))
    series = forecasts.temperature(NOON, timedelta(minutes=30), 8)
    assert series is not None
    assert series.values == pytest.approx([10.0, 10.0, 13.0, 13.0, 22.0, 22.0, 23.0, 23.0])
    assert np.isnan(forecasts.temperature(NOON - 2 * HOUR, HOUR, 3).values[:2]).all()
    assert weather.asked == 2


async def test_fahrenheit_becomes_celsius(hass: HomeAssistant, weather: Weather) -> None:
    hass.config.units = US_CUSTOMARY_SYSTEM
    weather._weather_option_temperature_unit = UnitOfTemperature.FAHRENHEIT
    weather.async_write_ha_state()
    state = hass.states.get("weather.here")
    assert state is not None
    assert state.attributes["temperature"] == 50
    forecasts = WeatherForecasts(hass, "weather.here", {})
    await forecasts.async_refresh(NOON)
    series = forecasts.temperature(NOON, HOUR, 3)
    assert series is not None
    assert series.values == pytest.approx([10.0, 21.0, 22.0], abs=0.6)


async def test_what_was_seen_is_kept_for_the_same_entity(hass: HomeAssistant, weather: Weather) -> None:
    forecasts = WeatherForecasts(hass, "weather.here", {})
    await forecasts.async_refresh(NOON)
    kept = forecasts.to_json()
    again = WeatherForecasts(hass, "weather.here", kept)
    assert again.temperature(NOON, HOUR, 1).values == pytest.approx([10.0])
    assert WeatherForecasts(hass, "weather.other", kept).temperature(NOON, HOUR, 1) is None
    with pytest.raises((KeyError, TypeError, ValueError)):
        WeatherForecasts(hass, "weather.here", {"entity": "weather.here", "hours": {"values": [1]}})


async def test_a_forecast_that_fails_is_asked_for_again_soon(hass: HomeAssistant, weather: Weather) -> None:
    forecasts = WeatherForecasts(hass, "weather.here", {})
    weather.fails = HomeAssistantError("the service is down")
    await forecasts.async_refresh(NOON)
    assert np.isnan(forecasts.temperature(NOON, HOUR, 3).values[1:]).all()
    weather.fails = None
    await forecasts.async_refresh(NOON + timedelta(minutes=4))
    assert weather.asked == 1
    await forecasts.async_refresh(NOON + timedelta(minutes=5))
    assert forecasts.temperature(NOON, HOUR, 3).values[1] == pytest.approx(21.0)
    weather.fails = HomeAssistantError("the service is down")
    await forecasts.async_refresh(NOON + HOUR)
    assert forecasts.temperature(NOON, HOUR, 4).values[3] == pytest.approx(23.0)


async def test_an_entity_without_hours_a_gone_one_and_none(hass: HomeAssistant, weather: Weather) -> None:
    weather._attr_supported_features = WeatherEntityFeature.FORECAST_DAILY
    weather.async_write_ha_state()
    forecasts = WeatherForecasts(hass, "weather.here", {})
    await forecasts.async_refresh(NOON)
    series = forecasts.temperature(NOON, HOUR, 3)
    assert series is not None
    assert series.values == pytest.approx([10.0, np.nan, np.nan], nan_ok=True)
    for entity in ("weather.gone", "0123456789abcdef0123456789abcdef", None):
        other = WeatherForecasts(hass, entity, {})
        await other.async_refresh(NOON)
        assert other.temperature(NOON, HOUR, 3) is None


async def test_a_renamed_entity_is_still_the_same(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    registry = er.async_get(hass)
    entry = registry.async_get_or_create("weather", "demo", "there", suggested_object_id="there")
    registry.async_update_entity(entry.entity_id, new_entity_id="weather.elsewhere")
    attributes = {"temperature": 7.0, "temperature_unit": UnitOfTemperature.CELSIUS}
    hass.states.async_set("weather.elsewhere", "sunny", attributes)
    forecasts = WeatherForecasts(hass, entry.id, {})
    await forecasts.async_refresh(NOON)
    series = forecasts.temperature(NOON, HOUR, 1)
    assert series is not None
    assert series.values == pytest.approx([7.0])


@pytest.fixture
async def mock_recorder_before_hass(async_test_recorder: RecorderInstanceContextManager) -> None:
    """Prepare the recorder's database before Home Assistant starts."""


async def test_the_recorder_knows_the_days_before(
    recorder_mock: Recorder, hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    def show(degrees: Any) -> None:
        attributes = {"temperature": degrees, "temperature_unit": UnitOfTemperature.CELSIUS}
        hass.states.async_set("weather.there", "sunny", attributes)

    for minutes, degrees in ((-240, 2.0), (-150, 4.0), (-120, None), (-60, 6.0)):
        freezer.move_to(NOON + timedelta(minutes=minutes))
        show(degrees)
        await async_wait_recording_done(hass)
    freezer.move_to(NOON)
    forecasts = WeatherForecasts(hass, "weather.there", {})
    await forecasts.async_refresh(dt_util.utcnow())
    series = forecasts.temperature(NOON - 4 * HOUR, HOUR, 4)
    assert series is not None
    assert series.values == pytest.approx([2.0, 3.0, np.nan, 6.0], nan_ok=True)
