"""Flexible loads and cars as part of a linear model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..model.forecast import Floats
from .optimum_goals import EPS, Goal
from .optimum_model import Flags, Indexes, LinearModel

_PATIENCE: Final = 1e-3
"""What the last step's energy counts as dearer than the first's, as a share of the usual price: so that of equally
cheap times the first is taken and a run is not scattered."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Placement:
    """Which columns of a model make up the power of one load or car."""

    goal: Goal
    columns: Indexes
    steps: Indexes
    kw: Floats
    """By how much one of each column raises the power of its step."""
    whole: Indexes
    """The columns that must be whole numbers."""

    def power_kw(self, values: Floats) -> Floats:
        """Return the power that a solution of the model gives it."""
        power = np.zeros(self.goal.hours.size)
        np.add.at(power, self.steps, self.kw * values[self.columns])
        return np.clip(power, 0.0, self.goal.max_kw)


def add_placement(model: LinearModel, goal: Goal, near: Flags, usual_per_kwh: float) -> Placement | None:
    """Add *goal* to *model*, with whole numbers in the *near* steps; ``None`` if there is nothing to decide."""
    if goal.committed_kw is not None:
        return None
    haste = _PATIENCE * usual_per_kwh * goal.starts_h / max(float(goal.hours.sum()), EPS)
    return _in_one_go(model, goal, near, haste) if goal.in_one_go else _in_pieces(model, goal, near, haste)


def keep_within(model: LinearModel, placed: Sequence[Placement], most_kw: Floats) -> None:
    """Let all that is placed draw no more together than *most_kw* in each step."""
    if not placed:
        return
    rows = model.add_rows(most_kw.size, -np.inf, most_kw)
    for each in placed:
        model.put(rows[each.steps], each.columns, each.kw)


def _in_one_go(model: LinearModel, goal: Goal, near: Flags, haste: Floats) -> Placement | None:
    """One start among all edges, whose run is then known."""
    ends_h = goal.starts_h + goal.hours
    possible = np.flatnonzero((ends_h > goal.opens_h + EPS) & (goal.starts_h < goal.due_h - EPS))
    if possible.size == 0:
        return None
    starts_h = np.maximum(goal.starts_h[possible], goal.opens_h)
    powers = goal.run_from(starts_h)
    costs = goal.cost(powers) + powers * goal.hours @ haste
    begins = model.add_columns(possible.size, 0.0, 1.0, costs)
    never = model.add_columns(1, 0.0, 1.0, goal.cost(np.zeros(goal.hours.size)))
    row = model.add_rows(1, 1.0, 1.0)
    every = np.concatenate([begins, never])
    model.put(np.repeat(row, every.size), every, 1.0)
    which, steps = np.nonzero(powers > EPS)
    return Placement(
        goal=goal,
        columns=begins[which],
        steps=steps.astype(np.int32),
        kw=powers[which, steps],
        whole=begins[near[possible]],
    )


def _in_pieces(model: LinearModel, goal: Goal, near: Flags, haste: Floats) -> Placement | None:
    """A power for each step, and near at hand whether it is on."""
    open_kw = goal.most_kw
    steps = np.flatnonzero(open_kw > EPS).astype(np.int32)
    if steps.size == 0:
        return None
    most, hours = open_kw[steps], goal.hours[steps]
    power = model.add_columns(steps.size, 0.0, most, haste[steps] * hours)
    later = model.add_columns(1, 0.0, goal.later_kwh, min(goal.later_per_kwh, goal.missing_per_kwh))
    missing = model.add_columns(1, 0.0, goal.energy_kwh, goal.missing_per_kwh)
    row = model.add_rows(1, goal.energy_kwh, goal.energy_kwh)
    model.put(np.repeat(row, steps.size), power, hours)
    model.put(np.repeat(row, 2), np.concatenate([later, missing]), 1.0)
    count = int(np.count_nonzero(near[steps]))
    whole = _switched(model, goal, power[:count], steps[:count], most[:count])
    return Placement(goal=goal, columns=power, steps=steps, kw=np.ones(steps.size), whole=whole)


def _switched(model: LinearModel, goal: Goal, power: Indexes, steps: Indexes, most: Floats) -> Indexes:
    """Let it be off or between its least and most power, and an appliance at its own power until its last step."""
    if goal.min_kw <= EPS or steps.size == 0:
        return np.zeros(0, dtype=np.int32)
    on = model.add_columns(steps.size, 0.0, 1.0)
    rows = model.add_rows(steps.size, -np.inf, 0.0)
    model.put(rows, power, 1.0)
    model.put(rows, on, -most)
    if goal.min_kw >= goal.max_kw:
        _at_own_power(model, goal, power, on, steps)
    else:
        least = np.minimum(goal.min_kw / goal.max_kw * most, goal.energy_kwh / goal.hours[steps])
        rows = model.add_rows(steps.size, 0.0, np.inf)
        model.put(rows, power, 1.0)
        model.put(rows, on, -least)
    if goal.least_run_h > float(goal.hours[steps].min()) + EPS:
        _for_a_while(model, goal, on, steps)
    return on


def _at_own_power(model: LinearModel, goal: Goal, power: Indexes, on: Indexes, steps: Indexes) -> None:
    """Only the last step of a run may be a part of one, and only as far as its energy asks for that."""
    most, hours = goal.most_kw[steps], goal.hours[steps]
    rows = model.add_rows(on.size - 1, -most[:-1], np.inf)
    model.put(rows, power[:-1], 1.0)
    model.put(rows, on[:-1], -most[:-1])
    model.put(rows, on[1:], -most[:-1])
    longest_kwh = goal.max_kw * float(hours.max())
    spare_kwh = -goal.energy_kwh % longest_kwh
    if np.any(most < goal.max_kw - EPS):
        spare_kwh += longest_kwh
    row = model.add_rows(1, -np.inf, spare_kwh + EPS)
    model.put(np.repeat(row, on.size), on, most * hours)
    model.put(np.repeat(row, on.size), power, -hours)


def _for_a_while(model: LinearModel, goal: Goal, on: Indexes, steps: Indexes) -> None:
    """Once begun, a run lasts as long as it must."""
    count = on.size
    began = model.add_columns(count, 0.0, 1.0)
    rows = model.add_rows(count, np.concatenate([[-1.0 if goal.on_now else 0.0], np.zeros(count - 1)]), np.inf)
    model.put(rows, began, 1.0)
    model.put(rows, on, -1.0)
    model.put(rows[1:], on[:-1], 1.0)
    starts_h = goal.starts_h[steps]
    lately = (starts_h[None, :] <= starts_h[:, None]) & (starts_h[None, :] > starts_h[:, None] - goal.least_run_h + EPS)
    at, since = np.nonzero(lately)
    rows = model.add_rows(count, 0.0, np.inf)
    model.put(rows, on, 1.0)
    model.put(rows[at], began[since], -1.0)
