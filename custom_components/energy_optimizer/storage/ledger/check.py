"""Looks whether the ledger is whole: the file itself, sums, overlaps and gaps."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Table, and_, case, func, select, text

from .address import DatabaseAddress, files_of
from .migrations import schema_version
from .records import instant
from .schema import counter_table, energy_table, price_table, series_table, terms_table

_SLOT_S: Final = 300
_SUM_TOLERANCE: Final = 1e-6
"""Of what a counter counted; sums of many small numbers are not exact to the last digit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckReport:
    """What a look at the rows of one home found."""

    kind: str
    version: int
    size_bytes: int | None
    """``None`` where the server keeps that to itself."""
    slots: int
    estimated_slots: int
    missing_slots: int
    """Slots between the first and the last of a channel of which nothing is known."""
    prices: int
    counters: int
    resets: int
    """How often a counter began anew after its first beginning."""
    first_at: datetime | None
    last_at: datetime | None
    damages: tuple[str, ...]
    """What the database itself says is broken."""
    wrong_sums: tuple[str, ...]
    """Channels whose slots do not sum up to what their counters counted."""
    overlaps: int
    """Times that contradict each other: slots off the grid, counters and prices that end before they start."""
    negative: int
    """Slots with negative energy."""

    @property
    def is_whole(self) -> bool:
        """Nothing is wrong; gaps are no fault."""
        return not (self.damages or self.wrong_sums or self.overlaps or self.negative)


def check(connection: Connection, home: str, address: DatabaseAddress) -> CheckReport:
    """Check everything that belongs to *home*."""
    slots = _slots(connection, home)
    counted = _counted(connection, home)
    return CheckReport(
        kind=address.kind,
        version=schema_version(connection) or 0,
        size_bytes=size_bytes(connection, address),
        slots=sum(row.slots for row in slots.values()),
        estimated_slots=sum(int(row.estimated or 0) for row in slots.values()),
        missing_slots=sum((row.last - row.first) // _SLOT_S + 1 - row.slots for row in slots.values()),
        prices=_count(connection, home, price_table),
        counters=len(counted),
        resets=sum(epochs - 1 for epochs, _ in counted.values()),
        first_at=instant(min(row.first for row in slots.values())) if slots else None,
        last_at=instant(max(row.last for row in slots.values()) + _SLOT_S) if slots else None,
        damages=_damages(connection, address),
        wrong_sums=tuple(
            f"{slots[series].channel} ({slots[series].kwh:.3f} / {counted_kwh:.3f} kWh)"
            if series in slots
            else f"{series} (– / {counted_kwh:.3f} kWh)"
            for series, (_, counted_kwh) in counted.items()
            if abs((slots[series].kwh if series in slots else 0.0) - counted_kwh)
            > _SUM_TOLERANCE * max(1.0, counted_kwh)
        ),
        overlaps=_overlaps(connection, home),
        negative=sum(int(row.negative or 0) for row in slots.values()),
    )


def row_counts(connection: Connection, home: str) -> dict[str, int]:
    """Return how many rows of a home each table has."""
    tables = {"slots": energy_table, "counters": counter_table, "prices": price_table, "terms": terms_table}
    return {name: _count(connection, home, table) for name, table in tables.items()}


def size_bytes(connection: Connection, address: DatabaseAddress) -> int | None:
    """Return the size of the file, or of our tables on a server; ``None`` where that cannot be told."""
    if address.file is not None:
        return sum(each.stat().st_size for each in files_of(address.file) if each.exists())
    if address.kind == "postgresql":
        asked = (
            "SELECT SUM(pg_total_relation_size(c.oid)) FROM pg_class c"
            " WHERE c.relkind = 'r' AND c.relname LIKE 'energy\\_optimizer\\_%'"
        )
    else:
        asked = (
            "SELECT SUM(data_length + index_length) FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name LIKE 'energy\\_optimizer\\_%'"
        )
    size = connection.execute(text(asked)).scalar()
    return None if size is None else int(size)


def _slots(connection: Connection, home: str) -> dict[int, Any]:
    columns, series = energy_table.c, series_table.c
    wanted = (
        select(
            columns.series,
            series.channel,
            func.count().label("slots"),
            func.sum(columns.kwh).label("kwh"),
            func.min(columns.starts_at).label("first"),
            func.max(columns.starts_at).label("last"),
            func.sum(case((columns.is_estimated, 1), else_=0)).label("estimated"),
            func.sum(case((columns.kwh < 0, 1), else_=0)).label("negative"),
        )
        .join(series_table, series.id == columns.series)
        .where(series.home == home)
        .group_by(columns.series, series.channel)
    )
    return {row.series: row for row in connection.execute(wanted)}


def _counted(connection: Connection, home: str) -> dict[int, tuple[int, float]]:
    """Return by series how many epochs there are and what they counted together."""
    columns, series = counter_table.c, series_table.c
    wanted = (
        select(columns.series, func.count().label("epochs"), func.sum(columns.kwh - columns.start_kwh).label("kwh"))
        .join(series_table, series.id == columns.series)
        .where(series.home == home)
        .group_by(columns.series)
    )
    return {row.series: (row.epochs, row.kwh) for row in connection.execute(wanted)}


def _count(connection: Connection, home: str, table: Table, extra: ColumnElement[bool] | None = None) -> int:
    wanted = select(func.count()).select_from(table).join(series_table, series_table.c.id == table.c.series)
    wanted = wanted.where(series_table.c.home == home)
    return int(connection.execute(wanted if extra is None else wanted.where(extra)).scalar() or 0)


def _overlaps(connection: Connection, home: str) -> int:
    later, series = counter_table.alias(), series_table.c
    epochs = (
        select(func.count())
        .select_from(counter_table)
        .join(series_table, series.id == counter_table.c.series)
        .join(
            later,
            and_(
                later.c.series == counter_table.c.series,
                later.c.started_at > counter_table.c.started_at,
                later.c.started_at < counter_table.c.read_at,
            ),
        )
        .where(series.home == home)
    )
    return (
        int(connection.execute(epochs).scalar() or 0)
        + _count(connection, home, energy_table, energy_table.c.starts_at % _SLOT_S != 0)
        + _count(connection, home, price_table, price_table.c.ends_at <= price_table.c.starts_at)
        + _count(connection, home, counter_table, counter_table.c.read_at < counter_table.c.started_at)
    )


def _damages(connection: Connection, address: DatabaseAddress) -> tuple[str, ...]:
    """Ask SQLite to look through its file; servers look after theirs themselves."""
    if address.kind != "sqlite":
        return ()
    found = connection.execute(text("PRAGMA integrity_check(5)")).scalars()
    return tuple(str(line) for line in found if line != "ok")
