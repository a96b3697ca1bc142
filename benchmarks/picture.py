"""Draws a day of a cell: prices, sun, load, what the battery did, its level, and what was decided."""

from datetime import date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from custom_components.energy_optimizer.core.model.decision import DecisionKind
from custom_components.energy_optimizer.core.model.forecast import Floats

from .cells import Cell
from .errors import BenchError
from .records import Record, read_record

type Steps = NDArray[np.intp]

_COLOURS: Final = {
    DecisionKind.SELF_CONSUMPTION: "#dfe9d8",
    DecisionKind.HOLD: "#e3e3e3",
    DecisionKind.EXPORT_SOLAR: "#fff0b8",
    DecisionKind.CHARGE: "#cfe2f7",
    DecisionKind.DISCHARGE: "#f7d3cc",
}
_NAMES: Final = {
    DecisionKind.SELF_CONSUMPTION: "self-consumption",
    DecisionKind.HOLD: "hold",
    DecisionKind.EXPORT_SOLAR: "export solar",
    DecisionKind.CHARGE: "charge",
    DecisionKind.DISCHARGE: "discharge",
}


def draw_day(cell: Cell, out: Path, day: date, file: Path) -> None:
    """Draw the local *day* from what a run left in *out*. Raises ``BenchError`` if the day was not lived through."""
    record = read_record(out, cell)
    first, last = (_step_at(cell, each) for each in (day, day + timedelta(days=1)))
    steps = np.arange(max(first, 0), min(last, record.level_kwh.size))
    steps = steps[~np.isnan(record.level_kwh[steps])]
    if not steps.size:
        raise BenchError(f"{cell.name}: {day} is not among the days that were lived through")
    hours = (steps - first) * cell.series.hours
    figure = Figure(figsize=(11.0, 8.5), layout="constrained")
    prices, powers, level = figure.subplots(3, 1, sharex=True, height_ratios=(2, 3, 2))
    _draw_prices(prices, cell, steps, hours)
    _draw_powers(powers, cell, record, steps, hours)
    _draw_level(level, cell, record, steps, hours)
    for axes in (prices, powers, level):
        _draw_decisions(axes, cell, record, steps, hours)
        axes.margins(x=0.0)
        axes.grid(alpha=0.25)
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
    kinds = [kind for kind in DecisionKind if any(_kind(record, step) is kind for step in steps.tolist())]
    figure.legend(
        handles=[Patch(color=_COLOURS[kind], label=_NAMES[kind]) for kind in kinds],
        loc="outside lower center",
        ncols=len(kinds),
        frameon=False,
        title="Decided",
    )
    level.set_xlabel(f"hours of the day, {cell.zone.key}")
    level.set_xticks(np.arange(0.0, hours[-1] + cell.series.hours + 0.01, 2.0))
    figure.suptitle(f"{cell.name}, {day:%A} {day}")
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=120)


def _step_at(cell: Cell, day: date) -> int:
    midnight = datetime.combine(day, time(0), tzinfo=cell.zone)
    return -int((cell.series.starts_at - midnight) // cell.series.step)


def _kind(record: Record, step: int) -> DecisionKind | None:
    decision = record.decisions[step]
    return None if decision is None else decision.kind


def _stairs(
    axes: Axes, cell: Cell, values: Floats, hours: Floats, label: str, colour: str, linewidth: float = 1.8
) -> None:
    """Draw means over steps, each as long as its step; a gap stays a gap."""
    edges = np.append(hours, hours[-1] + cell.series.hours)
    axes.step(edges, np.append(values, values[-1]), where="post", label=label, color=colour, linewidth=linewidth)


def _draw_prices(axes: Axes, cell: Cell, steps: Steps, hours: Floats) -> None:
    _stairs(axes, cell, cell.series.import_per_kwh[steps], hours, "import", "#a03020")
    _stairs(axes, cell, cell.series.export_per_kwh[steps], hours, "export", "#207040")
    axes.set_ylabel(f"{cell.currency} per kWh")


def _draw_powers(axes: Axes, cell: Cell, record: Record, steps: Steps, hours: Floats) -> None:
    solar, load = cell.series.solar_kw[steps], cell.series.load_kw[steps]
    edges = np.append(hours, hours[-1] + cell.series.hours)
    axes.fill_between(edges, np.append(solar, solar[-1]), step="post", color="#f2b632", alpha=0.55, label="sun")
    _stairs(axes, cell, load, hours, "load", "#303030")
    _stairs(axes, cell, record.battery_kw[steps], hours, "battery\n(+ gives)", "#2060c0")
    _stairs(axes, cell, load - solar - record.battery_kw[steps], hours, "grid\n(+ buys)", "#a050a0", linewidth=1.0)
    axes.axhline(0.0, color="black", linewidth=0.6)
    axes.set_ylabel("kW")


def _draw_level(axes: Axes, cell: Cell, record: Record, steps: Steps, hours: Floats) -> None:
    battery = cell.home.battery
    before = float(record.level_kwh[steps[0] - 1]) if steps[0] else np.nan
    levels = np.append(cell.home.start_kwh if np.isnan(before) else before, record.level_kwh[steps])
    axes.plot(np.append(hours[0], hours + cell.series.hours), levels, color="#2060c0", linewidth=1.8, label="level")
    axes.axhline(battery.reserve_kwh, color="#808080", linewidth=0.8, linestyle="--", label="least")
    axes.set_ylim(0.0, battery.capacity_kwh * 1.03)
    axes.set_ylabel("kWh stored")


def _draw_decisions(axes: Axes, cell: Cell, record: Record, steps: Steps, hours: Floats) -> None:
    for kind, stretch in groupby(range(steps.size), key=lambda index: _kind(record, int(steps[index]))):
        first, *rest = stretch
        if kind is not None:
            end = hours[rest[-1] if rest else first] + cell.series.hours
            axes.axvspan(hours[first], end, color=_COLOURS[kind], linewidth=0.0, zorder=0)
