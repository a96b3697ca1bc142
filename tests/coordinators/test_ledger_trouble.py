"""What can happen to a home's ledger: a failed start, a dead server, a backup that is restored, a full disk."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.backup import DATA_MANAGER
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.energy_optimizer.const import DOMAIN
from custom_components.energy_optimizer.storage.ledger import HomeLedger, LedgerUnavailableError
from custom_components.energy_optimizer.storage.ledger.address import FILE_NAME, DatabaseAddress
from custom_components.energy_optimizer.storage.ledger.database import Database
from custom_components.energy_optimizer.storage.ledger.shared import databases
from tests.coordinators.test_ledger_coordinator import COUNTED, NOON, count_for, imported, show_meter
from tests.homes import flat_tariff, home, powerwall, set_up
from tests.servers.databases import DatabaseServer

GONE = "postgresql://keeper@127.0.0.1:1/ledger"


async def test_a_home_that_fails_to_start_lets_go_of_its_ledger(
    hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("a platform is broken")

    show_meter(hass, 100.0)
    with monkeypatch.context() as patched:
        patched.setattr(hass.config_entries, "async_forward_entry_setups", fail)
        entry = home(powerwall(COUNTED), flat_tariff())
        entry.add_to_hass(hass)
        assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert databases(hass) == []
    assert await hass.config_entries.async_reload(entry.entry_id)
    assert len(databases(hass)) == 1
    assert (await entry.runtime_data.ledger.check()).is_whole


@pytest.mark.usefixtures("socket_enabled")
async def test_a_home_removed_while_its_server_is_dead_says_what_stays(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture
) -> None:
    entry = home()
    options = {"database_url": GONE, "database_password": "hunter2"}
    entry = MockConfigEntry(domain=DOMAIN, version=2, title="Home", data=entry.data, options=options)
    await set_up(hass, entry)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"ledger_rows_left_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_placeholders == {"name": "Home", "home": entry.entry_id, "database": GONE}
    assert "hunter2" not in caplog.text
    assert databases(hass) == []


@pytest.fixture
def own_config(hass: HomeAssistant, tmp_path: Path) -> Iterator[Path]:
    """A configuration folder that holds nothing of other tests."""
    before, hass.config.config_dir = hass.config.config_dir, str(tmp_path)
    yield tmp_path
    hass.config.config_dir = before


async def test_a_real_backup_restores_to_a_whole_ledger(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, own_config: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Home Assistant's own backup manager makes it while readings go on; the copy has all that came before."""
    freezer.move_to(NOON)
    show_meter(hass, 100.0)
    entry = await set_up(hass, home(powerwall(COUNTED)))
    kwh = await count_for(hass, freezer, 100.0, 30)
    assert await async_setup_component(hass, "backup", {})
    await hass.async_block_till_done()
    manager = hass.data[DATA_MANAGER]
    await manager.async_initiate_backup(
        agent_ids=["backup.local"],
        extra_metadata={},
        include_addons=None,
        include_all_addons=False,
        include_database=True,
        include_folders=None,
        include_homeassistant=True,
        name="test",
        password=None,
        raise_task_error=True,
    )
    await count_for(hass, freezer, kwh, 10)
    await hass.async_block_till_done(wait_background_tasks=True)
    restored = tmp_path_factory.mktemp("restored")

    def restore() -> None:
        (archive,) = (own_config / "backups").glob("*.tar")
        with tarfile.open(archive) as outer:
            outer.extractall(restored, filter="data")
        (inner,) = restored.glob("homeassistant.tar*")
        with tarfile.open(inner) as data:
            data.extractall(restored, filter="data")

    await hass.async_add_executor_job(restore)
    file = restored / "data" / FILE_NAME
    database = Database(DatabaseAddress.of_file(file))
    database.start()
    await hass.async_add_executor_job(database.wait_until_tried, 10)
    try:
        copy = HomeLedger(entry.entry_id, database)
        assert (await copy.check()).is_whole
        assert await imported(copy, 30) == (await imported(entry.runtime_data.ledger, 30))
    finally:
        await hass.async_add_executor_job(database.close)
    assert (await entry.runtime_data.ledger.check()).is_whole
    await hass.config_entries.async_unload(entry.entry_id)


