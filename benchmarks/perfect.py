"""What a battery could have saved at best on a cell, had everything been known; remembered, as it takes long."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np

from custom_components.energy_optimizer.core.model.contract import ConnectionRule
from custom_components.energy_optimizer.core.model.forecast import Floats
from custom_components.energy_optimizer.core.planning.hindsight import best_possible
from custom_components.energy_optimizer.core.planning.optimum_result import NoOptimumError

from .cells import Cell
from .core_alone import ROOT
from .settlement import settle

_PLANNING = ROOT / "custom_components" / "energy_optimizer" / "core" / "planning"


def perfect_cost(cell: Cell) -> float | None:
    """Return the least cost; ``None`` if it is not found in time, or if the optimum has no such contract."""
    if cell.home.rule is ConnectionRule.SUN_ONLY and not cell.allows_battery_export:
        return None
    try:
        return settle(cell, _powers(cell)).cost
    except NoOptimumError:
        return None


def _powers(cell: Cell) -> Floats:
    series, home = cell.series, cell.home
    powers = np.zeros(series.load_kw.size)
    for start, end in series.segments:
        bought = series.import_per_kwh[start:end]
        powers[start:end], _, _ = best_possible(
            series.load_kw[start:end],
            series.solar_kw[start:end],
            bought,
            series.export_per_kwh[start:end],
            series.hours,
            home.battery,
            home.grid,
            home.rule,
            home.start_kwh,
            home.battery.discharge_efficiency * float(bought.mean()),
        )
    return powers


class PerfectMemory:
    """Results of ``perfect_cost`` in a file, for as long as neither the cell nor what computes them changes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        try:
            self._known: dict[str, float | None] = json.loads(file.read_text(encoding="utf-8"))
        except OSError, ValueError:
            self._known = {}
        sources = (_PLANNING / "hindsight.py", *sorted(_PLANNING.glob("optimum*.py")))
        self._version = sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()

    def key(self, cell: Cell) -> str:
        """Return what stands for a cell and the stretches of it that are lived through."""
        what = f"{self._version} {cell.digest} {cell.series.segments}"
        return f"{cell.name} {sha256(what.encode()).hexdigest()[:16]}"

    def costs(self) -> dict[str, float]:
        """Return what is known, by key."""
        return {key: cost for key, cost in self._known.items() if cost is not None}

    def keep(self, key: str, cost: float | None) -> None:
        """Remember a cost in the file."""
        if cost is not None and self._known.get(key) != cost:
            self._known[key] = cost
            self._file.write_text(json.dumps(self._known, indent=1) + "\n", encoding="utf-8")
