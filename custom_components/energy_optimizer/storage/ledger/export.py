"""Writes a home's ledger into files that other programs read."""

import csv
import json
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, Table, select

from .records import instant
from .schema import counter_table, energy_table, price_table, series_table, terms_table

type ExportFormat = Literal["csv", "json"]

_TIMES = frozenset({"starts_at", "ends_at", "seen_at", "started_at", "read_at", "changed_at", "since"})
_FILES = (
    ("energies", energy_table, "starts_at"),
    ("counters", counter_table, "started_at"),
    ("prices", price_table, "starts_at"),
    ("terms", terms_table, "since"),
)


def export(connection: Connection, home: str, folder: Path, form: ExportFormat) -> Path:
    """Write all rows of *home* into *folder*, which must not exist yet, and return it.

    Raises:
        OSError: if it cannot be written; nothing half-written is left.
    """
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    unfinished.mkdir(parents=True)
    try:
        for name, table, by in _FILES:
            rows = _rows(connection, home, table, by)
            heads = ["source", "channel", *(column.name for column in table.columns if column.name != "series")]
            path = unfinished / f"{name}.{form}"
            with path.open("w", encoding="utf-8", newline="") as file:
                if form == "csv":
                    writer = csv.DictWriter(file, heads)
                    writer.writeheader()
                    writer.writerows(rows)
                else:
                    file.writelines(_json_array(rows))
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    return folder


def export_folder(root: Path, now: datetime) -> Path:
    """Return the folder below *root* for an export that begins *now*."""
    return root / f"export-{now.astimezone(UTC):%Y-%m-%d-%H%M%S}"


def _rows(connection: Connection, home: str, table: Table, by: str) -> Iterator[dict[str, Any]]:
    series = series_table.c
    wanted = (
        select(series.source, series.channel, *(column for column in table.columns if column.name != "series"))
        .join(series_table, series.id == table.c.series)
        .where(series.home == home)
        .order_by(table.c.series, table.c[by])
    )
    result = connection.execution_options(stream_results=True, yield_per=5000).execute(wanted)
    for row in result.mappings():
        yield {name: _readable(name, value) for name, value in row.items()}


def _readable(name: str, value: object) -> object:
    if name in _TIMES and isinstance(value, int):
        return instant(value).isoformat()
    return bool(value) if name == "is_estimated" else value


def _json_array(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield "["
    for number, row in enumerate(rows):
        details = {name: json.loads(row[name]) for name in ("details", "settings") if row.get(name)}
        yield (",\n" if number else "\n") + json.dumps(row | details, ensure_ascii=False)
    yield "\n]\n"
