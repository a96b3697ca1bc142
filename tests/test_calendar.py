"""The calendar of tiers."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.energy_optimizer.const import SUBENTRY_TARIFF
from custom_components.energy_optimizer.core.tariffs.presets import PGE_E_ELEC
from tests.homes import flat_tariff, home, set_up

ZONE = ZoneInfo("America/Los_Angeles")
CALENDAR = "calendar.tariff_tiers"


@pytest.fixture(autouse=True)
async def _in_california(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(datetime(2026, 7, 1, 15, 30, tzinfo=ZONE))


async def set_up_tariff(hass: HomeAssistant, **exports: float) -> None:
    data = PGE_E_ELEC.data()
    for price in data["prices"]:
        price["export_per_kwh"] = exports.get(price["tier"])
    await set_up(
        hass, home(ConfigSubentryData(data=data, subentry_type=SUBENTRY_TARIFF, title="Tariff", unique_id=None))
    )


async def events(hass: HomeAssistant, start: datetime, end: datetime) -> list[dict[str, Any]]:
    answer = await hass.services.async_call(
        "calendar",
        "get_events",
        {"entity_id": CALENDAR, "start_date_time": start, "end_date_time": end},
        blocking=True,
        return_response=True,
    )
    return answer[CALENDAR]["events"]


async def test_the_tier_that_holds_now_is_the_event(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await set_up_tariff(hass, Peak=0.1)
    state = hass.states.get(CALENDAR)
    assert state.state == "on"
    assert state.attributes["message"] == "Part-peak · 0.39026 USD/kWh"
    assert state.attributes["start_time"] == "2026-07-01 15:00:00"
    assert state.attributes["end_time"] == "2026-07-01 16:00:00"
    assert state.attributes["description"] == "↓ 0.39026 USD/kWh"
    moment = datetime(2026, 7, 1, 16, 0, tzinfo=ZONE)
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    await hass.async_block_till_done()
    state = hass.states.get(CALENDAR)
    assert state.attributes["message"] == "Peak · 0.55214 USD/kWh"
    assert state.attributes["description"] == "↓ 0.55214 USD/kWh\n↑ 0.1 USD/kWh"


async def test_events_of_a_day(hass: HomeAssistant) -> None:
    await set_up_tariff(hass)
    start = datetime(2026, 7, 2, tzinfo=ZONE)
    found = await events(hass, start, start + timedelta(days=1))
    assert [(event["start"], event["end"], event["summary"].split(" · ")[0]) for event in found] == [
        ("2026-07-02T00:00:00-07:00", "2026-07-02T15:00:00-07:00", "Off-peak"),
        ("2026-07-02T15:00:00-07:00", "2026-07-02T16:00:00-07:00", "Part-peak"),
        ("2026-07-02T16:00:00-07:00", "2026-07-02T21:00:00-07:00", "Peak"),
        ("2026-07-02T21:00:00-07:00", "2026-07-03T00:00:00-07:00", "Part-peak"),
    ]


async def test_events_across_a_clock_change(hass: HomeAssistant) -> None:
    await set_up_tariff(hass)
    start = datetime(2026, 11, 1, tzinfo=ZONE)
    first = (await events(hass, start, start + timedelta(hours=2)))[0]
    assert (first["start"], first["end"]) == ("2026-11-01T00:00:00-07:00", "2026-11-01T15:00:00-08:00")


async def test_a_tier_in_which_the_clock_goes_back_ends_before_it_does(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    """By the clock such a one ends before it begins, which Home Assistant refuses as an event."""
    data = PGE_E_ELEC.data()
    windows = [{**window, "start": "01:30", "end": "03:00"} for window in data["windows"][:1]]
    freezer.move_to(datetime(2026, 11, 1, 1, 45, tzinfo=ZONE))
    tariff = data | {"windows": windows}
    await set_up(
        hass, home(ConfigSubentryData(data=tariff, subentry_type=SUBENTRY_TARIFF, title="Tariff", unique_id=None))
    )
    assert hass.states.get(CALENDAR).attributes["message"] == "Peak · 0.32063 USD/kWh"
    start = datetime(2026, 11, 1, tzinfo=ZONE)
    found = await events(hass, start, start + timedelta(hours=5))
    assert [(event["start"], event["end"], event["summary"].split(" · ")[0]) for event in found] == [
        ("2026-10-31T03:00:00-07:00", "2026-11-01T01:30:00-07:00", "Off-peak"),
        ("2026-11-01T01:30:00-07:00", "2026-11-01T01:59:59-07:00", "Peak"),
        ("2026-11-01T01:00:00-08:00", "2026-11-01T01:30:00-08:00", "Off-peak"),
        ("2026-11-01T01:30:00-08:00", "2026-11-01T03:00:00-08:00", "Peak"),
        ("2026-11-01T03:00:00-08:00", "2026-11-02T01:30:00-08:00", "Off-peak"),
    ]


async def test_an_unknown_price_is_left_out(hass: HomeAssistant) -> None:
    data = PGE_E_ELEC.data()
    for price in data["prices"]:
        price["import_per_kwh"] = None
    await set_up(
        hass, home(ConfigSubentryData(data=data, subentry_type=SUBENTRY_TARIFF, title="Tariff", unique_id=None))
    )
    assert hass.states.get(CALENDAR).attributes["message"] == "Part-peak"


async def test_a_flat_tariff_has_one_event_per_view(hass: HomeAssistant) -> None:
    await set_up(hass, home(flat_tariff("Tariff")))
    state = hass.states.get(CALENDAR)
    assert state.state == "on"
    assert state.attributes["start_time"] == "2026-07-01 00:00:00"
    assert state.attributes["end_time"] == "2026-07-02 00:00:00"
    start = datetime(2026, 7, 1, tzinfo=ZONE)
    (event,) = await events(hass, start, start + timedelta(days=7))
    assert (event["start"], event["end"]) == ("2026-07-01T00:00:00-07:00", "2026-07-08T00:00:00-07:00")


async def test_short_slots_are_joined_and_what_is_unknown_has_no_event(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    start = datetime(2026, 7, 1, 15, tzinfo=ZONE)
    prices = [0.2, 0.2, 0.2, 0.4, None, None, 0.4, 0.4]
    rows = [
        {"start": (start + timedelta(minutes=15 * n)).isoformat(), "value": price} for n, price in enumerate(prices)
    ]
    hass.states.async_set("sensor.price", "0.2", {"unit_of_measurement": "USD/kWh", "prices": rows})
    source = {"way": "attributes", "measure": "per_kwh", "entity_id": "sensor.price"}
    data = {"format": 1, "kind": "entity", "import": {"source": source}, "export": {"mode": "fixed", "per_kwh": 0.1}}
    await set_up(
        hass, home(ConfigSubentryData(data=data, subentry_type=SUBENTRY_TARIFF, title="Tariff", unique_id=None))
    )
    found = await events(hass, start, start + timedelta(hours=4))
    assert [(event["start"][11:16], event["end"][11:16], event["summary"]) for event in found] == [
        ("15:00", "15:45", "0.2 USD/kWh"),
        ("15:45", "16:00", "0.4 USD/kWh"),
        ("16:30", "17:00", "0.4 USD/kWh"),
    ]
    inside = await events(hass, start + timedelta(minutes=20), start + timedelta(minutes=30))
    assert [event["start"][11:16] for event in inside] == ["15:00"]
    state = hass.states.get(CALENDAR)
    assert (state.state, state.attributes["end_time"]) == ("on", "2026-07-01 15:45:00")
    moment = datetime(2026, 7, 1, 16, 5, tzinfo=ZONE)
    freezer.move_to(moment)
    async_fire_time_changed(hass, moment)
    await hass.async_block_till_done()
    assert hass.states.get(CALENDAR).state == "off"
