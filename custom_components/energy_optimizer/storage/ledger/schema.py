"""The ledger's tables. Times are whole seconds since 1970 in UTC; energies are in kWh; a home is its entry's id."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.schema import SchemaItem

SCHEMA_VERSION: Final = 1
PRICE_CHANNEL: Final = "price"
"""The channel of a tariff's series; all other channels count energy."""

metadata: Final = MetaData()


def _table(name: str, *parts: SchemaItem) -> Table:
    """Make a table whose name tells whose it is, should others share the database."""
    return Table(
        f"energy_optimizer_{name}",
        metadata,
        *parts,
        sqlite_with_rowid=name == "series",
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


schema_table: Final = _table(
    "schema",
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
)

series_table: Final = _table(
    "series",
    Column("id", Integer, primary_key=True),
    Column("home", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    UniqueConstraint("home", "source", "channel", name="energy_optimizer_series_key"),
)

energy_table: Final = _table(
    "energy",
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("starts_at", BigInteger, primary_key=True, autoincrement=False),
    Column("kwh", Double, nullable=False),
    Column("is_estimated", Boolean, nullable=False),
)

counter_table: Final = _table(
    "counter",
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("started_at", BigInteger, primary_key=True, autoincrement=False),
    Column("origin", Text, nullable=False),
    Column("start_kwh", Double, nullable=False),
    Column("kwh", Double, nullable=False),
    Column("read_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("step_kwh", Double),
)

price_table: Final = _table(
    "price",
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("starts_at", BigInteger, primary_key=True, autoincrement=False),
    Column("seen_at", BigInteger, primary_key=True, autoincrement=False),
    Column("ends_at", BigInteger, nullable=False),
    Column("tier", Text, nullable=False),
    Column("import_per_kwh", Double),
    Column("export_per_kwh", Double),
    Column("certainty", String(16), nullable=False),
    Column("details", Text),
    Index("energy_optimizer_price_end", "series", "ends_at"),
)

terms_table: Final = _table(
    "terms",
    Column("series", Integer, primary_key=True, autoincrement=False),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(64), nullable=False),
    Column("settings", Text, nullable=False),
)

ROWS_OF_SERIES: Final = (energy_table, counter_table, price_table, terms_table)
