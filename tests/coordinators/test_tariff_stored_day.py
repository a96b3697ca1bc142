"""A tariff whose file is damaged or from the future, and one that is stopped while it is busy."""

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.async_ import get_scheduled_timer_handles

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.coordinators import tariff as tariff_coordinator
from custom_components.energy_optimizer.coordinators.signals import signal_energy
from custom_components.energy_optimizer.coordinators.tariff import TariffCoordinator
from custom_components.energy_optimizer.core.accounting.cost import DayCost
from custom_components.energy_optimizer.core.model.energy import EnergyTotals
from custom_components.energy_optimizer.core.tariffs.days import Holidays
from custom_components.energy_optimizer.core.tariffs.holiday_rule import HolidayRule
from custom_components.energy_optimizer.storage.tariff_day import StoredDay, TariffDayStore
from tests.coordinators.tariff_in_san_diego import PRICED, STORE, go_to, local, read, state, tariff
from tests.homes import home, set_up


@pytest.fixture(autouse=True)
async def _in_san_diego(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    await hass.config.async_set_time_zone("America/Los_Angeles")
    freezer.move_to(local(2026, 7, 1, 15, 0))


GOOD_ENERGY = {"kwh": 1.0, "estimated_kwh": 0.0, "unpriced_kwh": 0.0, "money": "0.5"}
GOOD_COUNTER = {"kwh": 1.0, "read_at": "2026-07-01T20:00:00+00:00", "changed_at": "2026-07-01T20:00:00+00:00"}
GOOD = {
    "day": "2026-07-01",
    "bought": GOOD_ENERGY,
    "sold": None,
    "import_counter": GOOD_COUNTER | {"step_kwh": None},
    "export_counter": None,
    "counted_since": "2026-07-01T20:00:00+00:00",
    "currency": "USD",
}


async def set_up_with_file(hass: HomeAssistant, hass_storage: dict[str, Any], content: object, version: int = 1) -> str:
    """Set a home up whose tariff has a file with *content*; return the file's name."""
    entry = home(tariff(PRICED))
    key = f"{STORE}.{next(iter(entry.subentries))}"
    hass_storage[key] = {"version": version, "minor_version": 1, "key": key, "data": content}
    await set_up(hass, entry)
    return key


def complaints(caplog: pytest.LogCaptureFixture, key: str) -> list[str]:
    """Return how grave each complaint about the file was."""
    return [each.levelname for each in caplog.records if key in each.getMessage() and each.levelno >= logging.WARNING]


async def test_a_good_file_is_read(
    hass: HomeAssistant, hass_storage: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    key = await set_up_with_file(hass, hass_storage, GOOD)
    assert float(state(hass, "cost_today")) == 0.5
    assert complaints(caplog, key) == []


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        "text",
        {"day": "2026-07-01"},
        GOOD | {"day": "yesterday"},
        GOOD | {"bought": {"kwh": 1.0}},
        GOOD | {"bought": GOOD_ENERGY | {"money": "much"}},
        GOOD | {"bought": GOOD_ENERGY | {"kwh": None}},
        GOOD | {"counted_since": "2026-07-01T20:00:00"},
        GOOD | {"import_counter": GOOD_COUNTER},
        GOOD | {"import_counter": 5},
    ],
)
async def test_a_damaged_file_does_not_stop_the_home(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
    content: object,
) -> None:
    key = await set_up_with_file(hass, hass_storage, content)
    assert state(hass, "tier") == "Off-peak"
    assert state(hass, "cost_today") == STATE_UNKNOWN
    assert complaints(caplog, key) == ["WARNING"]
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 5), 100.0, 50.0)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert hass_storage[key]["data"]["import_counter"]["kwh"] == 100.0


async def test_a_file_of_a_newer_release_is_kept(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_storage: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    key = await set_up_with_file(hass, hass_storage, {"of": "the future"}, version=2)
    assert complaints(caplog, key) == ["WARNING"]
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 5), 100.0, 50.0)
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 10), 101.0, 50.0)
    assert float(state(hass, "cost_today")) == pytest.approx(0.4963)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert hass_storage[key]["data"] == {"of": "the future"}


async def test_a_stopped_tariff_hears_and_does_nothing(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, hass_storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Look holidays up for a new time zone, and stop and forget the tariff while that takes its time."""
    entry = await set_up(hass, home(tariff(PRICED)))
    await read(hass, freezer, entry, local(2026, 7, 1, 15, 5), 100.0, 50.0)
    (subentry_id,) = entry.subentries
    coordinator: TariffCoordinator = entry.runtime_data.sources[subentry_id]
    asked, go_on = threading.Event(), threading.Event()
    real = tariff_coordinator.look_up

    def slowly(rule: HolidayRule, first: int, last: int) -> Holidays:
        asked.set()
        assert go_on.wait(10)
        return real(rule, first, last)

    monkeypatch.setattr(tariff_coordinator, "look_up", slowly)
    hass.async_create_task(hass.config.async_update(time_zone="America/New_York"))
    assert await hass.async_add_executor_job(asked.wait, 10)
    await coordinator.async_stop()
    await coordinator.async_forget()
    timers = len(pending_timers(hass))
    totals = EnergyTotals(grid_import_kwh=101.0, grid_export_kwh=50.0)
    coordinator._take_in(totals, local(2026, 7, 1, 15, 10))
    coordinator._start_counters_anew()
    go_on.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(pending_timers(hass)) == timers
    await coordinator._woken(local(2026, 7, 1, 16, 0))
    await go_to(hass, freezer, local(2026, 7, 2, 0, 0))
    assert coordinator.data.today.bought.kwh == 0
    assert coordinator.diagnostics()["today"]["import_counter"]["kwh"] == 100.0
    assert f"{STORE}.{subentry_id}" not in hass_storage


async def test_a_tariff_stopped_while_it_starts_leaves_its_file_and_no_timer(
    hass: HomeAssistant, hass_storage: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = await set_up(hass, home(tariff(PRICED)))
    (subentry,) = entry.subentries.values()
    assert await hass.config_entries.async_unload(entry.entry_id)
    key = f"{STORE}.{subentry.subentry_id}"
    hass_storage[key]["data"] = GOOD
    gate = asyncio.Event()
    real = TariffDayStore.async_load_or_begin

    async def slowly(self: TariffDayStore, reader: Callable[[StoredDay], DayCost]) -> DayCost | None:
        await gate.wait()
        return await real(self, reader)

    monkeypatch.setattr(TariffDayStore, "async_load_or_begin", slowly)
    timers = len(pending_timers(hass))
    late = TariffCoordinator(hass, entry, subentry)
    starting = hass.async_create_task(late.async_start())
    await asyncio.sleep(0)
    await late.async_stop()
    gate.set()
    await starting
    async_dispatcher_send(hass, signal_energy(entry.entry_id), EnergyTotals(grid_import_kwh=9.0), datetime.now(UTC))
    await hass.async_block_till_done()
    assert hass_storage[key]["data"] == GOOD
    assert len(pending_timers(hass)) == timers


def pending_timers(hass: HomeAssistant) -> list[asyncio.TimerHandle]:
    return [handle for handle in get_scheduled_timer_handles(hass.loop) if not handle.cancelled()]
