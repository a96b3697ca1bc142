"""A tariff in the real core: it wakes when prices change, counts money and outlives restarts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.coordinators.signals import signal_new_meters
from custom_components.energy_optimizer.coordinators.tariff import TariffCoordinator
from custom_components.energy_optimizer.core.tariffs.presets import SDGE_EV_TOU_5
from tests.coordinators.tariff_in_san_diego import PRICED, STORE, go_to, local, read, state, tariff
from tests.homes import FLAT, HOME_DATA, flat_tariff, home, set_up


@pytest.fixture(autouse=True)
async def _in_san_diego(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(local(2026, 7, 1, 15, 0))


async def test_sensors_follow_the_clock(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await set_up(hass, home(tariff(SDGE_EV_TOU_5.data())))
    assert state(hass, "import_price") == "0.49627"
    assert state(hass, "export_price") == STATE_UNKNOWN
    assert state(hass, "tier") == "Off-peak"
    assert state(hass, "next_price_change") == "2026-07-01T23:00:00+00:00"
    assert state(hass, "cost_today") == STATE_UNKNOWN
    await go_to(hass, freezer, local(2026, 7, 1, 16, 0))
    assert state(hass, "import_price") == "0.80205"
    assert state(hass, "tier") == "Peak"
    await go_to(hass, freezer, local(2026, 7, 1, 21, 0))
    assert state(hass, "tier") == "Off-peak"
    assert state(hass, "next_price_change") == "2026-07-02T07:00:00+00:00"


async def test_sensors_say_what_they_are(hass: HomeAssistant) -> None:
    await set_up(hass, home(tariff(PRICED)))
    price = hass.states.get("sensor.tariff_import_price")
    assert price.attributes["unit_of_measurement"] == "USD/kWh"
    assert price.attributes["state_class"] == "measurement"
    assert "device_class" not in price.attributes
    tier = hass.states.get("sensor.tariff_tier")
    assert tier.attributes["options"] == ["Peak", "Off-peak", "Super off-peak"]
    cost = hass.states.get("sensor.tariff_cost_today")
    assert cost.attributes["device_class"] == "monetary"
    assert cost.attributes["state_class"] == "total"
    assert cost.attributes["unit_of_measurement"] == "USD"
    assert cost.attributes["last_reset"] == "2026-07-01T07:00:00+00:00"


async def test_a_price_that_nobody_knows_has_no_certainty(hass: HomeAssistant) -> None:
    data = SDGE_EV_TOU_5.data()
    for price in data["prices"]:
        if price["tier"] == "Off-peak":
            price["import_per_kwh"] = None
    await set_up(hass, home(tariff(data)))
    price = hass.states.get("sensor.tariff_import_price")
    assert (price.state, price.attributes["certainty"]) == (STATE_UNKNOWN, None)


async def test_device(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(tariff(PRICED)))
    (subentry_id,) = entry.subentries
    device = dr.async_get(hass).async_get_device_by_identifier((DOMAIN, subentry_id), entry.entry_id)
    assert device is not None
    assert device.entry_type is dr.DeviceEntryType.SERVICE
    assert device.via_device_id == entry.runtime_data.home_device_id
    assert device.config_subentry_id == subentry_id


async def test_money_of_the_day(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entry = await set_up(hass, home(tariff(PRICED)))
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 55), 100.0, 50.0)
    assert float(state(hass, "cost_today")) == 0
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 59), 100.8, 50.0)
    assert float(state(hass, "cost_today")) == pytest.approx(0.8 * 0.49627, abs=1e-4)
    await read(hass, freezer, entry, local(2026, 7, 1, 16, 0), 101.0, 50.0)
    await read(hass, freezer, entry, local(2026, 7, 1, 16, 5), 102.0, 52.0)
    assert float(state(hass, "cost_today")) == pytest.approx(0.49627 + 0.80205, abs=1e-4)
    assert float(state(hass, "earnings_today")) == pytest.approx(0.1)
    assert hass.states.get("sensor.tariff_cost_today").attributes["counted_since"] == local(2026, 7, 1, 15, 55)


async def test_readings_are_shown_once_a_minute(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entry = await set_up(hass, home(tariff(PRICED)))
    start = local(2026, 7, 1, 15, 10)
    await read(hass, freezer, entry, start, 100.0, 0.0)
    for seconds in range(5, 60, 5):
        await read(hass, freezer, entry, start + timedelta(seconds=seconds), 100.0 + seconds / 100, 0.0)
        assert float(state(hass, "cost_today")) == 0
    await read(hass, freezer, entry, start + timedelta(seconds=60), 100.6, 0.0)
    assert float(state(hass, "cost_today")) == pytest.approx(0.6 * 0.49627, abs=1e-4)


async def test_midnight_starts_a_new_day(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entry = await set_up(hass, home(tariff(PRICED)))
    await read(hass, freezer, entry, local(2026, 7, 1, 23, 50), 100.0, 50.0)
    await read(hass, freezer, entry, local(2026, 7, 1, 23, 56), 101.0, 50.0)
    assert float(state(hass, "cost_today")) == pytest.approx(0.4963)
    await go_to(hass, freezer, local(2026, 7, 2, 0, 0))
    cost = hass.states.get("sensor.tariff_cost_today")
    assert float(cost.state) == 0
    assert cost.attributes["last_reset"] == "2026-07-02T07:00:00+00:00"
    await read(hass, freezer, entry, local(2026, 7, 2, 0, 4), 101.8, 50.0)
    assert float(state(hass, "cost_today")) == pytest.approx(0.4 * 0.1309, abs=1e-4)


async def test_midnight_after_silence_is_unknown(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entry = await set_up(hass, home(tariff(PRICED)))
    await read(hass, freezer, entry, local(2026, 7, 1, 16, 0), 100.0, 50.0)
    await go_to(hass, freezer, local(2026, 7, 2, 0, 0))
    assert state(hass, "cost_today") == STATE_UNKNOWN
    assert state(hass, "import_price") == "0.1309"


async def test_figures_outlive_a_reload_and_the_gap_is_spread(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hass_storage: dict[str, Any]
) -> None:
    entry = await set_up(hass, home(tariff(PRICED)))
    (subentry_id,) = entry.subentries
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 5), 100.0, 50.0)
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 10), 101.0, 50.0)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert hass_storage[f"{STORE}.{subentry_id}"]["data"]["day"] == "2026-07-01"
    await go_to(hass, freezer, local(2026, 7, 1, 16, 45))
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert float(state(hass, "cost_today")) == pytest.approx(0.4963)
    await read(hass, freezer, entry, local(2026, 7, 1, 16, 50), 103.0, 50.0)
    # Two kWh over 100 minutes, half of them before four o'clock.
    assert float(state(hass, "cost_today")) == pytest.approx(2 * 0.49627 + 0.80205, abs=1e-4)
    coordinator: TariffCoordinator = entry.runtime_data.sources[subentry_id]
    assert coordinator.data.today.bought.estimated_kwh == pytest.approx(2.0)


async def test_figures_are_written_while_readings_go_on(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hass_storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write that is due must not be put off by each new reading, or a crash would cost the day's figures."""
    entry = await set_up(hass, home(tariff(PRICED)))
    (subentry_id,) = entry.subentries
    start = local(2026, 7, 1, 15, 10)
    began, real_time = hass.loop.time(), hass.loop.time
    monkeypatch.setattr(hass.loop, "time", lambda: began + (datetime.now(UTC) - start).total_seconds())
    for seconds in range(0, 100, 5):
        await read(hass, freezer, entry, start + timedelta(seconds=seconds), 100.0 + seconds / 1000, 0.0)
    monkeypatch.setattr(hass.loop, "time", real_time)
    stored = hass_storage[f"{STORE}.{subentry_id}"]["data"]
    assert stored["import_counter"]["kwh"] > 100.0


