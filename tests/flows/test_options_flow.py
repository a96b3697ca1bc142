"""The home's options: the database, its check and its export."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.core.accounting.slots import CounterReading
from custom_components.energy_optimizer.storage.ledger.address import DatabaseAddress
from custom_components.energy_optimizer.storage.ledger.database import Database, opened
from custom_components.energy_optimizer.storage.ledger.migrations import prepare
from custom_components.energy_optimizer.storage.ledger.schema import schema_table
from custom_components.energy_optimizer.storage.ledger.transfer import has_rows
from tests.homes import home, set_up
from tests.servers.databases import PASSWORD, DatabaseServer
from tests.storage.ledger_samples import IMPORT, NOON, Keeper, minutes, price

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture
async def entry(hass: HomeAssistant) -> MockConfigEntry:
    """A home whose ledger knows an hour."""
    entry = await set_up(hass, home())
    ledger = entry.runtime_data.ledger
    keeper = Keeper(ledger)
    for minute in range(61):
        totals = {IMPORT: 100 + minute * 0.01}
        keeper.read(CounterReading(source="battery", origin="o", taken_at=NOON + minutes(minute), totals=totals))
    ledger.note_prices("tariff", [price(0, 60, 0.2)], NOON)
    ledger.note_terms("tariff", "flat", {"import_per_kwh": 0.2}, NOON)
    return entry


async def choose(hass: HomeAssistant, entry: MockConfigEntry, step: str) -> Any:
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert result["type"] is FlowResultType.MENU
    return await hass.config_entries.options.async_configure(result["flow_id"], {"next_step_id": step})


async def finished(hass: HomeAssistant, result: Any) -> Any:
    """Wait for what goes on in a dialog."""
    while result["type"] is FlowResultType.SHOW_PROGRESS:
        await hass.async_block_till_done(wait_background_tasks=True)
        result = await hass.config_entries.options.async_configure(result["flow_id"])
    return result


async def test_a_home_that_is_not_running_has_no_options(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    await hass.config_entries.async_unload(entry.entry_id)
    assert entry.state is ConfigEntryState.NOT_LOADED
    result = await hass.config_entries.options.async_init(entry.entry_id)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "not_loaded")


@pytest.mark.parametrize(("language", "word"), [("en", "The ledger is whole"), ("fr", "Le registre est intact")])
async def test_the_check_says_in_words_what_it_found(
    hass: HomeAssistant, entry: MockConfigEntry, language: str, word: str
) -> None:
    hass.config.language = language
    result = await finished(hass, await choose(hass, entry, "check"))
    assert result["step_id"] == "check_result"
    report = result["description_placeholders"]["report"]
    assert word in report
    assert "12" in report
    assert "{" not in report
    result = await hass.config_entries.options.async_configure(result["flow_id"], {})
    assert result["step_id"] == "init"


@pytest.mark.parametrize("form", ["csv", "json"])
async def test_an_export_holds_everything(
    hass: HomeAssistant, entry: MockConfigEntry, freezer: FrozenDateTimeFactory, form: str
) -> None:
    freezer.move_to("2026-06-02T01:02:03+00:00")
    result = await choose(hass, entry, "export")
    result = await hass.config_entries.options.async_configure(result["flow_id"], {"format": form})
    result = await finished(hass, result)
    assert result["step_id"] == "exported"
    folder = Path(result["description_placeholders"]["path"])
    assert folder == Path(hass.config.path("energy_optimizer", "export-2026-06-02-010203"))

    def read() -> dict[str, list[dict[str, Any]]]:
        texts = {path.stem: path.read_text() for path in folder.iterdir()}
        if form == "json":
            return {name: json.loads(text) for name, text in texts.items()}
        return {name: list(csv.DictReader(text.splitlines())) for name, text in texts.items()}

    files = await hass.async_add_executor_job(read)
    assert {name: len(rows) for name, rows in files.items()} == {"energies": 12, "counters": 1, "prices": 1, "terms": 1}
    assert files["energies"][0]["starts_at"] == NOON.isoformat()
    assert sum(float(row["kwh"]) for row in files["energies"]) == pytest.approx(0.6)
    assert float(files["prices"][0]["import_per_kwh"]) == 0.2
    result = await hass.config_entries.options.async_configure(result["flow_id"], {})
    result = await hass.config_entries.options.async_configure(result["flow_id"], {"next_step_id": "export"})
    result = await hass.config_entries.options.async_configure(result["flow_id"], {"format": form})
    result = await finished(hass, result)
    assert result["step_id"] == "failed"  # that folder is there already


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
@pytest.mark.parametrize("old_rows", ["copy", "anew"])
async def test_moving_to_a_server_and_back(
    hass: HomeAssistant, entry: MockConfigEntry, request: pytest.FixtureRequest, kind: str, old_rows: str
) -> None:
    server: DatabaseServer = request.getfixturevalue(kind)
    address = await hass.async_add_executor_job(server.new_database)
    result = await choose(hass, entry, "database")
    typed = {"where": "server", "database_url": address.url, "database_password": PASSWORD}
    result = await hass.config_entries.options.async_configure(result["flow_id"], typed)
    assert result["step_id"] == "old_rows"
    result = await hass.config_entries.options.async_configure(result["flow_id"], {"old_rows": old_rows})
    result = await finished(hass, result)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"database_url": address.url, "database_password": PASSWORD}
    await hass.async_block_till_done()
    ledger = entry.runtime_data.ledger
    assert ledger.database.address == address
    known = [slot.import_kwh for slot in await ledger.metered(NOON, NOON + minutes(60))]
    assert known == ([pytest.approx(0.05)] * 12 if old_rows == "copy" else [None] * 12)
    result = await choose(hass, entry, "database")
    suggested = {str(key): (key.description or {}).get("suggested_value") for key in result["data_schema"].schema}
    assert suggested == {"where": "server", "database_url": address.url, "database_password": None}
    result = await hass.config_entries.options.async_configure(result["flow_id"], {"where": "file"})
    if old_rows == "copy":
        assert result["step_id"] == "old_rows"
        result = await hass.config_entries.options.async_configure(result["flow_id"], {"old_rows": "anew"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {}
    await hass.async_block_till_done()
    assert entry.runtime_data.ledger.database.address.kind == "sqlite"
    slots = await entry.runtime_data.ledger.metered(NOON, NOON + minutes(5))
    assert [slot.import_kwh for slot in slots] == [pytest.approx(0.05)]  # what was left there is there


async def test_what_is_wrong_is_said_at_its_field(
    hass: HomeAssistant, entry: MockConfigEntry, postgresql: DatabaseServer, caplog: pytest.LogCaptureFixture
) -> None:
    address = await hass.async_add_executor_job(postgresql.new_database)
    newer = await hass.async_add_executor_job(postgresql.new_database)

    def make_newer() -> None:
        with opened(newer) as connection:
            prepare(connection)
            connection.execute(schema_table.update().values(version=99))
            connection.commit()

    await hass.async_add_executor_job(make_newer)
    flow_id = (await choose(hass, entry, "database"))["flow_id"]
    for url, password, errors in (
        ("", "", {"database_url": "url_not_usable"}),
        ("sqlite:////etc/x.db", "", {"database_url": "url_not_usable"}),
        (address.url, "hunter2", {"database_password": "ledger_refused"}),
        (postgresql.url("nowhere"), PASSWORD, {"database_url": "ledger_no_such_database"}),
        ("postgresql://x@127.0.0.1:1/x", PASSWORD, {"database_url": "ledger_cannot_connect"}),
        (newer.url, PASSWORD, {"database_url": "ledger_newer_schema"}),
        (address.url.replace("keeper@", "keeper:hunter2@"), "", {"database_password": "ledger_refused"}),
    ):
        typed = {"where": "server", "database_url": url, "database_password": password}
        result = await hass.config_entries.options.async_configure(flow_id, typed)
        assert result["errors"] == errors
        suggested = {str(key): (key.description or {}).get("suggested_value") for key in result["data_schema"].schema}
        assert "hunter2" not in f"{result['description_placeholders']} {suggested}"
    assert "hunter2" not in caplog.text
    assert PASSWORD not in caplog.text
    assert entry.options == {}


async def test_a_forgotten_password_is_kept_and_a_copy_to_a_dead_server_changes_nothing(
    hass: HomeAssistant, entry: MockConfigEntry, mariadb: DatabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = await hass.async_add_executor_job(mariadb.new_database)
    flow_id = (await choose(hass, entry, "database"))["flow_id"]
    typed = {"where": "server", "database_url": address.url, "database_password": PASSWORD}
    await hass.config_entries.options.async_configure(flow_id, typed)
    name = address.url.rpartition("/")[2]
    await hass.async_add_executor_job(mariadb.execute, f"DROP DATABASE {name}")
    result = await hass.config_entries.options.async_configure(flow_id, {"old_rows": "copy"})
    result = await finished(hass, result)
    assert result["step_id"] == "failed"
    assert entry.options == {}
    await hass.async_add_executor_job(mariadb.execute, f"CREATE DATABASE {name}")
    flow_id = (await choose(hass, entry, "database"))["flow_id"]
    await hass.config_entries.options.async_configure(flow_id, typed)
    await hass.config_entries.options.async_configure(flow_id, {"old_rows": "anew"})
    await hass.async_block_till_done()
    flow_id = (await choose(hass, entry, "database"))["flow_id"]
    result = await hass.config_entries.options.async_configure(
        flow_id, {"where": "server", "database_url": address.url}
    )
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options["database_password"] == PASSWORD


def test_a_database_without_tables_has_no_rows(tmp_path: Path) -> None:
    address = DatabaseAddress.of_file(tmp_path / "x.db")
    with opened(address) as connection:
        assert not has_rows(connection, "home")
    assert Database(address).status.waiting == 0
