"""How long a round of planning takes, and how much memory."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from rich.console import Console
from rich.progress import track

from custom_components.energy_optimizer.core.planning.decide import decisions
from custom_components.energy_optimizer.core.planning.optimum import solve
from custom_components.energy_optimizer.core.planning.planner import make_plan
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem
from custom_components.energy_optimizer.core.planning.recourse import Recourse
from custom_components.energy_optimizer.core.planning.scenarios import sampled_scenarios
from custom_components.energy_optimizer.core.planning.steps import plan_edges

from .core_alone import ROOT
from .errors import BenchError
from .made_up_home import MadeUpHome, equal_edges, made_up_home, moments
from .options import PlannerOptions
from .report import console, table, write_json

FIVE_MINUTES: Final = timedelta(minutes=5)
TWO_DAYS: Final = 576
_MEMORY_TARGET_MB: Final = 150.0
_FEWER: Final = 10
"""Growth is shown by so many times fewer rounds."""

type Edges = Callable[[datetime], tuple[datetime, ...]]
type Plan = Callable[[PlanningProblem], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of round."""

    name: str
    edges: Edges
    plan: Plan = make_plan
    vehicles: int = 0
    loads: int = 0
    target_s: float | None = None
    """What the 99th percentile must stay below."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """How long the rounds of a kind took, in seconds."""

    name: str
    steps: int
    rounds: int
    forecast_p50_s: float
    plan_p50_s: float
    p50_s: float
    p99_s: float
    most_s: float
    cpu_p99_s: float
    """Without the time in which other processes had the core."""
    target_s: float | None


def run(options: PlannerOptions) -> int:
    """Measure, print, and return 1 if a target is missed."""
    home, paper = made_up_home(), console()
    main = [_timed(home, kind, options.rounds) for kind in _kinds()]
    paper.print(table("A round: forecasts, problem, optimum, decisions", _COLUMNS, [[_row(each) for each in main]]))
    fewer = max(options.rounds // _FEWER, 3)
    growth = {title: [_timed(home, kind, fewer) for kind in kinds] for title, kinds in _growth().items()}
    for title, timings in growth.items():
        paper.print(table(title, _COLUMNS, [[_row(each) for each in timings]]))
    bare_mb, planning_mb = memory_mb("bare", 0), memory_mb("planning", fewer)
    above_mb = planning_mb - bare_mb
    paper.print(
        f"Memory at most: {above_mb:.0f} MB above an interpreter with numpy ({bare_mb:.0f} MB); "
        f"target {_MEMORY_TARGET_MB:.0f} MB"
    )
    figures = {
        "rounds": [asdict(each) for each in main],
        "growth": {title: [asdict(each) for each in timings] for title, timings in growth.items()},
        "memory_mb": {"bare": bare_mb, "planning": planning_mb, "above": above_mb, "target": _MEMORY_TARGET_MB},
    }
    write_json(options.json, "planner", figures)
    is_slow = any(each.target_s is not None and each.p99_s >= each.target_s for each in main)
    return 1 if is_slow or above_mb >= _MEMORY_TARGET_MB else 0


def memory_mb(what: str, rounds: int) -> float:
    """Return the most memory that a new process had which did *what* (a word of ``planner_memory``)."""
    command = [sys.executable, "-P", "-m", f"{__package__}.planner_memory", what, str(rounds)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    if done.returncode:
        raise BenchError(f"the process whose memory is measured failed: {done.stderr.strip()}")
    return float(done.stdout)


def plan_rounds(home: MadeUpHome, kind: Kind, rounds: int) -> Iterator[tuple[float, float, float]]:
    """Plan at so many moments; yield for each the seconds of forecasting, of planning, and of the processor."""
    for now, level_kwh in moments(rounds):
        began, began_cpu = time.perf_counter(), time.process_time()
        problem = home.problem(now, level_kwh, kind.edges(now), vehicles=kind.vehicles, loads=kind.loads)
        built = time.perf_counter()
        kind.plan(problem)
        yield built - began, time.perf_counter() - built, time.process_time() - began_cpu


def heaviest() -> Kind:
    """Return the product's own problem with all that it may hold."""
    return Kind(name="own steps, a car and 3 appliances", edges=plan_edges, vehicles=1, loads=3, target_s=2.0)


