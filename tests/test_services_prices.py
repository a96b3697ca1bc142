"""The action that answers with past and coming prices."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.energy_optimizer.const import DOMAIN, SUBENTRY_TARIFF
from custom_components.energy_optimizer.core.tariffs.presets import PGE_E_ELEC
from tests.api.tariff.price_integrations import amber, amber_row, register_entity
from tests.homes import HOME_DATA, flat_tariff, home, set_up

NOON = datetime(2026, 11, 20, 11, tzinfo=UTC)


@pytest.fixture(autouse=True)
async def _in_paris(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("Europe/Paris")
    freezer.move_to(NOON)


async def ask(hass: HomeAssistant, **data: Any) -> Any:
    return await hass.services.async_call(DOMAIN, "get_prices", data, blocking=True, return_response=True)


def tariff(data: dict[str, Any]) -> ConfigSubentryData:
    return ConfigSubentryData(data=data, subentry_type=SUBENTRY_TARIFF, title="Tariff", unique_id=None)


async def test_a_day_back_and_a_day_ahead_of_a_flat_price(hass: HomeAssistant) -> None:
    await set_up(hass, home(flat_tariff()))
    assert await ask(hass) == {
        "currency": "USD",
        "known_until": None,
        "slots": [
            {
                "start": "2026-11-19T12:00:00+01:00",
                "end": "2026-11-21T12:00:00+01:00",
                "tier": "Standard",
                "import_price": 0.31,
                "export_price": 0.06,
                "certainty": "published",
                "import_source": "known",
                "export_source": "known",
            }
        ],
    }


async def test_a_day_around_the_present_minute_has_no_odd_seconds(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    await set_up(hass, home(flat_tariff()))
    freezer.move_to(NOON + timedelta(minutes=7, seconds=36, milliseconds=5))
    (slot,) = (await ask(hass))["slots"]
    assert (slot["start"], slot["end"]) == ("2026-11-19T12:07:00+01:00", "2026-11-21T12:07:00+01:00")


async def test_times_without_a_zone_are_local(hass: HomeAssistant) -> None:
    await set_up(hass, home(tariff(PGE_E_ELEC.data())))
    answer = await ask(hass, start="2026-07-01 15:30:00", end="2026-07-01 22:00:00")
    assert [(slot["start"], slot["tier"]) for slot in answer["slots"]] == [
        ("2026-07-01T15:30:00+02:00", "Part-peak"),
        ("2026-07-01T16:00:00+02:00", "Peak"),
        ("2026-07-01T21:00:00+02:00", "Part-peak"),
    ]
    assert {slot["export_source"] for slot in answer["slots"]} == {"beyond"}


async def test_mixed_slots_with_holes_and_ranges(hass: HomeAssistant) -> None:
    def at(minutes: int) -> datetime:
        return NOON + timedelta(minutes=minutes)

    dear = amber_row(at(40), 9.0, range_min=2.0, range_max=15.0)
    amber(hass, lambda: [amber_row(at(10), 0.5, 30), dear, amber_row(at(130), 0.1)])
    entity_id, _ = register_entity(hass, "amberelectric", "01-general-price")
    present = amber_row(NOON, 0.3, 5, estimate=False, channel_type="general")
    hass.states.async_set(entity_id, "0.3", present | {"unit_of_measurement": "$/kWh"})
    source = {"way": "known_action", "measure": "per_kwh", "entity_id": entity_id, "platform": "amberelectric"}
    data = {"format": 1, "kind": "entity", "import": {"source": source}, "export": {"mode": "none"}}
    await set_up(
        hass,
        MockConfigEntry(
            domain=DOMAIN, title="Home", data=HOME_DATA | {"currency": "AUD"}, subentries_data=[tariff(data)]
        ),
    )
    answer = await ask(hass, start=NOON.isoformat(), end=at(190).isoformat())
    found = [(slot["import_price"], slot["import_source"], slot["certainty"]) for slot in answer["slots"]]
    assert found == [
        (0.3, "known", "published"),
        (0.5, "bridged", "forecast"),
        (0.5, "known", "forecast"),
        (9.0, "known", "forecast"),
        (9.0, "hole", "forecast"),
        (0.1, "known", "forecast"),
        (None, "beyond", None),
    ]
    ranges = ("import_low", "import_predicted", "import_high")
    assert [answer["slots"][3][key] for key in ranges] == [2.0, 9.0, 15.0]
    assert "import_low" not in answer["slots"][0]
    assert answer["known_until"] == "2026-11-20T14:40:00+01:00"


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"start": "2026-11-20 12:00:00", "end": "2026-11-20 12:00:00"}, "prices_end_before_start"),
        ({"start": "2026-01-01 00:00:00"}, "prices_too_long"),
    ],
)
async def test_impossible_periods_are_refused(hass: HomeAssistant, data: dict[str, str], key: str) -> None:
    await set_up(hass, home(flat_tariff()))
    with pytest.raises(ServiceValidationError) as caught:
        await ask(hass, **data)
    assert caught.value.translation_key == key


async def test_a_home_without_a_tariff_says_so(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home())
    with pytest.raises(ServiceValidationError) as caught:
        await ask(hass, config_entry=entry.entry_id)
    assert caught.value.translation_key == "home_without_prices"


async def test_what_the_tariff_has_forgotten_is_taken_from_the_ledger(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    hass.states.async_set("sensor.price", "0.25", {"unit_of_measurement": "USD/kWh"})
    source = {"way": "state", "measure": "per_kwh", "entity_id": "sensor.price"}
    data = {"format": 1, "kind": "entity", "import": {"source": source}, "export": {"mode": "none"}}
    entry = await set_up(hass, home(tariff(data)))
    for minute in range(5, 65, 5):
        freezer.move_to(NOON + timedelta(minutes=minute))
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)
    await entry.runtime_data.ledger.flush()
    hass.states.async_set("sensor.price", "unavailable")
    later = NOON + timedelta(days=5)
    freezer.move_to(later)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    hass.states.async_set("sensor.price", "0.5", {"unit_of_measurement": "USD/kWh"})
    freezer.move_to(later + timedelta(minutes=5))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    (feed_owner,) = entry.runtime_data.sources.values()
    assert feed_owner.tariff.at(NOON + timedelta(minutes=10)).import_per_kwh is None
    answer = await ask(
        hass, start=(NOON + timedelta(minutes=10)).isoformat(), end=(NOON + timedelta(minutes=30)).isoformat()
    )
    assert {(slot["import_price"], slot["import_source"]) for slot in answer["slots"]} == {(0.25, "known")}
