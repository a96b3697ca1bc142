"""Battery and grid of one scenario as part of a linear model."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..model.forecast import Floats
from .optimum_home import Home, Limits
from .optimum_model import Flags, Indexes, LinearModel
from .optimum_placing import Placement
from .scenarios import Scenario

_TOLERANCE_KW: Final = 1e-6
_TOLERANCE_KWH: Final = 1e-6
_HAIR: Final = 0.02
"""How much of the capacity may be missing below the reserve without any plan to fill it first."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EitherOr:
    """Two flows of which, in some steps, at most one may run; a column each says which, 1 for the first."""

    first: Indexes
    second: Indexes
    which: Indexes
    steps: Indexes

    def broken(self, values: Floats) -> Indexes:
        """Return the columns whose both flows run."""
        both = np.minimum(values[self.first], values[self.second]) > _TOLERANCE_KW
        columns: Indexes = self.which[both]
        return columns

    def by_size(self, values: Floats) -> Floats:
        """Return for each column the side on which more flows."""
        sides: Floats = (values[self.first] >= values[self.second]).astype(np.float64)
        return sides


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Filling:
    """Whether the reserve is reached, a column for each step where the level starts below it."""

    reached: Indexes
    level: Indexes
    reserve_kwh: float

    def broken(self, values: Floats) -> Indexes:
        """Return the columns that say neither yes nor no."""
        shares = values[self.reached]
        columns: Indexes = self.reached[np.abs(shares - np.rint(shares)) > _TOLERANCE_KW]
        return columns

    def by_level(self, values: Floats) -> Floats:
        """Return for each column whether the level of a solution is there."""
        there: Floats = (values[self.level] >= self.reserve_kwh - _TOLERANCE_KWH / 2.0).astype(np.float64)
        return np.maximum.accumulate(there) if there.size else there


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Path:
    """The columns of one scenario, a place in the model for each step."""

    scenario: Scenario
    limits: Limits
    charge: Indexes
    discharge: Indexes
    buy: Indexes
    sell: Indexes
    level: Indexes
    storing: Indexes
    """The rows that make a level of the one before."""
    battery_way: EitherOr
    grid_way: EitherOr
    spilling: EitherOr
    """Room left in the grid, or energy cut off."""
    filling: Filling
    crossed: Flags
    """Far steps in which selling pays more than buying costs; there both get one price."""

    @property
    def ways(self) -> tuple[EitherOr, ...]:
        """All that must not run at once."""
        return self.battery_way, self.grid_way, self.spilling

    def battery_kw(self, values: Floats) -> Floats:
        """Return the battery's power in a solution."""
        power: Floats = values[self.discharge] - values[self.charge]
        return power

    def exports(self, values: Floats) -> Flags:
        """Return in which steps more is sold than bought."""
        more: Flags = values[self.sell] > values[self.buy]
        return more


def add_path(
    model: LinearModel,
    home: Home,
    scenario: Scenario,
    limits: Limits,
    placed: Sequence[Placement],
    *,
    near: Flags,
    calm_per_kwh: float,
) -> Path:
    """Add one scenario to *model*; whole numbers decide directions in *near* steps where both at once would pay.

    *calm_per_kwh* is added to wear, so that of equal plans the calmer one is taken.
    """
    n = home.hours.size
    loads = bool(placed)
    give = limits.discharge_kw if loads else np.minimum(limits.discharge_kw, limits.cover_kw)
    use_per_kwh = home.battery.wear_per_kwh + calm_per_kwh
    charge = model.add_columns(n, 0.0, limits.charge_kw)
    discharge = model.add_columns(n, 0.0, give, scenario.weight * home.hours * use_per_kwh)
    level_cost = np.zeros(n)
    level_cost[-1] = -scenario.weight * home.end_value_per_kwh
    start_kwh = home.level_kwh if loads else _start_kwh(home)
    level = model.add_columns(n, min(home.reserve_kwh, start_kwh), home.battery.capacity_kwh, level_cost)
    taken_kw = limits.charge_kw + _most_kw(placed, n)
    grid = _grid(model, scenario, limits, home.hours, most_kw=(taken_kw, give), near=near)
    _balance(model, limits, placed, (discharge, charge, grid.buy, grid.sell, grid.spill))
    storing = _store(model, home, charge, discharge, level, start_kwh)
    if loads:
        _cover(model, limits, discharge, placed)
    _peak(model, home, grid.buy, scenario.weight)
    # Before a time at which taking energy pays, an empty battery is worth something, and so is burning what it holds.
    paid = (scenario.import_per_kwh < 0.0) | ((scenario.export_per_kwh < 0.0) & (limits.net_kw < 0.0))
    burning = np.maximum.accumulate(paid[::-1])[::-1]
    return Path(
        scenario=scenario,
        limits=limits,
        charge=charge,
        discharge=discharge,
        buy=grid.buy,
        sell=grid.sell,
        level=level,
        storing=storing,
        battery_way=_either(model, burning, (charge, limits.charge_kw), (discharge, give)),
        grid_way=grid.way,
        spilling=grid.spilling,
        filling=_reserve(model, home, start_kwh, (discharge, give), level),
        crossed=grid.crossed,
    )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Grid:
    """The columns of the home's connection."""

    buy: Indexes
    sell: Indexes
    spill: Indexes
    way: EitherOr
    spilling: EitherOr
    crossed: Flags


