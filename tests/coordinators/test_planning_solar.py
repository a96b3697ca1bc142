"""Solar forecasts of other integrations, as the Energy dashboard is given them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from homeassistant.components.energy.data import async_get_manager
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    mock_integration,
    mock_platform,
)

from custom_components.energy_optimizer.coordinators.planning_solar import SolarForecasts, half_hours
from custom_components.energy_optimizer.coordinators.solar_platforms import async_solar_entries, async_usual_entries
from custom_components.energy_optimizer.core.model.place import Place
from custom_components.energy_optimizer.core.planning.foretold import ForetoldBook

PARIS = ZoneInfo("Europe/Paris")
PLACE = Place(latitude=48.85, longitude=2.35, time_zone=PARIS)
MIDNIGHT = datetime(2026, 6, 15, 0, 0, tzinfo=PARIS)
NOON = MIDNIGHT + timedelta(hours=12)
HOUR, HALF_HOUR = timedelta(hours=1), timedelta(minutes=30)


class Sky:
    """An integration that foretells the sun: so many watts for each hour from 7 to 20 h, of two days."""

    def __init__(self) -> None:
        self.watts: dict[str, float] = {}
        self.fails: dict[str, Exception] = {}
        self.asked = 0

    async def async_get_solar_forecast(
        self, _hass: HomeAssistant, config_entry_id: str
    ) -> dict[str, dict[str, float]] | None:
        self.asked += 1
        if error := self.fails.get(config_entry_id):
            raise error
        if (watts := self.watts.get(config_entry_id)) is None:
            return None
        days = (datetime(2026, 6, 15, tzinfo=PARIS), datetime(2026, 6, 16, tzinfo=PARIS))
        return {"wh_hours": {(day + HOUR * hour).isoformat(): watts for day in days for hour in range(5, 22)}}


@pytest.fixture
async def sky(hass: HomeAssistant) -> Sky:
    """An integration with a real platform for the Energy dashboard."""
    made = Sky()
    mock_integration(hass, MockModule("sunny"))
    mock_platform(hass, "sunny.energy", SimpleNamespace(async_get_solar_forecast=made.async_get_solar_forecast))
    mock_integration(hass, MockModule("plain"))
    mock_platform(hass, "plain.energy", SimpleNamespace())
    assert await async_setup_component(hass, "sunny", {})
    assert await async_setup_component(hass, "plain", {})
    return made


def plane(hass: HomeAssistant, sky: Sky, watts: float | None, domain: str = "sunny") -> str:
    entry = MockConfigEntry(domain=domain, title=f"Plane of {watts}")
    entry.add_to_hass(hass)
    if watts is not None:
        sky.watts[entry.entry_id] = watts
    return entry.entry_id


def forecasts(hass: HomeAssistant, *chosen: str) -> SolarForecasts:
    return SolarForecasts(hass, chosen, PLACE, ForetoldBook())


def future(solar: SolarForecasts, now: datetime, hours: float) -> float:
    """Return the forecast for so many hours after *now*; not a number if there is none."""
    given = solar.given(now, now - HALF_HOUR * 4, HALF_HOUR, 100)
    return float("nan") if given is None else float(given.values[4 + int(hours * 2)])


async def test_all_entries_are_found_and_added_up(hass: HomeAssistant, sky: Sky) -> None:
    east, west = plane(hass, sky, 1000.0), plane(hass, sky, 500.0)
    plane(hass, sky, 9.0, "plain")
    assert {entry.entry_id for entry in await async_solar_entries(hass)} == {east, west}
    solar = forecasts(hass)
    await solar.async_refresh(NOON, PARIS)
    assert future(solar, NOON, 2) == pytest.approx(1.5)
    assert future(solar, NOON, 14) == 0.0  # 2 o'clock at night: forecasts leave it out
    assert np.isnan(future(solar, NOON, 40))  # nobody says anything of the day after tomorrow


async def test_those_of_the_energy_dashboard_are_the_usual_ones(
    hass: HomeAssistant, sky: Sky, monkeypatch: pytest.MonkeyPatch
) -> None:
    east, west = plane(hass, sky, 1000.0), plane(hass, sky, 500.0)
    assert set(await async_usual_entries(hass)) == {east, west}
    hass.config.components.add("energy")
    assert set(await async_usual_entries(hass)) == {east, west}
    manager = await async_get_manager(hass)
    sources = [
        {"type": "solar", "stat_energy_from": "sensor.sun", "config_entry_solar_forecast": [west, "gone"]},
        {"type": "solar", "stat_energy_from": "sensor.sun_2", "config_entry_solar_forecast": None},
        {"type": "gas", "stat_energy_from": "sensor.gas"},
    ]
    await manager.async_update({"energy_sources": sources})
    assert await async_usual_entries(hass) == (west,)
    solar = forecasts(hass)
    await solar.async_refresh(NOON, PARIS)
    assert future(solar, NOON, 2) == pytest.approx(0.5)
    chosen = forecasts(hass, east, "gone")
    await chosen.async_refresh(NOON, PARIS)
    assert future(chosen, NOON, 2) == pytest.approx(1.0)


async def test_the_error_of_one_source_hurts_nobody(
    hass: HomeAssistant, sky: Sky, caplog: pytest.LogCaptureFixture
) -> None:
    east, west = plane(hass, sky, 1000.0), plane(hass, sky, 500.0)
    solar = forecasts(hass)
    await solar.async_refresh(NOON, PARIS)
    sky.fails[west] = RuntimeError("no sun today")
    sky.watts[east] = 2000.0
    now = NOON + HALF_HOUR
    await solar.async_refresh(now, PARIS)
    assert future(solar, now, 2) == pytest.approx(2.5)  # what it said last still counts
    assert caplog.text.count("No solar forecast from Plane of 500.0") == 1
    await solar.async_refresh(now + timedelta(minutes=6), PARIS)
    assert caplog.text.count("No solar forecast from") == 1
    del sky.fails[west]
    await solar.async_refresh(now + timedelta(minutes=12), PARIS)
    sky.fails[west] = TimeoutError()
    await solar.async_refresh(now + timedelta(minutes=50), PARIS)
    assert caplog.text.count("No solar forecast from") == 2


async def test_half_of_the_panels_are_not_taken_for_all(hass: HomeAssistant, sky: Sky) -> None:
    plane(hass, sky, 1000.0)
    silent = plane(hass, sky, None)
    solar = forecasts(hass)
    await solar.async_refresh(NOON, PARIS)
    assert np.isnan(future(solar, NOON, 2))
    sky.watts[silent] = 250.0
    await solar.async_refresh(NOON + timedelta(minutes=5), PARIS)
    assert future(solar, NOON, 2) == pytest.approx(1.25)


async def test_each_is_asked_twice_an_hour(hass: HomeAssistant, sky: Sky) -> None:
    plane(hass, sky, 1000.0)
    solar = forecasts(hass)
    for minutes in range(0, 60, 5):
        await solar.async_refresh(NOON + timedelta(minutes=minutes), PARIS)
    assert sky.asked == 2
    await solar.async_refresh(NOON - HOUR, PARIS)  # the clock went back
    assert sky.asked == 3


async def test_the_past_is_what_was_foretold_the_day_before(hass: HomeAssistant, sky: Sky) -> None:
    entry_id = plane(hass, sky, 1000.0)
    solar = forecasts(hass)
    evening = MIDNIGHT - 3 * HOUR
    await solar.async_refresh(evening, PARIS)
    sky.watts[entry_id] = 3000.0
    await solar.async_refresh(NOON, PARIS)
    given = solar.given(NOON, MIDNIGHT, HALF_HOUR, 48)
    assert given is not None
    assert given.values[12 * 2 - 1] == pytest.approx(1.0)
    assert given.values[12 * 2] == pytest.approx(3.0)
    kept = SolarForecasts(hass, (), PLACE, ForetoldBook.from_json(solar.book.to_json()))
    sky.watts.clear()
    await kept.async_refresh(NOON, PARIS)
    given = kept.given(NOON, MIDNIGHT, HALF_HOUR, 48)
    assert given is not None
    assert given.values[12 * 2 + 2] == pytest.approx(1.0)  # after a restart and without an answer


async def test_forecast_solar_names_periods_by_their_end(hass: HomeAssistant, sky: Sky) -> None:
    mock_integration(hass, MockModule("forecast_solar"))
    platform = SimpleNamespace(async_get_solar_forecast=sky.async_get_solar_forecast)
    mock_platform(hass, "forecast_solar.energy", platform)
    assert await async_setup_component(hass, "forecast_solar", {})
    by_end, by_start = plane(hass, sky, 1000.0, "forecast_solar"), plane(hass, sky, 1000.0)
    first_hour, last_hour = 16.0, 33.0  # before 5 h, and from 21 h on, tomorrow
    for entry_id, early, late in ((by_end, 1.0, 0.0), (by_start, 0.0, 1.0)):
        solar = forecasts(hass, entry_id)
        await solar.async_refresh(NOON, PARIS)
        assert future(solar, NOON, first_hour) == pytest.approx(early)
        told = future(solar, NOON, last_hour)
        assert told == pytest.approx(late) if late else np.isnan(told) or told == 0.0


async def test_without_any_forecast_there_is_none(hass: HomeAssistant) -> None:
    solar = forecasts(hass)
    await solar.async_refresh(NOON, PARIS)
    assert solar.given(NOON, MIDNIGHT, HALF_HOUR, 48) is None


def told(text: Mapping[str, float], *, keyed_by_end: bool = False) -> dict[str, float]:
    series = half_hours(text, keyed_by_end=keyed_by_end)
    assert series is not None
    return {
        (series.starts_at + series.step * index).astimezone(PARIS).strftime("%d %H:%M %z"): round(value, 6)
        for index, value in enumerate(series.values.tolist())
        if not np.isnan(value)
    }


def test_hours_quarters_and_the_ends_of_days() -> None:
    hours = {"2026-06-15T20:00:00+02:00": 1000, "2026-06-15T21:00:00+02:00": 500, "2026-06-16T06:00:00+02:00": 250}
    assert told(hours) == {
        "15 20:00 +0200": 1.0,
        "15 20:30 +0200": 1.0,
        "15 21:00 +0200": 0.5,
        "15 21:30 +0200": 0.5,
        "16 06:00 +0200": 0.25,
        "16 06:30 +0200": 0.25,
    }
    quarters = {f"2026-06-15T12:{minute:02}:00+02:00": 250.0 for minute in (0, 15, 30, 45)}
    assert told(quarters) == {"15 12:00 +0200": 1.0, "15 12:30 +0200": 1.0}


def test_energies_that_are_keyed_by_the_end_of_their_period() -> None:
    sunrise = {"2026-06-15T05:48:00+02:00": 0, "2026-06-15T06:00:00+02:00": 20, "2026-06-15T07:00:00+02:00": 600}
    assert told(sunrise, keyed_by_end=True) == {
        "15 05:00 +0200": 0.0,
        "15 05:30 +0200": pytest.approx(0.02 * 60 / 30),  # 20 Wh within half an hour
        "15 06:00 +0200": 0.6,
        "15 06:30 +0200": 0.6,
    }


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25)])
def test_days_on_which_clocks_change_lose_and_repeat_nothing(day: str, hours: int) -> None:
    start = datetime.fromisoformat(day).replace(tzinfo=PARIS).astimezone(UTC)
    instants = [(start + HOUR * index).astimezone(PARIS).isoformat() for index in range(hours)]
    series = half_hours({text: 100.0 * index for index, text in enumerate(instants)})
    assert series is not None
    assert series.starts_at == start
    assert series.values == pytest.approx([0.1 * (index // 2) for index in range(2 * hours)])


def test_zones_of_half_hours_and_times_without_a_zone(hass: HomeAssistant) -> None:
    kolkata = {"2026-06-15T12:00:00+05:30": 400.0, "2026-06-15T13:00:00+05:30": 600.0}
    series = half_hours(kolkata)
    assert series is not None
    assert series.starts_at == datetime(2026, 6, 15, 6, 30, tzinfo=UTC)
    assert series.values == pytest.approx([0.4, 0.4, 0.6, 0.6])
    kathmandu = half_hours({"2026-06-15T12:00:00+05:45": 400.0, "2026-06-15T13:00:00+05:45": 400.0})
    assert kathmandu is not None
    assert np.nanmax(kathmandu.values) == pytest.approx(0.4)
    local = half_hours({"2026-06-15T12:00:00": 400.0})
    assert local is not None
    assert local.starts_at == datetime(2026, 6, 15, 12, tzinfo=ZoneInfo(hass.config.time_zone))


def test_nonsense_is_left_out() -> None:
    assert half_hours({}) is None
    assert half_hours({"noon": 5.0, "2026-06-15T12:00:00+02:00": float("nan")}) is None
    assert told({"2026-06-15T12:00:00+02:00": -5.0}) == {"15 12:00 +0200": 0.0, "15 12:30 +0200": 0.0}