async def test_a_removed_tariff_leaves_nothing(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    entry = await set_up(hass, home(tariff(PRICED)))
    (subentry_id,) = entry.subentries
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.config_entries.async_setup(entry.entry_id)
    assert f"{STORE}.{subentry_id}" in hass_storage
    hass.config_entries.async_remove_subentry(entry, subentry_id)
    await hass.async_block_till_done()
    assert f"{STORE}.{subentry_id}" not in hass_storage
    assert er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id) == []


async def test_a_changed_tariff_keeps_the_money_of_the_day(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entry = await set_up(hass, home(tariff(PRICED)))
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 5), 100.0, 50.0)
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 10), 101.0, 50.0)
    (subentry,) = entry.subentries.values()
    hass.config_entries.async_update_subentry(entry, subentry, data=FLAT)
    await hass.async_block_till_done()
    assert state(hass, "import_price") == "0.31"
    assert state(hass, "next_price_change") == STATE_UNKNOWN
    assert hass.states.get("sensor.tariff_tier").attributes["options"] == ["Standard"]
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 15), 102.0, 50.0)
    assert float(state(hass, "cost_today")) == pytest.approx(0.49627 + 0.31, abs=1e-4)


async def test_settings_of_another_format_do_not_stop_the_home(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    await set_up(hass, home(tariff({**FLAT, "format": 99})))
    assert state(hass, "import_price") == STATE_UNAVAILABLE
    assert hass.states.get("calendar.tariff_tiers").state == STATE_UNAVAILABLE
    assert "cannot be read" in caplog.text


async def test_holidays_are_looked_up_as_years_pass(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entry = await set_up(hass, home(tariff(PRICED)))
    (source,) = entry.runtime_data.sources.values()
    assert source.tariff.known_until == local(2029, 1, 1)
    await go_to(hass, freezer, local(2026, 9, 7, 10, 0))
    assert source.tariff.at(local(2026, 9, 7, 8, 0)).tier == "Super off-peak", "Labor Day"
    await go_to(hass, freezer, local(2028, 2, 1, 0, 0))
    await go_to(hass, freezer, local(2028, 2, 1, 6, 0))
    assert source.tariff.known_until == local(2031, 1, 1)


async def test_a_country_without_a_calendar_leaves_the_users_own_days(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    rule = {**SDGE_EV_TOU_5.data()["holidays"], "country": "ZZ", "own_days": ["12-24"]}
    entry = await set_up(hass, home(tariff(PRICED | {"holidays": rule})))
    (source,) = entry.runtime_data.sources.values()
    assert {day.month for day in source.tariff.holidays.dates} == {12}
    assert "knows only its own holidays" in caplog.text


async def test_a_moved_home_reads_its_clock_anew(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await set_up(hass, home(tariff(PRICED)))
    assert state(hass, "tier") == "Off-peak"
    await hass.config.async_update(time_zone="America/New_York")
    await hass.async_block_till_done()
    assert state(hass, "tier") == "Peak"


async def test_clock_changes(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(local(2026, 11, 1, 0, 30))
    await set_up(hass, home(tariff(PRICED)))
    # A Sunday: super off-peak until two in the afternoon, which is 14.5 hours from half past midnight.
    assert state(hass, "next_price_change") == "2026-11-01T22:00:00+00:00"
    assert state(hass, "import_price") == "0.12332"
    await go_to(hass, freezer, datetime(2026, 11, 1, 22, 0, tzinfo=UTC))
    assert state(hass, "tier") == "Off-peak"


async def test_diagnostics(hass: HomeAssistant) -> None:
    entry = await set_up(hass, home(flat_tariff()))
    (source,) = entry.runtime_data.sources.values()
    told = source.diagnostics()
    assert told["last_update_success"] is True
    assert told["settings"]["import_per_kwh"] == 0.31
    assert told["known_until"] is None
    assert told["today"]["day"] == "2026-07-01"


async def test_another_currency_begins_anew(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    entry = await set_up(hass, home(tariff(PRICED)))
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 5), 100.0, 50.0)
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 10), 101.0, 50.0)
    assert float(state(hass, "cost_today")) == pytest.approx(0.4963)
    hass.config_entries.async_update_entry(entry, data=HOME_DATA | {"currency": "JPY"})
    await hass.async_block_till_done(wait_background_tasks=True)
    cost = hass.states.get("sensor.tariff_cost_today")
    assert (float(cost.state), cost.attributes["unit_of_measurement"]) == (0, "JPY")
    assert cost.attributes["counted_since"] == local(2026, 7, 1, 15, 10)
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 15), 102.0, 50.0)
    assert float(state(hass, "cost_today")) == pytest.approx(0.4963)


async def test_other_meters_are_not_compared_with_the_old_ones(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    entry = await set_up(hass, home(tariff(PRICED)))
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 5), 100.0, 50.0)
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 10), 101.0, 50.0)
    async_dispatcher_send(hass, signal_new_meters(entry.entry_id))
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 15), 101.9, 50.4)
    assert float(state(hass, "cost_today")) == pytest.approx(0.4963)
    assert float(state(hass, "earnings_today")) == 0
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 20), 102.9, 50.4)
    assert float(state(hass, "cost_today")) == pytest.approx(2 * 0.49627, abs=1e-4)
