"""Moves a home's rows to another database, or removes them."""

from itertools import batched

from sqlalchemy import Connection, delete, func, select

from .migrations import prepare, schema_version
from .records import SeriesKey
from .schema import ROWS_OF_SERIES, SCHEMA_VERSION, series_table
from .writing import SeriesIds, upsert

_AT_ONCE = 2000


def has_rows(connection: Connection, home: str) -> bool:
    """Tell whether a database knows anything of *home*; it may have no tables."""
    if schema_version(connection) is None:
        return False
    return bool(connection.execute(select(func.count()).where(series_table.c.home == home)).scalar())


def copy_home(source: Connection, target: Connection, home: str) -> int:
    """Copy all rows of *home*, which replace those with the same keys, in one transaction; return how many."""
    prepare(target)
    ids, copied = SeriesIds(), 0
    series = series_table.c
    for row in source.execute(series_table.select().where(series.home == home)).all():
        number = ids.of(target, SeriesKey(row.home, row.source, row.channel))
        for table in ROWS_OF_SERIES:
            wanted = table.select().where(table.c.series == row.id)
            rows = source.execution_options(stream_results=True, yield_per=_AT_ONCE).execute(wanted).mappings()
            for some in batched(rows, _AT_ONCE, strict=False):
                upsert(target, table, [dict(each) | {"series": number} for each in some])
                copied += len(some)
    target.commit()
    return copied


def delete_home(connection: Connection, home: str) -> None:
    """Delete all rows of *home*; without tables there is nothing to do."""
    if schema_version(connection) != SCHEMA_VERSION:
        return
    mine = select(series_table.c.id).where(series_table.c.home == home)
    for table in ROWS_OF_SERIES:
        connection.execute(delete(table).where(table.c.series.in_(mine)))
    connection.execute(delete(series_table).where(series_table.c.home == home))
    connection.commit()
