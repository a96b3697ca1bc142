"""Forcing a Powerwall that takes direct orders: it does it, ends by itself, survives a restart, leaves no trace."""

from datetime import UTC, datetime, timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.forced_homes import (
    COMMAND,
    ENDS,
    FORCE,
    SPEAKER,
    act,
    control_of,
    let_pass,
    let_sleep_pass,
    powerwall_of,
    reload,
)
from tests.homes import BATTERY_ENTITIES, SIMULATED, home, powerwall, set_up, show_battery

NIGHT = datetime(2026, 6, 1, 8, tzinfo=UTC)  # 1 in the morning in San Francisco
BATTERY = "sensor.powerwall_battery_power"


@pytest.fixture
async def entry(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> MockConfigEntry:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(NIGHT)
    let_sleep_pass(freezer, monkeypatch)
    since = dt_util.utcnow() - timedelta(hours=12)
    return await set_up(hass, home(powerwall(SIMULATED | {"since": since.isoformat()})))


def battery_kw(hass: HomeAssistant) -> float:
    return float(hass.states.get(BATTERY).state)


async def test_a_charge_begins_shows_and_ends_by_itself(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    answer = await act(hass, "force_charge", duration={"minutes": 45}, power_kw=2.0)
    assert answer["means"] == "dispatch"
    assert answer["outcome"] == "confirmed"
    ends_at = datetime.fromisoformat(answer["ends_at"])
    assert timedelta(minutes=44) < ends_at - dt_util.utcnow() <= timedelta(minutes=45)
    await let_pass(hass, freezer, timedelta(minutes=10), 60)
    assert battery_kw(hass) == pytest.approx(-2.0, abs=0.2)
    assert hass.states.get(FORCE).state == "charge"
    assert hass.states.get(SPEAKER).state == "force"
    assert datetime.fromisoformat(hass.states.get(ENDS).state) == ends_at.replace(microsecond=0)
    await let_pass(hass, freezer, timedelta(minutes=36), 216)
    assert battery_kw(hass) > -0.5
    assert hass.states.get(FORCE).state == "automatic"
    assert hass.states.get(SPEAKER).state == "baseline"
    assert hass.states.get(COMMAND).state == "restored"
    assert hass.states.get(ENDS).state == "unknown"


async def test_it_goes_on_after_a_restart(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "hold", duration={"minutes": 60})
    assert abs(battery_kw(hass)) < 0.05
    await reload(hass, entry)
    assert hass.states.get(FORCE).state == "hold"
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert abs(battery_kw(hass)) < 0.05
    await let_pass(hass, freezer, timedelta(minutes=60), 100)
    assert hass.states.get(FORCE).state == "automatic"
    assert battery_kw(hass) > 0.05


async def test_nothing_is_left_when_we_die_in_the_middle(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_charge", duration={"minutes": 60}, power_kw=3.0)
    path = powerwall_of(hass).path
    await hass.config_entries.async_unload(entry.entry_id)
    freezer.tick(timedelta(seconds=61))
    assert (await path.read()).battery_kw > -0.5


async def test_a_force_that_ended_while_we_were_away_is_over(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_discharge", duration={"minutes": 30}, power_kw=1.0)

    async def two_hours() -> None:
        freezer.tick(timedelta(hours=2))

    await reload(hass, entry, two_hours)
    await let_pass(hass, freezer, timedelta(minutes=1), 6)
    assert hass.states.get(FORCE).state == "automatic"
    assert control_of(hass).state.held == {}


async def test_the_newer_force_takes_the_place_of_the_older(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_charge", duration={"minutes": 240}, power_kw=2.0)
    await act(hass, "force_discharge", duration={"minutes": 30}, power_kw=3.0)
    await let_pass(hass, freezer, timedelta(minutes=1), 6)
    assert battery_kw(hass) == pytest.approx(3.0, abs=0.2)
    await let_pass(hass, freezer, timedelta(minutes=31), 60)
    assert hass.states.get(FORCE).state == "automatic"


async def test_it_stops_at_the_level(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    level = float(hass.states.get("sensor.powerwall_level").state)
    await act(hass, "force_charge", duration={"hours": 4}, level_percent=level + 2)
    await let_pass(hass, freezer, timedelta(minutes=30), 60)
    assert hass.states.get(FORCE).state == "automatic"
    assert level + 1 < float(hass.states.get("sensor.powerwall_level").state) < level + 3


async def test_an_outage_has_the_say(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    await act(hass, "force_charge", duration={"minutes": 60}, power_kw=2.0)
    path = powerwall_of(hass).path
    simulated = getattr(path, "path", lambda _way: path)("simulated")
    simulated.inject(outage=True)
    await let_pass(hass, freezer, timedelta(minutes=3), 18)
    assert hass.states.get(SPEAKER).state == "outage"
    assert battery_kw(hass) > 0
    with pytest.raises(ServiceValidationError) as error:
        await act(hass, "force_charge", duration={"minutes": 60})
    assert error.value.translation_key == "force_outage"
    simulated.inject(outage=False)
    await let_pass(hass, freezer, timedelta(minutes=2), 12)
    assert hass.states.get(SPEAKER).state == "force"
    assert battery_kw(hass) == pytest.approx(-2.0, abs=0.2)


async def test_the_select_forces_for_its_duration(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    duration = "number.powerwall_force_duration"
    await hass.services.async_call("number", "set_value", {"entity_id": duration, "value": 90}, blocking=True)
    await reload(hass, entry)
    assert float(hass.states.get(duration).state) == 90
    await hass.services.async_call("select", "select_option", {"entity_id": FORCE, "option": "hold"}, blocking=True)
    left = datetime.fromisoformat(hass.states.get(ENDS).state) - dt_util.utcnow()
    assert timedelta(minutes=88) < left <= timedelta(minutes=90)
    await hass.services.async_call(
        "select", "select_option", {"entity_id": FORCE, "option": "automatic"}, blocking=True
    )
    assert hass.states.get(FORCE).state == "automatic"
    assert hass.states.get(COMMAND).state == "restored"


@pytest.mark.parametrize(
    ("action", "data", "key"),
    [
        ("force_charge", {"duration": {"minutes": 10}}, "force_duration"),
        ("hold", {"duration": {"hours": 5}}, "force_duration"),
        ("force_charge", {"duration": {"hours": 1}, "level_percent": 1}, "force_already_there"),
        ("sync_tariff", {}, "sync_is_off"),
    ],
)
async def test_what_cannot_be_says_why(
    hass: HomeAssistant, entry: MockConfigEntry, action: str, data: dict[str, object], key: str
) -> None:
    with pytest.raises(ServiceValidationError) as error:
        await act(hass, action, **data)
    assert error.value.translation_key == key


async def test_a_way_that_can_be_told_nothing_offers_nothing(hass: HomeAssistant) -> None:
    show_battery(hass)
    entry = await set_up(hass, home(powerwall(BATTERY_ENTITIES)))
    names = {each.unique_id for each in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)}
    assert not [
        each for each in names if each.endswith(("_battery_mode", "_tariff_sync", "_force_duration", "_control_state"))
    ]
    with pytest.raises(ServiceValidationError) as error:
        await act(hass, "force_charge", duration={"hours": 1})
    assert error.value.translation_key == "force_not_offered"