def _grid(
    model: LinearModel,
    scenario: Scenario,
    limits: Limits,
    hours: Floats,
    *,
    most_kw: tuple[Floats, Floats],
    near: Flags,
) -> _Grid:
    """Add what is bought, sold and cut off, where at most *most_kw* is taken and given on top of the house."""
    n, weight = hours.size, scenario.weight * hours
    crossed = scenario.export_per_kwh > scenario.import_per_kwh
    decided = crossed & near.any()
    prices = one_price(scenario, crossed & ~decided, limits.net_kw < limits.discharge_kw)
    bought = np.minimum(limits.import_kw, np.maximum(limits.net_kw + most_kw[0], 0.0))
    sold = np.minimum(limits.export_kw, np.maximum(most_kw[1] - limits.net_kw, 0.0))
    buy = model.add_columns(n, 0.0, bought, weight * prices[0])
    sell = model.add_columns(n, 0.0, sold, -weight * prices[1])
    cut = (limits.spill_kw > 0.0) & (scenario.export_per_kwh < 0.0) & near
    # Cutting off must not pay: the inverter does it only when the grid takes no more.
    spill_cost = np.where(cut, 0.0, weight * np.maximum(-scenario.export_per_kwh, 0.0))
    spill = model.add_columns(n, 0.0, limits.spill_kw, spill_cost)
    return _Grid(
        buy=buy,
        sell=sell,
        spill=spill,
        way=_either(model, decided, (buy, bought), (sell, sold)),
        spilling=_either_room_or_spill(model, cut, limits, sell, spill),
        crossed=crossed & ~decided,
    )


def one_price(scenario: Scenario, crossed: Flags, exports: Flags) -> tuple[Floats, Floats]:
    """Return prices to buy and sell at, made one where they are *crossed*: the one for selling if it *exports*.

    So nothing is gained by doing both, and no flow looks better than it is.
    """
    buy, sell = scenario.import_per_kwh, scenario.export_per_kwh
    return np.where(crossed & exports, sell, buy), np.where(crossed & ~exports, buy, sell)


def _balance(model: LinearModel, limits: Limits, placed: Sequence[Placement], flows: tuple[Indexes, ...]) -> None:
    """Let what is given and bought, less what is taken, sold and cut off, be what the house and what is placed lack."""
    net = limits.net_kw
    rows = model.add_rows(net.size, net, net)
    for columns, sign in zip(flows, (1.0, -1.0, 1.0, -1.0, -1.0), strict=True):
        model.put(rows, columns, sign)
    for each in placed:
        model.put(rows[each.steps], each.columns, -each.kw)


def _store(
    model: LinearModel, home: Home, charge: Indexes, discharge: Indexes, level: Indexes, start_kwh: float
) -> Indexes:
    start = np.zeros(level.size)
    start[0] = start_kwh
    rows = model.add_rows(level.size, start, start)
    model.put(rows, level, 1.0)
    model.put(rows[1:], level[:-1], -1.0)
    model.put(rows, charge, -home.battery.charge_efficiency * home.hours)
    model.put(rows, discharge, home.hours / home.battery.discharge_efficiency)
    return rows


