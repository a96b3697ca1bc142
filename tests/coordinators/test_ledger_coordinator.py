"""A home keeps its ledger: over restarts, outages, backups and removal."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.energy_optimizer.backup import async_post_backup, async_pre_backup
from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.diagnostics import async_get_config_entry_diagnostics
from custom_components.energy_optimizer.storage.ledger import HomeLedger, LedgerUnavailableError
from custom_components.energy_optimizer.storage.ledger.shared import databases
from tests.homes import BATTERY_ENTITIES, HOME_DATA, home, powerwall, set_up, show_battery
from tests.servers.databases import PASSWORD, DatabaseServer

COUNTED = BATTERY_ENTITIES | {"grid_import_energy": "sensor.meter"}
NOON = "2026-06-01T12:00:00+00:00"


def show_meter(hass: HomeAssistant, kwh: float) -> None:
    show_battery(hass, grid=1.0, home=1.0)
    hass.states.async_set("sensor.meter", str(kwh), {"unit_of_measurement": "kWh"})


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, **delta: float) -> None:
    freezer.tick(timedelta(**delta))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def imported(ledger: HomeLedger, minutes: float) -> list[tuple[float | None, bool]]:
    """Return imports and estimates; the first slot's export began half a minute late, when power was first known."""
    start = dt_util.parse_datetime(NOON)
    assert start is not None
    slots = await ledger.metered(start, start + timedelta(minutes=minutes))
    return [(None if s.import_kwh is None else round(s.import_kwh, 4), s.is_estimated) for s in slots]


def file_of(hass: HomeAssistant) -> Path:
    return Path(hass.config.path("energy_optimizer.db"))


async def count_for(hass: HomeAssistant, freezer: FrozenDateTimeFactory, start_kwh: float, minutes: int) -> float:
    """Let the meter count 0.01 kWh every half minute."""
    kwh = start_kwh
    for _ in range(minutes * 2):
        kwh = round(kwh + 0.01, 3)
        show_meter(hass, kwh)
        await pass_time(hass, freezer, seconds=30)
    return kwh


