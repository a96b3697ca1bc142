"""Hands hourly statistics to the running Home Assistant, by the door that it keeps for them."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from ..client import Client
from ..errors import DemoError
from .series import EntitySeries
from .statistics import HOUR_S, Row, has_sum, hourly, metadata

IMPORT_PATIENCE_S = 60
LONG_AGO_S = datetime(2000, 1, 1, tzinfo=UTC).timestamp()


async def import_hourly(client: Client, many: Iterable[EntitySeries], until_s: float) -> None:
    """Import the whole hours before *until_s* and wait until the recorder has them."""
    last: dict[str, float] = {}
    for series in many:
        if rows := hourly(series, until_s // HOUR_S * HOUR_S):
            stats = [_stat(row) for row in (*_zero(series, rows), *rows)]
            await client.ask("recorder/import_statistics", metadata=metadata(series), stats=stats)
            last[series.entity_id] = rows[-1].start_s
    if last:
        await _wait_for(client, last)


def _zero(series: EntitySeries, rows: list[Row]) -> list[Row]:
    """Return the row from which a counter's first hour is told apart.

    A sum that ends at 0 starts far below. Without a row before it, Home Assistant takes that start for a loss in the
    first hour; the loss is put where nobody looks.
    """
    if not has_sum(series) or (gained := rows[0].sum) is None:
        return []
    return [Row(start_s=LONG_AGO_S, state=0.0, sum=gained - (rows[0].state or 0.0))]


def _stat(row: Row) -> dict[str, Any]:
    values = {
        "start": datetime.fromtimestamp(row.start_s, UTC).isoformat(),
        "mean": row.mean,
        "min": row.least,
        "max": row.most,
        "state": row.state,
        "sum": row.sum,
        "last_reset": row.last_reset,
    }
    return {name: value for name, value in values.items() if value is not None}


async def _wait_for(client: Client, last: dict[str, float]) -> None:
    start = datetime.fromtimestamp(min(last.values()), UTC).isoformat()
    for _ in range(IMPORT_PATIENCE_S * 2):
        found = await client.ask(
            "recorder/statistics_during_period", start_time=start, statistic_ids=list(last), period="hour"
        )
        if last.keys() <= found.keys():
            return
        await asyncio.sleep(0.5)
    raise DemoError(f"The recorder did not take in the history of {', '.join(last.keys() - found.keys())}.")
