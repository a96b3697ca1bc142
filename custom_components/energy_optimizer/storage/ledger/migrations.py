"""Brings a database to the schema of this release, and refuses one of a later release."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, inspect, select

from .errors import LedgerError
from .schema import SCHEMA_VERSION, metadata, schema_table

type Migration = Callable[[Connection], None]

MIGRATIONS: Final[Mapping[int, Migration]] = MappingProxyType({})
"""By the version they lead to, each from the version before. MariaDB keeps half of one that is interrupted: whoever
writes one lets it find what is there already."""


def schema_version(connection: Connection) -> int | None:
    """Return the version of the tables; ``None`` if there are none."""
    if not inspect(connection).has_table(schema_table.name):
        return None
    version: int | None = connection.execute(select(schema_table.c.version)).scalar()
    return version


def prepare(
    connection: Connection, *, migrations: Mapping[int, Migration] = MIGRATIONS, version: int = SCHEMA_VERSION
) -> None:
    """Create the tables, or migrate those that are there, each step in a transaction of its own.

    Raises:
        LedgerError: if a later release wrote the tables; they are left as they are.
    """
    found = schema_version(connection)
    if found is not None and found > version:
        raise LedgerError("newer_schema", f"it has version {found}, this release knows {version}")
    if found is None:
        metadata.create_all(connection)
        connection.execute(schema_table.insert().values(id=1, version=version))
        connection.commit()
        return
    for target in range(found + 1, version + 1):
        migrations[target](connection)
        connection.execute(schema_table.update().values(version=target))
        connection.commit()
