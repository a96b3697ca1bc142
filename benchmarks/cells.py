"""Reads a cell: one home with what it used, what the sun gave, and its prices."""

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from custom_components.energy_optimizer.core.model.battery import BatteryModel
from custom_components.energy_optimizer.core.model.contract import ConnectionRule, GridLimits
from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.model.forecast import Floats
from custom_components.energy_optimizer.core.model.site import SolarSite
from custom_components.energy_optimizer.core.planning.problem import FREE_MEANS
from custom_components.energy_optimizer.core.planning.replay import ReplayHome, ReplaySeries

from .errors import BenchError
from .places import place_in
from .publication import Publication

_MEASURED = ("load_kw", "pv_kw", "import_price", "export_price")
_FORETOLD = ("pv_forecast_kw", "import_price_forecast", "export_price_forecast")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Cell:
    """One home, in equal steps from its first row to its last."""

    name: str
    currency: str
    series: ReplaySeries
    home: ReplayHome
    zone: ZoneInfo
    rows: NDArray[np.intp]
    """At which step each row of the file stands."""
    row_times: Sequence[str]
    """As the file has them."""
    allows_grid_charging: bool
    allows_battery_export: bool
    digest: str
    """Tells cells of other contents apart."""

    @property
    def group(self) -> str:
        """What cells of one kind have in common: the first two parts of their names."""
        return "-".join(self.name.split("-")[:2])

    @property
    def days(self) -> float:
        """For how long it is lived through."""
        return sum(end - start for start, end in self.series.segments) * self.series.hours / 24.0

    def last_days(self, days: int | None) -> Cell:
        """Return the cell with no more than the last *days* of each segment to live through."""
        if days is None:
            return self
        most = round(timedelta(days=days) / self.series.step)
        segments = tuple((max(start, end - most), end) for start, end in self.series.segments)
        return replace(self, series=replace(self.series, segments=segments))


def cell_names(folder: Path, only: str = "") -> list[str]:
    """Return the names of the cells in *folder* that begin with *only*. Raises ``BenchError`` if there is none."""
    names = sorted(path.name.removesuffix(".csv.gz") for path in folder.glob(f"{only}*.csv.gz"))
    if not names:
        raise BenchError(f"there is no cell {only}*.csv.gz in {folder}")
    return names


def load_cell(folder: Path, name: str) -> Cell:
    """Read a cell. Raises ``BenchError`` that names the cell and what is wrong with it."""
    try:
        table = (folder / f"{name}.csv.gz").read_bytes()
        described = (folder / f"{name}.json").read_bytes()
        return _cell(name, table, described)
    except OSError as err:
        raise BenchError(f"{name}: cannot be read ({err})") from err
    except KeyError as err:
        raise BenchError(f"{name}: {err.args[0]} is missing") from err
    except (BenchError, ValueError, TypeError, ZoneInfoNotFoundError) as err:
        raise BenchError(f"{name}: {err}") from err


def _cell(name: str, table: bytes, described: bytes) -> Cell:
    meta = json.loads(described)
    zone, step = ZoneInfo(meta["timezone"]), timedelta(minutes=meta["step_minutes"])
    row_times, columns = _columns(table)
    instants = [_instant(text) for text in row_times]
    rows = _positions(instants, step)
    count = int(rows[-1]) + 1

    def spread(column: str) -> Floats:
        values = np.full(count, np.nan)
        values[rows] = columns[column]
        return values

    foretold = {column: spread(column) for column in _FORETOLD if np.isfinite(columns.get(column, np.nan)).any()}
    load, solar, bought, sold = (spread(column) for column in _MEASURED)
    series = ReplaySeries(
        starts_at=instants[0],
        step=step,
        load_kw=load,
        solar_kw=solar,
        import_per_kwh=bought,
        export_per_kwh=sold,
        segments=_segments(meta.get("segments"), instants[0], step, np.isfinite(load + solar + bought + sold)),
        known_until=Publication.from_data(meta["price_publication"]).known_until(instants[0], step, count, zone),
        solar_foretold_kw=foretold.get("pv_forecast_kw"),
        import_foretold=foretold.get("import_price_forecast"),
        export_foretold=foretold.get("export_price_forecast"),
    )
    charging, export = meta["grid"]["grid_charging_allowed"], meta["grid"]["battery_export_allowed"]
    return Cell(
        name=name,
        currency=meta["currency"],
        series=series,
        home=_home(meta, zone, charging=charging, export=export),
        zone=zone,
        rows=rows,
        row_times=row_times,
        allows_grid_charging=charging,
        allows_battery_export=export,
        digest=sha256(table + described).hexdigest(),
    )


