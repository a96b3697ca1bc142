"""Lives through one cell, and what that comes to."""

import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from custom_components.energy_optimizer.core.planning.replay import ReplayResult, replay

from .cells import Cell, load_cell
from .many import Told
from .perfect import PerfectMemory, perfect_cost
from .records import write_record
from .settlement import Settlement, self_consumption_kw, settle
from .ways import by_way


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One cell to live through; small enough to be handed to another process."""

    cells: Path
    out: Path
    name: str
    days: int | None
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """Costs of one cell or of a group of them, in its currency."""

    name: str
    currency: str
    cells: int = 1
    days: float
    none: float
    """Without a battery."""
    self_consumption: float
    ours: float
    perfect: float | None
    free: float | None = None
    """With a battery that does at once whatever it is told, where ours is by a real way."""
    violations: int
    seconds: float
    """Of one core, for living through it."""

    @property
    def captured(self) -> float | None:
        """Our share of what can be saved beyond self-consumption; ``None`` where that is nothing or unknown."""
        return self._share(self.ours)

    @property
    def captured_free(self) -> float | None:
        """The same of the battery that does whatever it is told."""
        return None if self.free is None else self._share(self.free)

    @property
    def lost(self) -> float | None:
        """What the real way costs more than the free battery."""
        return None if self.free is None else self.ours - self.free

    def to_json(self) -> dict[str, object]:
        """Return all figures."""
        return asdict(self) | {"captured": self.captured, "captured_free": self.captured_free, "lost": self.lost}

    def _share(self, cost: float) -> float | None:
        if self.perfect is None or self.self_consumption - self.perfect < 1e-9:
            return None
        return (self.self_consumption - cost) / (self.self_consumption - self.perfect)


def live(job: Job, progress: Told) -> tuple[Outcome, str]:
    """Live through a cell and write what happened; return what it came to and the key of its perfect cost."""
    cell = load_cell(job.cells, job.name).last_days(job.days)
    memory = PerfectMemory(memory_file(job.out))
    key = memory.key(cell)
    steps = sum(end - start for start, end in cell.series.segments)
    paths = ["free"] if job.path == "free" else ["free", job.path]
    began, costs = time.perf_counter(), {}
    for turn, path in enumerate(paths):
        result = _replayed(by_way(cell, path), turn * steps, len(paths) * steps, progress)
        powers_kw = write_record(job.out, cell, result) if path == job.path else result.battery_kw
        costs[path] = settle(cell, powers_kw)
    seconds = time.perf_counter() - began
    remembered = memory.costs().get(key)
    perfect = perfect_cost(cell) if remembered is None else remembered
    return _outcome(cell, costs, job.path, perfect, seconds), key


def memory_file(out: Path) -> Path:
    """Return where perfect costs are remembered."""
    return out / "perfect.json"


def group_outcome(name: str, parts: list[Outcome]) -> Outcome:
    """Return the sums over the cells of a group."""
    perfect = [each.perfect for each in parts if each.perfect is not None]
    free = [each.free for each in parts if each.free is not None]
    return Outcome(
        name=name,
        currency=parts[0].currency,
        cells=len(parts),
        days=sum(each.days for each in parts),
        none=sum(each.none for each in parts),
        self_consumption=sum(each.self_consumption for each in parts),
        ours=sum(each.ours for each in parts),
        perfect=sum(perfect) if len(perfect) == len(parts) else None,
        free=sum(free) if len(free) == len(parts) else None,
        violations=sum(each.violations for each in parts),
        seconds=sum(each.seconds for each in parts),
    )


def _replayed(cell: Cell, before: int, total: int, progress: Told) -> ReplayResult:
    return replay(cell.series, cell.home, progress=lambda done, _: progress(cell.name, before + done, total))


def _outcome(cell: Cell, costs: dict[str, Settlement], path: str, perfect: float | None, seconds: float) -> Outcome:
    ours = costs[path]
    return Outcome(
        name=cell.name,
        currency=cell.currency,
        days=cell.days,
        none=settle(cell, np.zeros(cell.series.load_kw.size)).cost,
        self_consumption=settle(cell, self_consumption_kw(cell)).cost,
        ours=ours.cost,
        perfect=perfect,
        free=None if path == "free" else costs["free"].cost,
        violations=sum(ours.violations.values()),
        seconds=seconds,
    )
