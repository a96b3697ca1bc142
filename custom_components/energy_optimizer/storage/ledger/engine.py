"""Opens databases of the three kinds with the same promises: what is committed stays."""

from sqlite3 import Connection as SqliteConnection

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from .address import DatabaseAddress


def make_engine(address: DatabaseAddress) -> Engine:
    """Make an engine; nothing is connected yet."""
    engine = create_engine(
        address.for_engine,
        connect_args=address.for_driver,
        hide_parameters=True,
        pool_pre_ping=address.kind != "sqlite",
        pool_size=2,
    )
    if address.kind == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
    return engine


def _set_up_sqlite(connection: SqliteConnection, _record: ConnectionPoolEntry) -> None:
    """Let a commit be on the disk when it returns."""
    _outside_transactions(connection, "PRAGMA synchronous=FULL")


def keep_journal(engine: Engine) -> None:
    """Let readers and the writer of a file work at once, from now on; a server does so anyhow."""
    _pragma(engine, "PRAGMA journal_mode=WAL")


def empty_journal(engine: Engine) -> None:
    """Bring everything that is committed into the file itself."""
    _pragma(engine, "PRAGMA wal_checkpoint(TRUNCATE)")


def _pragma(engine: Engine, statement: str) -> None:
    borrowed = engine.raw_connection()
    try:
        if isinstance(connection := borrowed.driver_connection, SqliteConnection):
            _outside_transactions(connection, statement)
    finally:
        borrowed.close()


def _outside_transactions(connection: SqliteConnection, statement: str) -> None:
    usual, connection.autocommit = connection.autocommit, True
    connection.execute(statement).close()
    connection.autocommit = usual