def _columns(table: bytes) -> tuple[list[str], dict[str, Floats]]:
    reader = csv.reader(gzip.decompress(table).decode().splitlines())
    head, rows = next(reader, []), [row for row in reader if row]
    if missing := {"ts_utc", *_MEASURED} - set(head):
        raise BenchError(f"there is no column {', '.join(sorted(missing))}")
    if not rows:
        raise BenchError("there are no rows")
    cells = dict(zip(head, zip(*rows, strict=True), strict=True))
    times = list(cells.pop("ts_utc"))
    wanted = {column: cells[column] for column in (*_MEASURED, *_FORETOLD) if column in cells}
    return times, {column: np.array([float(text or "nan") for text in texts]) for column, texts in wanted.items()}


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def _positions(instants: Sequence[datetime], step: timedelta) -> NDArray[np.intp]:
    places = np.array([(instant - instants[0]) / step for instant in instants])
    rows = places.round().astype(np.intp)
    if np.abs(places - rows).max() > 1e-6 or (np.diff(rows) <= 0).any():
        raise BenchError("ts_utc does not rise by whole steps")
    return rows


def _segments(
    given: Sequence[Sequence[str]] | None, starts_at: datetime, step: timedelta, known: NDArray[np.bool_]
) -> tuple[tuple[int, int], ...]:
    """Return the stretches to live through; one whose end was taken away ends where its last row does."""
    spans = [[-((starts_at - _instant(text)) // step) for text in span] for span in given or ()]
    found = []
    for begin, until in spans or [[0, known.size]]:
        start, end = max(begin, 0), min(until, known.size)
        inside = np.append(known[start:end], False)
        length = int(np.argmin(inside))
        if inside[length:].any():
            gap_at = starts_at + (start + length) * step
            raise BenchError(f"something is unknown at {gap_at}, in the midst of a segment")
        if length:
            found.append((start, start + length))
    return tuple(found)


def _home(meta: Mapping[str, Any], zone: ZoneInfo, *, charging: bool, export: bool) -> ReplayHome:
    battery = {name: float(value) for name, value in meta["battery"].items()}
    grid, capacity = meta["grid"], battery["capacity_kwh"]
    rule = ConnectionRule.FREE if export else ConnectionRule.NO_EXPORT
    return ReplayHome(
        zone=zone,
        site=SolarSite(place=place_in(zone)),
        battery=BatteryModel(
            capacity_kwh=capacity,
            reserve_kwh=capacity * battery["min_soc"],
            max_charge_kw=battery["max_charge_kw"],
            max_discharge_kw=battery["max_discharge_kw"],
            charge_efficiency=battery["charge_efficiency"],
            discharge_efficiency=battery["discharge_efficiency"],
        ),
        start_kwh=capacity * battery["initial_soc"],
        grid=GridLimits(max_import_kw=float(grid["max_import_kw"]), max_export_kw=float(grid["max_export_kw"])),
        rule=rule if charging else ConnectionRule.SUN_ONLY,
        means={kind: means for kind, means in FREE_MEANS.items() if export or kind is not DecisionKind.DISCHARGE},
    )