def _cover(model: LinearModel, limits: Limits, discharge: Indexes, placed: Sequence[Placement]) -> None:
    """Where rule or path ask for it, no more is given than the house and what is placed take."""
    steps = np.flatnonzero(limits.cover_kw < limits.discharge_kw)
    rows = np.full(limits.cover_kw.size, -1, dtype=np.int32)
    rows[steps] = model.add_rows(steps.size, -np.inf, limits.cover_kw[steps])
    model.put(rows[steps], discharge[steps], 1.0)
    for each in placed:
        here = rows[each.steps] >= 0
        model.put(rows[each.steps[here]], each.columns[here], -each.kw[here])


def _peak(model: LinearModel, home: Home, buy: Indexes, weight: float) -> None:
    if home.peak_per_kw <= 0.0:
        return
    above = model.add_columns(1, 0.0, np.inf, weight * home.peak_per_kw)
    rows = model.add_rows(buy.size, -np.inf, home.peak_so_far_kw)
    model.put(rows, buy, 1.0)
    model.put(rows, np.repeat(above, buy.size), -1.0)


def _either(
    model: LinearModel, among: Flags, first: tuple[Indexes, Floats], second: tuple[Indexes, Floats]
) -> EitherOr:
    """Let at most one of two flows run in the steps *among*, each up to its highest power."""
    steps = np.flatnonzero(among & (first[1] > 0.0) & (second[1] > 0.0)).astype(np.int32)
    which = model.add_columns(steps.size, 0.0, 1.0)
    for (columns, most), sign, top in ((first, -1.0, 0.0), (second, 1.0, 1.0)):
        rows = model.add_rows(steps.size, -np.inf, top * most[steps])
        model.put(rows, columns[steps], 1.0)
        model.put(rows, which, sign * most[steps])
    return EitherOr(first=first[0][steps], second=second[0][steps], which=which, steps=steps)


def _either_room_or_spill(model: LinearModel, among: Flags, limits: Limits, sell: Indexes, spill: Indexes) -> EitherOr:
    """Let energy be cut off only where the grid takes all that it may."""
    steps = np.flatnonzero(among)
    room = np.zeros(sell.size, dtype=np.int32)
    room[steps] = model.add_columns(steps.size, 0.0, limits.export_kw)
    rows = model.add_rows(steps.size, limits.export_kw, limits.export_kw)
    model.put(rows, room[steps], 1.0)
    model.put(rows, sell[steps], 1.0)
    return _either(model, among, (room, np.full(sell.size, limits.export_kw)), (spill, limits.spill_kw))


def _reserve(
    model: LinearModel, home: Home, start_kwh: float, given: tuple[Indexes, Floats], level: Indexes
) -> Filling:
    """Keep what is below the reserve until it is reached; from then on it holds."""
    discharge, give = given
    short = home.reserve_kwh - start_kwh
    if short <= 0.0:
        return Filling(reached=np.zeros(0, dtype=np.int32), level=level[:0], reserve_kwh=home.reserve_kwh)
    n = level.size
    reached = model.add_columns(n, 0.0, 1.0)
    rows = model.add_rows(n, start_kwh - _TOLERANCE_KWH, np.inf)
    model.put(rows, level, 1.0)
    model.put(rows, reached, -short)
    rows = model.add_rows(n, -np.inf, 0.0)
    model.put(rows, discharge, 1.0)
    model.put(rows, reached, -give)
    rows = model.add_rows(n - 1, 0.0, np.inf)
    model.put(rows, reached[1:], 1.0)
    model.put(rows, reached[:-1], -1.0)
    return Filling(reached=reached, level=level, reserve_kwh=home.reserve_kwh)


def _start_kwh(home: Home) -> float:
    """Return the level to begin with: what lies a hair below the reserve counts as at it, as batteries idle there.

    Not so where loads are placed, because they may count on each watt.
    """
    short = home.reserve_kwh - home.level_kwh
    return home.reserve_kwh if 0.0 < short <= _HAIR * home.battery.capacity_kwh else home.level_kwh


def _most_kw(placed: Sequence[Placement], count: int) -> Floats:
    """Return the highest power of all that is placed."""
    most = np.zeros(count)
    for each in placed:
        most[np.unique(each.steps)] += each.goal.max_kw
    return most
