"""What flexible loads and cars need, in terms of a plan's steps."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from ..model.forecast import Floats
from ..model.loads import FlexibleLoad, VehicleLoad
from .problem import PlanningProblem

EPS: Final = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Goal:
    """How much energy is wanted in which steps, and what it costs not to get it. Hours count from the first edge."""

    name: str
    min_kw: float
    """Its least power while it is on."""
    max_kw: float
    energy_kwh: float
    opens_h: float
    due_h: float
    starts_h: Floats
    """When each step starts."""
    hours: Floats
    later_kwh: float
    """What could still be had after the last step and before it is due."""
    later_per_kwh: float
    missing_per_kwh: float
    least_run_h: float = 0.0
    in_one_go: bool = False
    on_now: bool = False

    @property
    def most_kw(self) -> Floats:
        """The highest mean power of each step: a step may lie partly outside the time that is open."""
        opened = np.minimum(self.starts_h + self.hours, self.due_h) - np.maximum(self.starts_h, self.opens_h)
        most: Floats = self.max_kw * np.clip(opened / self.hours, 0.0, 1.0)
        return most

    @property
    def committed_kw(self) -> Floats | None:
        """What it draws because it is running already and cannot be interrupted; ``None`` if it is free to wait."""
        if not (self.in_one_go and self.on_now):
            return None
        power: Floats = self.run_from(np.zeros(1))[0]
        return power

    def run_from(self, starts_h: Floats) -> Floats:
        """Return the mean powers of an uninterrupted run, a row for each start."""
        length_h = self.energy_kwh / self.max_kw
        from_h = starts_h[:, None]
        shared = np.minimum(self.starts_h + self.hours, from_h + length_h) - np.maximum(self.starts_h, from_h)
        powers: Floats = self.max_kw * np.maximum(shared, 0.0) / self.hours
        return powers

    def lacking_kwh(self, placed_kw: Floats) -> Floats:
        """Return what rows of powers deliver too little or too late, inside and after the steps."""
        before_h = np.clip(self.due_h - self.starts_h, 0.0, self.hours)
        in_time = np.minimum(placed_kw * self.hours, self.max_kw * before_h)
        lacking: Floats = np.maximum(self.energy_kwh - in_time.sum(axis=-1), 0.0)
        return lacking

    def cost(self, placed_kw: Floats) -> Floats:
        """Return what is paid for what rows of powers lack: bought later, or missed."""
        lacking = self.lacking_kwh(placed_kw)
        later = np.minimum(lacking, self.later_kwh)
        cost: Floats = later * min(self.later_per_kwh, self.missing_per_kwh) + (lacking - later) * self.missing_per_kwh
        return cost

    def missing_kwh(self, placed_kw: Floats) -> float:
        """Return what it will lack when it is due, whatever happens after the last step."""
        missing = float(self.lacking_kwh(placed_kw)) - self.later_kwh
        return missing if missing > EPS * self.energy_kwh else 0.0


def goals_of(problem: PlanningProblem, import_per_kwh: Floats) -> tuple[Goal, ...]:
    """Return what is to be placed; energy after the last step is counted at the mean of the expected prices."""
    later_per_kwh = max(float(import_per_kwh @ problem.hours / problem.hours.sum()), 0.0)
    goals = [_load(problem, load, later_per_kwh) for load in problem.loads if load.energy_kwh > EPS]
    goals += [_vehicle(problem, vehicle, later_per_kwh) for vehicle in problem.vehicles if vehicle.energy_kwh > EPS]
    return tuple(goals)


def committed_kw(goals: Sequence[Goal], count: int) -> Floats:
    """Return the power of all that runs and cannot be interrupted."""
    total = np.zeros(count)
    for goal in goals:
        if (power := goal.committed_kw) is not None:
            total += power
    return total


def _load(problem: PlanningProblem, load: FlexibleLoad, later_per_kwh: float) -> Goal:
    opens_h, due_h = _window_h(problem, load.starts_after, load.ready_by)
    return Goal(
        name=load.name,
        min_kw=load.power_kw,
        max_kw=load.power_kw,
        energy_kwh=load.energy_kwh,
        opens_h=opens_h,
        due_h=due_h,
        starts_h=_starts_h(problem),
        hours=problem.hours,
        later_kwh=_later_kwh(problem, opens_h, due_h, load.power_kw, load.energy_kwh),
        later_per_kwh=later_per_kwh,
        missing_per_kwh=load.missing_per_kwh,
        least_run_h=min(load.least_run.total_seconds() / 3600.0, load.energy_kwh / load.power_kw),
        in_one_go=not load.interruptible,
        on_now=load.runs_now,
    )


def _vehicle(problem: PlanningProblem, vehicle: VehicleLoad, later_per_kwh: float) -> Goal:
    opens_h, due_h = _window_h(problem, vehicle.arrives_at, vehicle.ready_by)
    return Goal(
        name=vehicle.name,
        min_kw=vehicle.min_kw,
        max_kw=vehicle.max_kw,
        energy_kwh=vehicle.energy_kwh,
        opens_h=opens_h,
        due_h=due_h,
        starts_h=_starts_h(problem),
        hours=problem.hours,
        later_kwh=_later_kwh(problem, opens_h, due_h, vehicle.max_kw, vehicle.energy_kwh),
        later_per_kwh=later_per_kwh,
        missing_per_kwh=vehicle.missing_per_kwh,
    )


def _window_h(problem: PlanningProblem, opens_at: datetime | None, due_at: datetime) -> tuple[float, float]:
    """Return from when until when, in hours from the first edge."""
    origin = problem.edges[0]
    opens_h = 0.0 if opens_at is None else max((opens_at - origin).total_seconds() / 3600.0, 0.0)
    return opens_h, (due_at - origin).total_seconds() / 3600.0


def _starts_h(problem: PlanningProblem) -> Floats:
    return np.concatenate([[0.0], np.cumsum(problem.hours)[:-1]])


def _later_kwh(problem: PlanningProblem, opens_h: float, due_h: float, max_kw: float, energy_kwh: float) -> float:
    """Return how much of it can still be had between the last step and the time it is due."""
    end_h = float(problem.hours.sum())
    return min(max_kw * max(due_h - max(end_h, opens_h), 0.0), energy_kwh)