async def test_energy_goes_on_from_the_ledger_after_a_restart(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(NOON)
    show_meter(hass, 100.0)
    entry = await set_up(hass, home(powerwall(COUNTED)))
    kwh = await count_for(hass, freezer, 100.0, 10)
    assert await imported(entry.runtime_data.ledger, 10) == [(0.1, True), (0.1, False)]
    await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    freezer.tick(timedelta(minutes=30))
    show_meter(hass, kwh + 0.6)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    slots = await imported(entry.runtime_data.ledger, 40)
    assert slots == [(0.1, True), (0.1, False)] + [(0.1, True)] * 6
    assert (await entry.runtime_data.ledger.check()).is_whole


async def test_a_ledger_that_cannot_be_opened_holds_nothing_up_and_catches_up(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(NOON)
    show_meter(hass, 100.0)
    await hass.async_add_executor_job(file_of(hass).mkdir)
    entry = await set_up(hass, home(powerwall(COUNTED)))
    assert entry.state is ConfigEntryState.LOADED
    await count_for(hass, freezer, 100.0, 10)
    (issue,) = (each for each in ir.async_get(hass).issues.values() if each.domain == DOMAIN)
    assert issue.translation_key == "ledger_cannot_write"
    with pytest.raises(LedgerUnavailableError) as err:
        await imported(entry.runtime_data.ledger, 10)
    assert err.value.translation_key == "ledger_cannot_write"
    facts = await async_get_config_entry_diagnostics(hass, entry)
    assert facts["ledger"]["trouble"] == "cannot_write"
    await hass.async_add_executor_job(file_of(hass).rmdir)
    (database,) = databases(hass)
    database.resume()
    await hass.async_add_executor_job(database._thread.join, 1)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert await imported(entry.runtime_data.ledger, 10) == [(0.1, True), (0.1, False)]
    assert not [each for each in ir.async_get(hass).issues.values() if each.domain == DOMAIN]


async def test_a_newer_ledger_is_named_and_left_alone(hass: HomeAssistant) -> None:
    file = file_of(hass)

    def write_newer() -> bytes:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE energy_optimizer_schema (id INTEGER PRIMARY KEY, version INTEGER)")
            connection.execute("INSERT INTO energy_optimizer_schema VALUES (1, 99)")
            connection.commit()
        return file.read_bytes()

    before = await hass.async_add_executor_job(write_newer)
    show_meter(hass, 100.0)
    entry = await set_up(hass, home(powerwall(COUNTED)))
    assert entry.state is ConfigEntryState.LOADED
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"ledger_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_key == "ledger_newer_schema"
    await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.async_add_executor_job(file.read_bytes) == before
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"ledger_{entry.entry_id}") is None


async def test_a_backup_holds_all_that_was_noted_and_nothing_is_written_meanwhile(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, tmp_path: Path
) -> None:
    freezer.move_to(NOON)
    show_meter(hass, 100.0)
    entry = await set_up(hass, home(powerwall(COUNTED)))
    kwh = await count_for(hass, freezer, 100.0, 10)
    await async_pre_backup(hass)
    before = await hass.async_add_executor_job(file_of(hass).read_bytes)
    await count_for(hass, freezer, kwh, 5)
    await imported(entry.runtime_data.ledger, 10)
    (database,) = databases(hass)
    assert database.status.waiting > 0

    def look() -> tuple[bytes, int, float]:
        wal = file_of(hass).with_name("energy_optimizer.db-wal")
        copy = tmp_path / "copy.db"
        copy.write_bytes(before)
        with closing(sqlite3.connect(copy)) as connection:
            (total,) = connection.execute("SELECT MAX(kwh) FROM energy_optimizer_counter").fetchone()
        return file_of(hass).read_bytes(), wal.stat().st_size, total

    during, journal, total = await hass.async_add_executor_job(look)
    assert during == before
    assert journal == 0
    assert total == pytest.approx(kwh)
    await async_post_backup(hass)
    assert [each for each, _ in await imported(entry.runtime_data.ledger, 15)] == [0.1, 0.1, 0.1]


async def test_removal_of_the_last_home_removes_the_file(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    freezer.move_to(NOON)
    show_meter(hass, 100.0)
    entry = await set_up(hass, home(powerwall(COUNTED)))
    other = await set_up(hass, MockConfigEntry(domain=DOMAIN, title="Two", unique_id="2", version=2, data=HOME_DATA))
    assert len(databases(hass)) == 1
    await count_for(hass, freezer, 100.0, 6)
    await entry.runtime_data.ledger.flush()
    ledger = other.runtime_data.ledger

    def homes() -> set[str]:
        with closing(sqlite3.connect(file_of(hass))) as connection:
            return {home for (home,) in connection.execute("SELECT DISTINCT home FROM energy_optimizer_series")}

    assert await hass.async_add_executor_job(homes) == {entry.entry_id}
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert await hass.async_add_executor_job(homes) == set()
    assert await ledger.tracks() == {}
    await hass.config_entries.async_remove(other.entry_id)
    await hass.async_block_till_done()
    assert not databases(hass)
    left = await hass.async_add_executor_job(lambda: list(file_of(hass).parent.glob("energy_optimizer.db*")))
    assert left == []


async def test_a_home_on_a_server_keeps_its_password_to_itself(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    postgresql: DatabaseServer,
    socket_enabled: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    freezer.move_to(NOON)
    address = await hass.async_add_executor_job(postgresql.new_database)
    show_meter(hass, 100.0)
    entry = home(powerwall(COUNTED))
    entry.add_to_hass(hass)
    options: dict[str, Any] = {"database_url": address.url, "database_password": PASSWORD}
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await count_for(hass, freezer, 100.0, 5)
    assert await imported(entry.runtime_data.ledger, 5) == [(0.1, True)]
    facts = await async_get_config_entry_diagnostics(hass, entry)
    assert facts["ledger"]["kind"] == "postgresql"
    assert facts["ledger"]["size_bytes"] > 0
    assert facts["ledger"]["rows"]["slots"] > 0
    hass.config_entries.async_update_entry(entry, options=options | {"database_password": "hunter2"})
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"ledger_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_key == "ledger_refused"
    facts = await async_get_config_entry_diagnostics(hass, entry)
    told = f"{facts} {issue} {caplog.text} {[state.as_dict() for state in hass.states.async_all()]}"
    assert PASSWORD not in told
    assert "hunter2" not in told
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.async_block_till_done()
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert not databases(hass)
