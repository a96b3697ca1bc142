"""The files that a run leaves: battery powers for whoever settles them, and decisions to be drawn."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from custom_components.energy_optimizer.core.model.decision import Decision, DecisionKind
from custom_components.energy_optimizer.core.model.forecast import Floats
from custom_components.energy_optimizer.core.planning.replay import ReplayResult

from .cells import Cell
from .errors import BenchError

_DIGITS = 9
_HEAD = ["ts_utc", "battery_kw", "level_kwh", "decision", "decision_kw"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Record:
    """What happened on a cell, at its steps; not a number, and ``None``, where it was not lived through."""

    battery_kw: Floats
    level_kwh: Floats
    """At the end of each step."""
    decisions: tuple[Decision | None, ...]


def write_record(out: Path, cell: Cell, result: ReplayResult) -> Floats:
    """Write both files of a cell; return the powers as they are written."""
    written_kw = np.round(result.battery_kw, _DIGITS) + 0.0
    lived = ~np.isnan(result.level_kwh)
    steps = [(int(row), text) for row, text in zip(cell.rows, cell.row_times, strict=True) if lived[row]]
    (out / "decisions").mkdir(parents=True, exist_ok=True)
    _write(out / f"{cell.name}.csv", _HEAD[:2], [[text, _number(written_kw[row])] for row, text in steps])
    _write(
        out / "decisions" / f"{cell.name}.csv",
        _HEAD,
        [
            [text, _number(written_kw[row]), _number(result.level_kwh[row]), *_words(result.decisions[row])]
            for row, text in steps
        ],
    )
    return written_kw


def read_record(out: Path, cell: Cell) -> Record:
    """Read back what a run left. Raises ``BenchError`` if there is none of this cell."""
    file = out / "decisions" / f"{cell.name}.csv"
    places = {text: int(row) for row, text in zip(cell.rows, cell.row_times, strict=True)}
    count = cell.series.load_kw.size
    battery_kw, level_kwh = np.full(count, np.nan), np.full(count, np.nan)
    decisions: list[Decision | None] = [None] * count
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                index = places[row["ts_utc"]]
                battery_kw[index], level_kwh[index] = float(row["battery_kw"]), float(row["level_kwh"])
                power_kw = float(row["decision_kw"]) if row["decision_kw"] else None
                decisions[index] = Decision(kind=DecisionKind(row["decision"]), power_kw=power_kw)
    except OSError as err:
        raise BenchError(f"{file} cannot be read; run the cell first, without --no-run ({err})") from err
    except (KeyError, ValueError) as err:
        raise BenchError(f"{file} does not belong to the cell {cell.name}; run it anew ({err})") from err
    return Record(battery_kw=battery_kw, level_kwh=level_kwh, decisions=tuple(decisions))


def _write(file: Path, head: list[str], rows: list[list[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def _number(value: float) -> str:
    return f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".")


def _words(decision: Decision | None) -> list[str]:
    if decision is None:
        return ["", ""]
    return [decision.kind.value, "" if decision.power_kw is None else _number(decision.power_kw)]