async def test_a_file_that_breaks_while_it_is_used_is_named_and_left_alone(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, own_config: Path
) -> None:
    freezer.move_to(NOON)
    show_meter(hass, 100.0)
    entry = await set_up(hass, home(powerwall(COUNTED)))
    kwh = await count_for(hass, freezer, 100.0, 30)
    await entry.runtime_data.ledger.flush()
    assert await hass.config_entries.async_unload(entry.entry_id)
    file = own_config / FILE_NAME

    def spoil() -> bytes:
        content = bytearray(file.read_bytes())
        content[4096:] = b"\x00\xff" * ((len(content) - 4096) // 2)
        file.write_bytes(content)
        return bytes(content)

    spoilt = await hass.async_add_executor_job(spoil)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    await count_for(hass, freezer, kwh, 10)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"ledger_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_key == "ledger_damaged"
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await hass.async_add_executor_job(file.read_bytes) == spoilt


@pytest.mark.usefixtures("socket_enabled")
async def test_what_a_dead_server_never_took_in_goes_to_the_database_chosen_instead(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, own_config: Path
) -> None:
    """Nothing that was measured while the server was away is lost or smeared when its address is corrected."""
    freezer.move_to(NOON)
    show_meter(hass, 100.0)
    options = {"database_url": GONE, "database_password": "hunter2"}
    like = home(powerwall(COUNTED))
    entry = MockConfigEntry(
        domain=DOMAIN,
        version=2,
        title="Home",
        data=like.data,
        options=options,
        subentries_data=[powerwall(COUNTED)],
    )
    await set_up(hass, entry)
    kwh = await count_for(hass, freezer, 100.0, 20)
    with pytest.raises(LedgerUnavailableError):
        await imported(entry.runtime_data.ledger, 20)
    hass.config_entries.async_update_entry(entry, options={})
    await hass.async_block_till_done(wait_background_tasks=True)
    await count_for(hass, freezer, kwh, 5)
    assert entry.runtime_data.ledger.database.address.kind == "sqlite"
    energy = await imported(entry.runtime_data.ledger, 20)
    assert energy == [(0.1, True), (0.1, False), (0.1, False), (0.1, False)]
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.usefixtures("socket_enabled")
async def test_a_server_that_dies_for_good_costs_nothing_of_what_came_after(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, own_config: Path, postgresql: DatabaseServer
) -> None:
    freezer.move_to(NOON)
    show_meter(hass, 100.0)
    address = await hass.async_add_executor_job(postgresql.new_database)
    entry = MockConfigEntry(
        domain=DOMAIN,
        version=2,
        title="Home",
        data=home().data,
        options={"database_url": address.url, "database_password": address.password},
        subentries_data=[powerwall(COUNTED)],
    )
    await set_up(hass, entry)
    kwh = await count_for(hass, freezer, 100.0, 10)
    assert await imported(entry.runtime_data.ledger, 10) == [(0.1, True), (0.1, False)]
    name = address.url.rpartition("/")[2]
    await hass.async_add_executor_job(postgresql.execute, f"DROP DATABASE {name} WITH (FORCE)")
    kwh = await count_for(hass, freezer, kwh, 10)
    with pytest.raises(LedgerUnavailableError):
        await imported(entry.runtime_data.ledger, 20)
    hass.config_entries.async_update_entry(entry, options={})
    await hass.async_block_till_done(wait_background_tasks=True)
    await count_for(hass, freezer, kwh, 5)
    energy = await imported(entry.runtime_data.ledger, 25)
    assert energy == [(None, False), (None, False), (0.1, False), (0.1, False), (0.1, False)]
    assert not [each for each in ir.async_get(hass).issues.values() if each.domain == DOMAIN]
    await hass.config_entries.async_unload(entry.entry_id)
