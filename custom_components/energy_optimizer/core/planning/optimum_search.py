"""From a linear relaxation to a plan that can be carried out: a model, what is open in it, and how it gets decided."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from ..model.forecast import Floats
from .optimum_battery import Path, add_path, one_price
from .optimum_goals import EPS, Goal, committed_kw
from .optimum_home import Home, limits_of
from .optimum_model import Flags, Indexes, LinearModel
from .optimum_placing import Placement, add_placement, keep_within
from .optimum_result import NoOptimumError
from .optimum_solver import Answer, Solver
from .scenarios import Scenario

_CALM: Final = 3e-5
"""What a kWh discharged costs at least, as a share of the usual price."""
_GROSS_GAP: Final = 0.2
"""How much of the gap does for what all energy would cost at the usual price, for bills of about nothing."""
_INTEGRAL: Final = 1e-6
_LAST_S: Final = 0.5
"""What the linear programme that is left in the end may take, however late it is."""
_ROUNDS: Final = 8


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Built:
    """A model of the home and where everything is in it."""

    home: Home
    model: LinearModel
    paths: tuple[Path, ...]
    placed: tuple[Placement, ...]
    near: Flags
    usual_per_kwh: float
    energy_kwh: float
    """All that the house takes."""

    @property
    def ways(self) -> Indexes:
        """The columns that say what the battery and the grid do of two things."""
        columns = [way.which for path in self.paths for way in path.ways]
        return np.concatenate(columns + [path.filling.reached for path in self.paths])

    @property
    def near_ways(self) -> Indexes:
        """Those of near steps; whether to buy or sell and when the reserve is reached matters, however late."""
        if not self.near.any():
            return self.ways[:0]
        columns = [each for path in self.paths for each in (path.grid_way.which, path.filling.reached)]
        for path in self.paths:
            columns += [way.which[self.near[way.steps]] for way in (path.battery_way, path.spilling)]
        return np.concatenate(columns)

    @property
    def runs(self) -> Indexes:
        """The columns that say whether a load or a car is on."""
        return np.concatenate([np.zeros(0, dtype=np.int32)] + [each.whole for each in self.placed])

    def broken(self, values: Floats) -> Indexes:
        """Return the ways that are neither the one nor the other; while the reserve is open, that first."""
        open_fillings = np.concatenate([path.filling.broken(values) for path in self.paths])
        if open_fillings.size:
            return open_fillings
        return np.concatenate([way.broken(values) for path in self.paths for way in path.ways])

    def by_size(self, values: Floats) -> Floats:
        """Return *values* with each way that of the larger flow."""
        sides = values.copy()
        for path in self.paths:
            for way in path.ways:
                sides[way.which] = way.by_size(values)
            sides[path.filling.reached] = path.filling.by_level(values)
        return sides


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Found:
    """A solution in which nothing is left open."""

    values: Floats
    marginal_per_kwh: Floats
    cost: float
    """As the model counts it, which is never less than what it really costs."""
    bound: float
    proven: bool

    @property
    def gap(self) -> float:
        """How far above the bound the cost is, as a share of it."""
        return max(self.cost - self.bound, 0.0) / max(abs(self.cost), EPS)


def build(
    home: Home,
    scenarios: Sequence[Scenario],
    goals: Sequence[Goal] = (),
    *,
    near_h: float,
    common_steps: int = 0,
    calm: float = _CALM,
    unaided: bool = False,
) -> Built:
    """Return the model of *scenarios* with *goals*, whole numbers in the steps that begin within *near_h*.

    Of plans that differ by less than the share *calm* of the usual price per kWh discharged, the calmer one is cheaper.
    With *unaided*, the connection bears what is placed in each scenario even if the battery gives nothing.
    """
    n = home.hours.size
    starts_h = np.concatenate([[0.0], np.cumsum(home.hours)[:-1]])
    near = starts_h < near_h
    usual = max(float(np.mean([np.abs(each.import_per_kwh).mean() for each in scenarios])), 1e-6)
    model = LinearModel()
    placed = [each for goal in goals if (each := add_placement(model, goal, near, usual)) is not None]
    running = committed_kw(goals, n)
    paths = []
    for scenario in scenarios:
        limits = limits_of(home, scenario.load_kw + running, scenario.solar_kw)
        paths.append(add_path(model, home, scenario, limits, placed, near=near, calm_per_kwh=calm * usual))
        if unaided:
            keep_within(model, placed, np.maximum(limits.import_kw - limits.net_kw, 0.0))
    _decide_alike(model, paths, min(common_steps, n))
    energy = max(float(np.abs(path.limits.load_kw) @ home.hours) for path in paths)
    return Built(
        home=home,
        model=model,
        paths=tuple(paths),
        placed=tuple(placed),
        near=near,
        usual_per_kwh=usual,
        energy_kwh=energy + sum(goal.energy_kwh for goal in goals) + home.battery.capacity_kwh,
    )


def _decide_alike(model: LinearModel, paths: Sequence[Path], steps: int) -> None:
    """Let the battery do the same in all scenarios as long as nobody knows which of them comes."""
    for path in paths[1:]:
        for first, other in ((paths[0].charge, path.charge), (paths[0].discharge, path.discharge)):
            rows = model.add_rows(steps, 0.0, 0.0)
            model.put(rows, first[:steps], 1.0)
            model.put(rows, other[:steps], -1.0)


def find(built: Built, gap: float, deadline_s: float) -> Found:
    """Return the best that is found until *deadline_s* on ``time.perf_counter``; raises ``NoOptimumError``."""
    return _Search(built, gap, deadline_s).run()


class _Search:
    """One model on its way from relaxed to decided."""

    def __init__(self, built: Built, gap: float, deadline_s: float) -> None:
        self._built = built
        self._gap = gap
        self._small_gap = _GROSS_GAP * gap * built.energy_kwh * built.usual_per_kwh
        self._deadline_s = deadline_s
        self._solver = Solver(built.model, built.usual_per_kwh, gap, self._small_gap)

    def run(self) -> Found:
        """Relax all; if that leaves something open, decide it by size; if that costs something, search."""
        relaxed = self._solver.solve(self._left_s())
        if self._price_far(relaxed.values):
            relaxed = self._solver.solve(self._left_s())
        runs = self._built.runs
        whole = np.concatenate([runs, self._built.near_ways])
        decided = None if _is_fraction(relaxed.values[runs]) else self._decided(relaxed)
        if decided is not None:
            proven = decided.cost - relaxed.cost <= max(self._small_gap, self._gap * abs(decided.cost))
            if proven or not whole.size:
                return self._found(decided, relaxed.cost, proven=proven)
            self._solver.free(self._built.ways)
        try:
            return self._search(whole, relaxed, decided)
        except NoOptimumError:
            if decided is None:
                raise
            return self._found(decided, relaxed.cost, proven=False)

    def _search(self, whole: Indexes, relaxed: Answer, decided: Answer | None) -> Found:
        """Let the columns *whole* be whole numbers, beginning with what is decided already."""
        start = None if decided is None else self._built.by_size(decided.values)
        mixed = self._solver.solve_whole(whole, self._left_s(), start)
        self._deadline_s = max(self._deadline_s, time.perf_counter() + _LAST_S)
        self._solver.fix(whole, np.rint(mixed.values[whole]))
        try:
            answer = self._by_size(self._solver.solve(self._left_s()))
        except NoOptimumError:
            # Far directions contradict each other: what the battery can do of them is seen when it does it.
            answer = replace(mixed, duals=relaxed.duals)
        return self._found(answer, mixed.bound, proven=mixed.proven)

    def _decided(self, relaxed: Answer) -> Answer | None:
        """Return what comes of taking the larger flow everywhere; ``None`` where that contradicts itself."""
        try:
            return self._by_size(relaxed)
        except NoOptimumError:
            self._solver.free(self._built.ways)
            return None

    def _by_size(self, answer: Answer) -> Answer:
        """Take the way of the larger flow wherever both run, until that is nowhere."""
        for _ in range(_ROUNDS):
            broken = self._built.broken(answer.values)
            if not broken.size:
                return answer
            self._solver.fix(broken, self._built.by_size(answer.values)[broken])
            answer = self._solver.solve(self._left_s())
        ways = self._built.ways
        self._solver.fix(ways, self._built.by_size(answer.values)[ways])
        return self._solver.solve(self._left_s())

    def _price_far(self, values: Floats) -> bool:
        """Choose for each far step with crossed prices which of them counts; return whether there are such steps."""
        crossed = [path for path in self._built.paths if path.crossed.any()]
        for path in crossed:
            weight = path.scenario.weight * self._built.home.hours
            buy, sell = one_price(path.scenario, path.crossed, path.exports(values))
            self._solver.charge(path.buy, weight * buy)
            self._solver.charge(path.sell, -weight * sell)
        return bool(crossed)

    def _left_s(self) -> float:
        return self._deadline_s - time.perf_counter()

    def _found(self, answer: Answer, bound: float, *, proven: bool) -> Found:
        marginal = -np.sum([answer.duals[path.storing] for path in self._built.paths], axis=0)
        return Found(values=answer.values, marginal_per_kwh=marginal, cost=answer.cost, bound=bound, proven=proven)


def _is_fraction(values: Floats) -> bool:
    return bool(np.any(np.abs(values - np.rint(values)) > _INTEGRAL))
