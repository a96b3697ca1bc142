"""How good forecasts are on real homes, by how far ahead they look, beside simple ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import numpy as np

from custom_components.energy_optimizer.core.model.forecast import MEDIAN, QUANTILES, Floats
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem
from custom_components.energy_optimizer.core.planning.replay import HORIZON, Outlook

from .cells import Cell, cell_names, load_cell
from .many import Told, do_all
from .options import ForecastOptions
from .report import console, table, write_json
from .simple_forecasts import SimpleForecasts

_LEADS: Final = (("next step", 0.0), ("1 to 6 h", 1.0), ("6 to 24 h", 6.0), ("24 to 48 h", 24.0))
"""From how many hours ahead; the first is the coming step alone."""
_UNITS: Final = {"load": "kW", "solar": "kW", "import price": "per kWh", "export price": "per kWh"}
_SHARES: Final = np.array(QUANTILES)

type Key = tuple[str, str]
"""A quantity and a lead."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One cell whose forecasts are scored."""

    cells: Path
    name: str
    days: int | None
    every_h: float


@dataclass(slots=True)
class Errors:
    """Sums of the errors of our forecasts and of simple ones."""

    count: int = 0
    absolute: float = 0.0
    signed: float = 0.0
    pinball: float = 0.0
    simple_absolute: float = 0.0
    simple_signed: float = 0.0

    def note(self, quantiles: Floats, simple: Floats, measured: Floats) -> None:
        """Add what the columns of *quantiles* and the values of *simple* are off."""
        off, simple_off = quantiles[MEDIAN] - measured, simple - measured
        short = measured - quantiles
        self.count += measured.size
        self.absolute += float(np.abs(off).sum())
        self.signed += float(off.sum())
        self.pinball += float(np.maximum(_SHARES[:, None] * short, (_SHARES[:, None] - 1.0) * short).mean(axis=0).sum())
        self.simple_absolute += float(np.abs(simple_off).sum())
        self.simple_signed += float(simple_off.sum())

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.count + other.count,
            self.absolute + other.absolute,
            self.signed + other.signed,
            self.pinball + other.pinball,
            self.simple_absolute + other.simple_absolute,
            self.simple_signed + other.simple_signed,
        )

    def means(self) -> dict[str, float]:
        """Return the mean errors; a single value's pinball loss is half its error, as it stands for all quantiles."""
        return {
            "mae": self.absolute / self.count,
            "simple_mae": self.simple_absolute / self.count,
            "bias": self.signed / self.count,
            "simple_bias": self.simple_signed / self.count,
            "pinball": self.pinball / self.count,
            "simple_pinball": self.simple_absolute / self.count / 2.0,
        }


def run(options: ForecastOptions) -> int:
    """Score all cells, and print the errors of each group."""
    jobs = [
        Job(cells=options.cells, name=name, days=options.days, every_h=options.every_h)
        for name in cell_names(options.cells, options.only)
    ]
    cells = dict(sorted(do_all(score, jobs, options.jobs, lambda job: job.name)))
    groups: dict[str, dict[Key, Errors]] = {}
    for name, errors in cells.items():
        group = groups.setdefault("-".join(name.split("-")[:2]), {})
        for key, each in errors.items():
            group[key] = group.get(key, Errors()) + each
    for name, errors in groups.items():
        console().print(table(name, _COLUMNS, _rows(errors)))
    figures = {"cells": _to_json(cells), "groups": _to_json(groups), "every_h": options.every_h, "days": options.days}
    write_json(options.json, "forecast", figures)
    return 0


