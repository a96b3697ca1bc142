"""The ledger on each kind of database: what is noted comes back, once, and as it was."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select, text

from custom_components.energy_optimizer.core.accounting.slots import slot_start
from custom_components.energy_optimizer.core.model.price import Certainty
from custom_components.energy_optimizer.storage.ledger import HomeLedger, LedgerUnavailableError
from custom_components.energy_optimizer.storage.ledger import database as database_module
from custom_components.energy_optimizer.storage.ledger.address import DatabaseAddress
from custom_components.energy_optimizer.storage.ledger.database import Database, opened
from custom_components.energy_optimizer.storage.ledger.records import seconds
from custom_components.energy_optimizer.storage.ledger.schema import energy_table, price_table, series_table
from custom_components.energy_optimizer.storage.ledger.transfer import copy_home, delete_home
from custom_components.energy_optimizer.storage.ledger.writing import forget_old_forecasts
from tests.storage.ledger_samples import EXPORT, IMPORT, NOON, RICH, Keeper, minutes, price, reading


@pytest.fixture
def database(ledger_address: DatabaseAddress) -> Iterator[Database]:
    database = Database(ledger_address)
    database.start()
    database.wait_until_tried(30)
    assert database.status.is_open, database.status
    yield database
    database.close()


@pytest.fixture
def ledger(database: Database) -> HomeLedger:
    return HomeLedger("home", database)


def rows(connection: Connection, table: object) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar() or 0)


async def test_prices_come_back_as_they_were(ledger: HomeLedger) -> None:
    ledger.note_prices("amber", [RICH], NOON)
    assert await ledger.prices(NOON, NOON + minutes(30)) == [RICH]
    (told,) = await ledger.publications(NOON, NOON + minutes(30))
    assert (told.tariff, told.seen_at, told.slot) == ("amber", NOON, RICH)


async def test_what_was_seen_last_holds_and_only_differences_are_kept(ledger: HomeLedger) -> None:
    guess = [price(at, 30, 0.2, Certainty.FORECAST) for at in (0, 30, 60)]
    ledger.note_prices("amber", guess, NOON - minutes(60))
    ledger.note_prices("amber", guess, NOON - minutes(55))
    ledger.note_prices("amber", [guess[0], price(30, 30, 0.9), guess[2]], NOON - minutes(50))
    await ledger.flush()
    ledger.note_prices("amber", [price(40, 5, 1.5), guess[2]], NOON - minutes(45))
    assert len(await ledger.publications(NOON, NOON + minutes(90))) == 5
    assert await ledger.prices(NOON, NOON + minutes(90)) == [
        guess[0],
        price(30, 10, 0.9),
        price(40, 5, 1.5),
        price(45, 15, 0.9),
        guess[2],
    ]
    assert await ledger.prices(NOON + minutes(41), NOON + minutes(46)) == [price(40, 5, 1.5), price(45, 15, 0.9)]


async def test_a_price_that_came_back_is_news(ledger: HomeLedger) -> None:
    for count, value in enumerate((0.2, 0.3, 0.2)):
        ledger.note_prices("amber", [price(0, 30, value)], NOON + minutes(count))
    assert [each.slot.import_per_kwh for each in await ledger.publications(NOON, NOON + minutes(5))] == [0.2, 0.3, 0.2]
    assert await ledger.prices(NOON, NOON + minutes(5)) == [price(0, 30, 0.2)]


async def test_holes_stay_holes_and_unknown_prices_unknown(ledger: HomeLedger) -> None:
    ledger.note_prices("entity", [price(0, 15, None), price(60, 15, 0.1), price(75, 15, float("nan"))], NOON)
    assert await ledger.prices(NOON, NOON + minutes(120)) == [price(0, 15, None), price(60, 15, 0.1)]


async def test_each_tariff_counts_while_it_held(ledger: HomeLedger) -> None:
    ledger.note_terms("old", "flat", {"format": 1}, NOON - minutes(600))
    ledger.note_terms("new", "tempo", {"client_secret": "s3cret", "rows": [{"api_token": 1, "price": 2}]}, NOON)
    ledger.note_prices("old", [price(-60, 120, 0.1)], NOON - minutes(600))
    ledger.note_prices("new", [price(-60, 120, 0.2)], NOON)
    assert await ledger.prices(NOON - minutes(30), NOON + minutes(30)) == [price(-60, 60, 0.1), price(0, 60, 0.2)]
    first, second = await ledger.terms(NOON - minutes(5), NOON + minutes(5))
    assert (first.tariff, first.since, first.until) == ("old", NOON - minutes(600), NOON)
    assert (second.kind, second.settings, second.until) == ("tempo", {"rows": [{"price": 2}]}, None)
    assert [each.tariff for each in await ledger.terms(NOON, NOON + minutes(5))] == ["new"]


async def test_the_same_settings_are_noted_once(ledger: HomeLedger) -> None:
    for later in range(3):
        ledger.note_terms("tariff", "flat", {"import_per_kwh": 0.3}, NOON + minutes(later))
    ledger.note_terms("tariff", "flat", {"import_per_kwh": 0.4}, NOON + minutes(10))
    records = await ledger.terms(NOON, NOON + minutes(60))
    assert [(each.since, each.settings["import_per_kwh"]) for each in records] == [
        (NOON, 0.3),
        (NOON + minutes(10), 0.4),
    ]


async def test_energies_are_metered_with_gaps_unknown(ledger: HomeLedger) -> None:
    keeper = Keeper(ledger)
    for step in range(31):
        keeper.read(reading(NOON + minutes(step), bought=100 + step * 0.1, sold=5.0))
    keeper.read(reading(NOON + minutes(60), broken=frozenset({IMPORT}), bought=103.0))
    keeper.read(reading(NOON + minutes(61), bought=103.1))
    slots = await ledger.metered(NOON - minutes(5), NOON + minutes(65))
    assert len(slots) == 14
    assert slots[0].import_kwh is None
    assert slots[0].starts_at == NOON - minutes(5)
    assert [slot.import_kwh for slot in slots[1:7]] == [pytest.approx(0.5)] * 6
    assert [slot.export_kwh for slot in slots[1:8]] == [0.0] * 6 + [None]
    assert [slot.import_kwh for slot in slots[7:13]] == [None] * 6
    assert slots[13].import_kwh == pytest.approx(0.1)
    assert not any(slot.is_estimated for slot in slots)
    assert [each[0] for each in await ledger.energies("battery", EXPORT, NOON, NOON + minutes(10))] == [
        NOON,
        NOON + minutes(5),
    ]


async def test_energy_that_flowed_while_nobody_looked_is_spread_after_a_restart(ledger: HomeLedger) -> None:
    first = Keeper(ledger)
    first.read(reading(NOON + minutes(2), bought=100.0))
    first.read(reading(NOON + minutes(3), bought=100.2))
    tracks = await ledger.tracks()
    second = Keeper(ledger, {channel: track for (_, channel), track in tracks.items()})
    second.read(reading(NOON + minutes(33), bought=103.2))
    slots = await ledger.metered(NOON, NOON + minutes(35))
    assert sum(slot.import_kwh or 0 for slot in slots) == pytest.approx(3.2)
    assert [slot.import_kwh for slot in slots] == pytest.approx([0.4, 0.5, 0.5, 0.5, 0.5, 0.5, 0.3])
    assert all(slot.is_estimated for slot in slots)
    report = await ledger.check()
    assert report.is_whole, report


async def test_homes_do_not_see_each_other(database: Database, ledger: HomeLedger) -> None:
    other = HomeLedger("other", database)
    for each, value in ((ledger, 0.1), (other, 0.2)):
        each.note_prices("tariff", [price(0, 30, value)], NOON)
        each.note_terms("tariff", "flat", {"price": value}, NOON)
        keeper = Keeper(each)
        keeper.read(reading(NOON, bought=1.0))
        keeper.read(reading(NOON + minutes(1), bought=1.0 + value))
    await ledger.flush()
    database.forget_home("other", lambda connection: delete_home(connection, "other"))
    assert await other.prices(NOON, NOON + minutes(5)) == []
    assert await other.terms(NOON, NOON + minutes(5)) == []
    assert await other.tracks() == {}
    assert [slot.import_per_kwh for slot in await ledger.prices(NOON, NOON + minutes(5))] == [0.1]
    (slot,) = await ledger.metered(NOON, NOON + minutes(5))
    assert slot.import_kwh == pytest.approx(0.1)
    with opened(database.address) as connection:
        assert rows(connection, series_table) == 2


async def test_rows_are_copied_to_another_database(ledger: HomeLedger, tmp_path: Path) -> None:
    keeper = Keeper(ledger)
    for step in range(20):
        keeper.read(reading(NOON + minutes(step), bought=step * 0.01, sold=0.0))
    ledger.note_prices("tariff", [RICH], NOON)
    ledger.note_terms("tariff", "flat", {"price": 1}, NOON)
    await ledger.flush()
    target = Database(DatabaseAddress.of_file(tmp_path / "copy.db"))
    for _ in range(2):  # a second time changes nothing
        with opened(ledger.database.address) as here, opened(target.address) as there:
            assert copy_home(here, there, "home") == 4 * 2 + 2 + 1 + 1
    target.start()
    copied = HomeLedger("home", target)
    target.wait_until_tried(10)
    try:
        span = (NOON, NOON + minutes(30))
        assert await copied.metered(*span) == await ledger.metered(*span)
        assert await copied.prices(*span) == await ledger.prices(*span) == [RICH]
        assert await copied.terms(*span) == await ledger.terms(*span)
        assert await copied.tracks() == await ledger.tracks()
        assert (await copied.check()).is_whole
    finally:
        target.close()


async def test_the_check_finds_what_is_wrong(ledger: HomeLedger, database: Database) -> None:
    keeper = Keeper(ledger)
    for step in range(20):
        keeper.read(reading(NOON + minutes(step), bought=step * 0.01))
    keeper.read(reading(NOON + minutes(120), broken=frozenset({IMPORT}), bought=0.19))
    keeper.read(reading(NOON + minutes(121), bought=0.2))
    report = await ledger.check()
    assert report.is_whole
    assert (report.slots, report.missing_slots, report.counters, report.resets) == (5, 20, 1, 0)
    assert (report.first_at, report.last_at) == (NOON, NOON + minutes(125))
    assert report.size_bytes is not None

    def spoil(connection: Connection) -> None:
        connection.execute(energy_table.update().where(energy_table.c.kwh > 0.04).values(kwh=-1.0))
        connection.execute(energy_table.insert().values(series=1, starts_at=7, kwh=0.0, is_estimated=True))
        connection.commit()

    database.read(spoil)
    report = await ledger.check()
    assert not report.is_whole
    assert report.wrong_sums
    assert (report.overlaps, report.estimated_slots) == (1, 2)
    assert report.negative > 0


async def test_an_outage_costs_nothing(
    ledger: HomeLedger, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    if database.address.file is None:
        pytest.skip("a file is the easiest to take away")
    keeper = Keeper(ledger)
    keeper.read(reading(NOON, bought=1.0))
    await ledger.flush()
    with opened(database.address) as connection:
        connection.execute(text("ALTER TABLE energy_optimizer_energy RENAME TO away"))
        connection.commit()
    keeper.read(reading(NOON + minutes(4), bought=1.5))
    for _ in range(2):
        with pytest.raises(LedgerUnavailableError) as err:
            await ledger.flush()
        assert err.value.translation_key == "ledger_cannot_connect"
    keeper.read(reading(NOON + minutes(8), bought=1.9))
    assert database.status.failures >= 2
    assert database.status.waiting == 3
    with opened(database.address) as connection:
        connection.execute(text("ALTER TABLE away RENAME TO energy_optimizer_energy"))
        connection.commit()
    slots = await ledger.metered(NOON, NOON + minutes(10))
    assert sum(slot.import_kwh or 0 for slot in slots) == pytest.approx(0.9)
    assert (database.status.failures, database.status.trouble, database.status.waiting) == (0, None, 0)
    told = [record for record in caplog.records if "ledger" in record.name]
    assert [record.levelname for record in told if record.levelname != "DEBUG"] == ["ERROR", "INFO"]


async def test_the_queue_is_bounded_and_says_so(tmp_path: Path) -> None:
    database = Database(DatabaseAddress.of_file(tmp_path / "no" / "folder" / "x.db"), most_rows=10)
    database.start()
    database.wait_until_tried(10)
    ledger, keeper = HomeLedger("home", database), None
    try:
        assert database.status.trouble == "cannot_write"
        keeper = Keeper(ledger)
        ledger.note_prices("tariff", [price(at, 5, 0.1) for at in range(0, 25, 5)], NOON)
        for step in range(0, 100, 4):
            keeper.read(reading(NOON + minutes(step), bought=step * 0.01))
        status = database.status
        assert status.waiting == 10
        assert status.lost == 5 + 20 + 1 - 10
        with pytest.raises(LedgerUnavailableError):
            await ledger.metered(NOON, NOON + minutes(5))
        facts = await ledger.diagnostics()
        assert (facts["rows_waiting"], facts["rows_lost"], facts["is_open"]) == (10, 16, False)
    finally:
        database.close()


def test_pauses_grow_and_end(tmp_path: Path) -> None:
    database = Database(DatabaseAddress.of_file(tmp_path / "x.db"))
    pauses = []
    for failures in (0, 1, 5, 10, 100000):
        database._status = database_module.DatabaseStatus(failures=failures)
        pauses.append(database._pause_s())
    assert pauses == [60, 2, 32, 300, 300]


async def test_a_publication_written_twice_is_there_once(ledger: HomeLedger, database: Database) -> None:
    for _ in range(2):
        again = HomeLedger("home", database)
        again.note_prices("tariff", [price(0, 30, 0.1), price(30, 30, 0.2)], NOON)
        await again.flush()
    with opened(database.address) as connection:
        assert rows(connection, price_table) == 2


def test_slots_are_counted_from_the_epoch() -> None:
    assert slot_start(NOON + minutes(4.99)) == NOON
    assert slot_start(NOON + minutes(5)) == NOON + minutes(5)


async def test_old_forecasts_that_were_replaced_are_forgotten(ledger: HomeLedger, database: Database) -> None:
    ledger.note_prices("amber", [price(at, 30, 0.2, Certainty.FORECAST) for at in (0, 30, 60)], NOON - minutes(60))
    ledger.note_prices("amber", [price(at, 30, 0.3, Certainty.FORECAST) for at in (0, 30)], NOON - minutes(50))
    ledger.note_prices("amber", [price(0, 30, 0.4), price(30, 5, 0.5)], NOON - minutes(40))
    held = await ledger.prices(NOON, NOON + minutes(90))

    def forget(connection: Connection) -> int:
        gone = forget_old_forecasts(connection, seconds(NOON + minutes(61)))
        connection.commit()
        return gone

    assert database.read(forget) == 3
    assert await ledger.prices(NOON, NOON + minutes(90)) == held
    assert len(await ledger.publications(NOON, NOON + minutes(90))) == 4


@pytest.mark.parametrize("seconds_later", [0, -3600])
async def test_what_was_noted_last_holds_also_where_the_clock_says_otherwise(
    ledger: HomeLedger, seconds_later: int
) -> None:
    ledger.note_prices("tariff", [price(0, 60, 0.2)], NOON)
    await ledger.flush()
    ledger.note_prices("tariff", [price(20, 60, 0.5)], NOON + timedelta(seconds=seconds_later))
    known = await ledger.prices(NOON, NOON + minutes(80))
    assert [(slot.starts_at, slot.ends_at, slot.import_per_kwh) for slot in known] == [
        (NOON, NOON + minutes(20), 0.2),
        (NOON + minutes(20), NOON + minutes(80), 0.5),
    ]