def _kinds() -> list[Kind]:
    equal = _equal(TWO_DAYS)
    return [
        Kind(name="576 equal steps, battery alone", edges=equal, target_s=0.5),
        Kind(name="576 equal steps, the exact optimum", edges=equal, plan=solve, target_s=0.5),
        Kind(name="own steps, battery alone", edges=plan_edges, target_s=2.0),
        heaviest(),
        replace(heaviest(), name="the same with 3 scenarios", plan=_with_scenarios(3)),
    ]


def _growth() -> dict[str, list[Kind]]:
    counts = (TWO_DAYS // 4, TWO_DAYS // 2, TWO_DAYS, 2 * TWO_DAYS)
    return {
        "Growth with steps of 5 minutes (battery alone)": [
            Kind(name=f"steps: {count}", edges=_equal(count)) for count in counts
        ],
        "Growth with scenarios (own steps, a car and 3 appliances)": [
            replace(heaviest(), name=f"scenarios: {count}", plan=_with_scenarios(count), target_s=None)
            for count in (1, 2, 4, 8)
        ],
        "Growth with devices (own steps)": [
            Kind(name=f"cars: {cars}, appliances: {loads}", edges=plan_edges, vehicles=cars, loads=loads)
            for cars, loads in ((0, 0), (0, 1), (0, 3), (1, 0), (1, 3), (2, 6))
        ],
    }


def _equal(count: int) -> Edges:
    return lambda now: equal_edges(now, FIVE_MINUTES, count)


def _with_scenarios(count: int) -> Plan:
    """Return what plans as the product does, but places consumers by several scenarios in place of the median."""

    def plan(problem: PlanningProblem) -> None:
        optimum = solve(problem, sampled_scenarios(problem, count))
        placed_kw = sum(optimum.placed_kw.values(), np.zeros(problem.hours.size))
        list(decisions(Recourse(problem, placed_kw), placed_kw=placed_kw))

    return plan


def _timed(home: MadeUpHome, kind: Kind, rounds: int) -> Timing:
    list(plan_rounds(home, kind, 1))
    now, _ = moments(1)[0]
    errors = Console(stderr=True)
    shown = track(
        plan_rounds(home, kind, rounds),
        f"{kind.name:<36}",
        rounds,
        console=errors,
        transient=True,
        disable=not errors.is_terminal,
    )
    times = np.array(list(shown))
    totals = times[:, 0] + times[:, 1]
    p50_s, p99_s = np.percentile(totals, [50, 99]).tolist()
    return Timing(
        name=kind.name,
        steps=len(kind.edges(now)) - 1,
        rounds=rounds,
        forecast_p50_s=float(np.median(times[:, 0])),
        plan_p50_s=float(np.median(times[:, 1])),
        p50_s=p50_s,
        p99_s=p99_s,
        most_s=float(totals.max()),
        cpu_p99_s=float(np.percentile(times[:, 2], 99)),
        target_s=kind.target_s,
    )


_COLUMNS: Final[Sequence[str]] = (
    "kind", "steps", "rounds", "forecast", "plan", "p50", "p99", "most", "p99 cpu", "target",
)  # fmt: skip


def _row(each: Timing) -> tuple[str, ...]:
    def ms(seconds: float) -> str:
        return f"{1000.0 * seconds:.0f} ms"

    verdict = "" if each.target_s is None else f"{'<' if each.p99_s < each.target_s else 'MISSED'} {each.target_s:g} s"
    durations = (each.forecast_p50_s, each.plan_p50_s, each.p50_s, each.p99_s, each.most_s, each.cpu_p99_s)
    return (each.name, str(each.steps), str(each.rounds), *map(ms, durations), verdict)
