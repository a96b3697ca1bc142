"""A home's series as text: one row per interval, named columns."""

import csv
import io
import math
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from .series import HomeSeries

_TIME, _HOME = "ts_utc", "home_id"
_POWERS = ("load_kw", "pv_kw")
_ENERGIES = ("load_kwh", "pv_kwh")


class _Row(NamedTuple):
    line: int
    starts_at: datetime
    load: float | None
    solar: float | None


def parse_home_series(text: str, home_id: str | None = None) -> HomeSeries:
    """Return the series in CSV *text*.

    The columns are ``ts_utc`` (start of the interval, ISO), ``load_kw`` and ``pv_kw`` or ``load_kwh`` and ``pv_kwh``,
    and ``home_id`` where the text holds several homes; others are passed over. An empty cell or a missing row was not
    measured.

    Raises:
        ValueError: the text is not such a series; the message names line, column and remedy.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    header = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = header
    columns = _value_columns(header)
    if home_id is not None and _HOME not in header:
        raise ValueError(f"line 1: home '{home_id}' was asked for, but there is no column {_HOME}")
    rows = list(_rows(reader, columns, home_id))
    if len(rows) < 2:
        raise ValueError(f"line {reader.line_num}: the series needs at least two rows")
    step = _step(rows)
    count = (rows[-1].starts_at - rows[0].starts_at) // step + 1
    load: list[float | None] = [None] * count
    solar: list[float | None] = [None] * count
    per_hour = timedelta(hours=1) / step if columns == _ENERGIES else 1.0
    for row in rows:
        place, rest = divmod(row.starts_at - rows[0].starts_at, step)
        if rest:
            raise ValueError(f"line {row.line}, column {_TIME}: not a multiple of {step} after the first row")
        load[place] = None if row.load is None else row.load * per_hour
        solar[place] = None if row.solar is None else row.solar * per_hour
    return HomeSeries.of(starts_at=rows[0].starts_at, step=step, load_kw=load, solar_kw=solar)


def _value_columns(header: list[str]) -> tuple[str, str]:
    if _TIME not in header:
        raise ValueError(f"line 1: there is no column {_TIME}; the columns are separated by commas")
    for columns in (_POWERS, _ENERGIES):
        if all(name in header for name in columns):
            return columns
    raise ValueError(f"line 1: neither {' and '.join(_POWERS)} nor {' and '.join(_ENERGIES)} are among the columns")


def _rows(reader: csv.DictReader[str], columns: tuple[str, str], home_id: str | None) -> Iterator[_Row]:
    """Yield the rows of one home, in rising time."""
    homes: set[str] = set()
    previous: datetime | None = None
    for cells in reader:
        line = reader.line_num
        home = (cells.get(_HOME) or "").strip()
        homes.add(home)
        if home_id is not None and home != home_id:
            continue
        if len(homes) > 1 and home_id is None:
            raise ValueError(f"line {line}, column {_HOME}: there are several homes; name one, such as '{min(homes)}'")
        starts_at = _time(cells.get(_TIME), line)
        if previous is not None and starts_at <= previous:
            raise ValueError(f"line {line}, column {_TIME}: not later than the row before")
        previous = starts_at
        load, solar = (_number(cells.get(name), line, name) for name in columns)
        yield _Row(line, starts_at, load, solar)
    if home_id is not None and home_id not in homes:
        raise ValueError(f"column {_HOME}: there is no home '{home_id}', only {', '.join(sorted(homes)) or 'none'}")


def _time(cell: str | None, line: int) -> datetime:
    try:
        instant = datetime.fromisoformat((cell or "").strip())
    except ValueError:
        raise ValueError(f"line {line}, column {_TIME}: '{cell or ''}' is no time such as 2024-03-01T00:30Z") from None
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _number(cell: str | None, line: int, column: str) -> float | None:
    content = (cell or "").strip()
    if not content:
        return None
    try:
        value = float(content)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0.0:
        raise ValueError(f"line {line}, column {column}: '{content}' is not a number of at least 0")
    return value


def _step(rows: list[_Row]) -> timedelta:
    """Return the distance that most rows keep."""
    distances = Counter(later.starts_at - earlier.starts_at for earlier, later in pairwise(rows))
    return distances.most_common(1)[0][0]
