"""Schemas move forward, step by step, and never back; addresses and errors keep secrets."""

import logging
import ssl
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from custom_components.energy_optimizer.storage.ledger import database as database_module
from custom_components.energy_optimizer.storage.ledger.address import AddressError, DatabaseAddress
from custom_components.energy_optimizer.storage.ledger.database import Database, opened, probe
from custom_components.energy_optimizer.storage.ledger.errors import LedgerError
from custom_components.energy_optimizer.storage.ledger.migrations import prepare, schema_version
from custom_components.energy_optimizer.storage.ledger.schema import energy_table, schema_table
from tests.servers.databases import PASSWORD, DatabaseServer


def add_note(connection: Connection) -> None:
    """Add the column that a made-up next version has."""
    connection.execute(text("ALTER TABLE energy_optimizer_terms ADD COLUMN note VARCHAR(16)"))


def fail(connection: Connection) -> None:
    raise LedgerError("cannot_write", "half way")


def test_a_database_is_migrated_with_its_rows(ledger_address: DatabaseAddress) -> None:
    with opened(ledger_address) as connection:
        prepare(connection)
        row = {"series": 1, "starts_at": 300, "kwh": 0.5, "is_estimated": False}
        connection.execute(energy_table.insert().values(row))
        connection.commit()
    assert probe(ledger_address) == 1
    with opened(ledger_address) as connection, pytest.raises(LedgerError):
        prepare(connection, migrations={2: add_note, 3: fail}, version=3)
    with opened(ledger_address) as connection:
        assert schema_version(connection) == 2
        prepare(connection, migrations={2: fail, 3: lambda _: None}, version=3)
        assert schema_version(connection) == 3
        assert connection.execute(text("SELECT note FROM energy_optimizer_terms")).all() == []
        assert connection.execute(select(energy_table.c.kwh)).scalars().all() == [0.5]


def test_a_database_of_a_later_release_is_left_untouched(
    ledger_address: DatabaseAddress, caplog: pytest.LogCaptureFixture
) -> None:
    with opened(ledger_address) as connection:
        prepare(connection)
        connection.execute(schema_table.update().values(version=99))
        connection.execute(text("DROP TABLE energy_optimizer_terms"))
        connection.commit()
    with pytest.raises(LedgerError) as err:
        probe(ledger_address)
    assert err.value.trouble == "newer_schema"
    database = Database(ledger_address)
    database.start()
    database.wait_until_tried(30)
    with pytest.raises(LedgerError):
        database.read(lambda _: None)
    database.note(lambda pending: pending.terms.append(("kept",)))
    with pytest.raises(LedgerError):
        database.flush()
    assert (database.status.trouble, database.status.waiting) == ("newer_schema", 1)
    database.close()
    with opened(ledger_address) as connection:
        assert schema_version(connection) == 99
        with pytest.raises(Exception, match="energy_optimizer_terms"):
            connection.execute(text("SELECT * FROM energy_optimizer_terms"))
    said = [record for record in caplog.records if record.name == database_module.__name__]
    assert [record.levelno for record in said] == [logging.ERROR]


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "energy_optimizer.db"
    file.write_text("This is not a database. " * 100)
    database = Database(DatabaseAddress.of_file(file))
    database.start()
    database.wait_until_tried(30)
    assert database.status.trouble == "damaged"
    database.close()
    assert file.read_text() == "This is not a database. " * 100


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_what_is_wrong_with_a_server_is_said_without_the_password(
    request: pytest.FixtureRequest, socket_enabled: None, kind: str
) -> None:
    server: DatabaseServer = request.getfixturevalue(kind)
    tries = {
        "refused": (server.url("postgres" if kind == "postgresql" else "mysql"), "hunter2 wrong"),
        "no_such_database": (server.url("nowhere_to_be_found"), PASSWORD),
        "cannot_connect": (f"{kind}://keeper@127.0.0.1:1/x", PASSWORD),
    }
    for trouble, (url, password) in tries.items():
        with pytest.raises(LedgerError) as err:
            probe(DatabaseAddress.of_server(url, password))
        assert err.value.trouble == trouble
        assert err.value.__cause__ is None
        assert err.value.detail
        assert password not in f"{err.value} {err.value!r} {err.value.detail}"


def test_a_password_is_taken_out_of_the_address() -> None:
    address = DatabaseAddress.of_server("postgresql://me:s3%40cret@db.local:5433/home?sslmode=verify-full", "other")
    assert address.password == "s3@cret"
    assert "cret" not in repr(address) + address.url
    assert address.url == "postgresql://me@db.local:5433/home?sslmode=verify-full"
    assert address.for_engine.password == "s3@cret"
    assert not address.for_engine.query
    assert address.for_driver["ssl_context"].check_hostname
    assert DatabaseAddress.of_server("mysql://me@db/home", "x").kind == "mariadb"
    assert not DatabaseAddress.of_server("mariadb://me@db/home?sslmode=require").for_driver["ssl"].check_hostname
    assert "ssl" not in DatabaseAddress.of_server("mariadb://me@db/home").for_driver


@pytest.mark.parametrize(
    "text_entered",
    ["", "nonsense", "sqlite:///x.db", "postgresql://host", "postgresql:///db", "http://host/db",
     "mariadb://h:port/db", "mariadb://h/db?sslmode=perhaps", "mariadb://h/db?unix_socket=/x"],
)  # fmt: skip
def test_other_addresses_are_refused(text_entered: str) -> None:
    with pytest.raises(AddressError) as err:
        DatabaseAddress.of_server(text_entered, "hush")
    assert "hush" not in str(err.value)


@pytest.mark.parametrize(
    ("mode", "certificate", "name"),
    [
        ("require", ssl.CERT_NONE, False),
        ("verify-ca", ssl.CERT_REQUIRED, False),
        ("verify-full", ssl.CERT_REQUIRED, True),
    ],
)
def test_how_a_server_is_told_apart_from_another(mode: str, certificate: ssl.VerifyMode, name: bool) -> None:
    address = DatabaseAddress.of_server(f"postgresql://keeper@host/ledger?sslmode={mode}")
    context = address.for_driver["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (certificate, name)
    assert not address.for_engine.query
    assert (
        DatabaseAddress.of_server("postgresql://keeper@host/ledger?sslmode=disable").for_driver["ssl_context"] is None
    )
