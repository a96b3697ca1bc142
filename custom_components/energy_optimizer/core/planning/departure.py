"""Whether what happens has left the range that a plan was made for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ..model.forecast import MEDIAN
from ..model.plan import Plan
from ..model.powerwall import PowerwallReading
from .problem import PlanningProblem

READINGS: Final = 2
"""So many readings in a row must lie outside: one may be a kettle's."""
LEVEL_OFF: Final = 0.03
"""As a share of the capacity."""
_MARGIN_KW: Final = 0.2
"""A range narrower than this is not believed."""


@dataclass(kw_only=True, slots=True)
class Departure:
    """Looks at each reading; tells once per step of the plan that it should be made anew."""

    _outside: int = 0
    _told_for: datetime | None = None

    def sees(self, reading: PowerwallReading, plan: Plan, problem: PlanningProblem) -> bool:
        """Return whether *reading* shows that *plan*, made from *problem*, was made for something else."""
        step = plan.at(reading.taken_at)
        if step is None:
            return False
        self._outside = self._outside + 1 if _is_outside(reading, problem) else 0
        if self._outside < READINGS and not _is_level_off(reading, plan, problem):
            return False
        if self._told_for == step.starts_at:
            return False
        self._told_for = step.starts_at
        return True


def _is_outside(reading: PowerwallReading, problem: PlanningProblem) -> bool:
    """Say whether the house lacks more, or has more left over, than nine of ten outcomes of both forecasts."""
    if reading.home_kw is None or reading.solar_kw is None:
        return False
    column = _column(problem, reading.taken_at)
    if column is None:
        return False
    load, solar = problem.load_kw[:, column], problem.solar_kw[:, column]
    net = reading.home_kw - reading.solar_kw
    middle = float(load[MEDIAN] - solar[MEDIAN])
    low = min(float(load[0] - solar[-1]), middle - _MARGIN_KW)
    high = max(float(load[-1] - solar[0]), middle + _MARGIN_KW)
    return not low <= net <= high


def _is_level_off(reading: PowerwallReading, plan: Plan, problem: PlanningProblem) -> bool:
    if reading.level_percent is None:
        return False
    expected = _expected_level(plan, problem, reading.taken_at)
    capacity = problem.battery.capacity_kwh
    return expected is not None and abs(reading.level_percent / 100 * capacity - expected) > LEVEL_OFF * capacity


def _expected_level(plan: Plan, problem: PlanningProblem, instant: datetime) -> float | None:
    """Return the level that the plan expects at an instant, on a straight line within each step."""
    level, since = problem.level_kwh, problem.now
    for step in plan.steps:
        if instant < step.ends_at:
            if instant <= since:
                return level
            return level + (step.level_kwh - level) * ((instant - since) / (step.ends_at - since))
        level, since = step.level_kwh, max(since, step.ends_at)
    return None


def _column(problem: PlanningProblem, instant: datetime) -> int | None:
    edges = problem.edges
    return next((n for n in range(len(edges) - 1) if edges[n] <= instant < edges[n + 1]), None)