def score(job: Job, progress: Told) -> tuple[str, dict[Key, Errors]]:
    """Return the name of a cell and the errors of forecasts made all along it."""
    cell = load_cell(job.cells, job.name).last_days(job.days)
    outlook = Outlook(cell.series, cell.home)
    simple = SimpleForecasts(cell, round(HORIZON / cell.series.step))
    apart = max(round(timedelta(hours=job.every_h) / cell.series.step), 1)
    moments = [index for start, end in cell.series.segments for index in range(start, end, apart)]
    errors: dict[Key, Errors] = {}
    for done, index in enumerate(moments, 1):
        for key, quantiles, expected, measured in _compared(cell, outlook, simple, index):
            errors.setdefault(key, Errors()).note(quantiles, expected, measured)
        progress(job.name, done, len(moments))
    return job.name, errors


def _compared(
    cell: Cell, outlook: Outlook, simple: SimpleForecasts, index: int
) -> Iterator[tuple[Key, Floats, Floats, Floats]]:
    """Yield our quantiles, simple values and what was measured, by quantity and lead, where it was."""
    series, problem = cell.series, outlook.problem(index, cell.home.start_kwh)
    borders = np.array([round((edge - series.starts_at) / series.step) for edge in problem.edges])
    is_open = borders[:-1] >= series.known_until[index]
    ahead_h = (borders[:-1] - index) * series.hours
    lead = np.searchsorted([hours for _, hours in _LEADS], ahead_h, side="right") - 1
    lead[(lead == 0) & (ahead_h > 0.0)] = -1
    for quantity, quantiles, expected, measured, counts in _quantities(cell, problem, simple, index, is_open):
        truth = _means(measured, borders)
        by_simple = np.add.reduceat(expected, borders[:-1] - index) / np.diff(borders)
        for number, (name, _) in enumerate(_LEADS):
            which = (lead == number) & counts & np.isfinite(truth)
            if which.any():
                yield (quantity, name), quantiles[:, which], by_simple[which], truth[which]


def _quantities(
    cell: Cell, problem: PlanningProblem, simple: SimpleForecasts, index: int, is_open: np.ndarray
) -> Iterator[tuple[str, Floats, Floats, Floats, np.ndarray]]:
    series, always = cell.series, np.ones(is_open.size, dtype=bool)
    yield "load", problem.load_kw, simple.load_kw(index), series.load_kw, always
    yield "solar", problem.solar_kw, simple.solar_kw(index), series.solar_kw, always
    bought = simple.price(index, series.import_per_kwh, series.import_foretold)
    yield "import price", problem.import_per_kwh, bought, series.import_per_kwh, is_open
    sold = simple.price(index, series.export_per_kwh, series.export_foretold)
    yield "export price", problem.export_per_kwh, sold, series.export_per_kwh, is_open


def _means(values: Floats, borders: np.ndarray) -> Floats:
    """Return the means between *borders*, not a number where a part is unknown or lies beyond the end."""
    first = int(borders[0])
    coming = np.full(int(borders[-1]) - first, np.nan)
    known = values[first : int(borders[-1])]
    coming[: known.size] = known
    means: Floats = np.add.reduceat(coming, borders[:-1] - first) / np.diff(borders)
    return means


_COLUMNS: Final = ("forecast", "count", "MAE", "simple", "bias", "simple", "pinball", "simple", "less loss")


def _rows(errors: dict[Key, Errors]) -> list[list[tuple[str, ...]]]:
    parts = []
    for quantity, unit in _UNITS.items():
        rows = []
        for lead, _ in _LEADS:
            if (each := errors.get((quantity, lead))) is not None:
                means = each.means()
                digits = 3 if unit == "kW" else 4
                gain = 1.0 - means["pinball"] / means["simple_pinball"] if means["simple_pinball"] else 0.0
                figures = (f"{value:.{digits}f}" for value in means.values())
                rows.append((f"{quantity} ({unit}), {lead}", str(each.count), *figures, f"{100.0 * gain:.0f} %"))
        parts.append(rows)
    return parts


def _to_json(errors: dict[str, dict[Key, Errors]]) -> dict[str, list[dict[str, object]]]:
    return {
        name: [
            {"quantity": quantity, "lead": lead, "count": each.count, **each.means()}
            for (quantity, lead), each in sorted(found.items())
        ]
        for name, found in errors.items()
    }
