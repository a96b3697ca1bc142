"""Plans a measured past in closed loop, as if it were lived through: nothing is known before its time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..model.battery import BatteryModel
from ..model.contract import ConnectionRule, GridLimits
from ..model.decision import Decision, DecisionKind
from ..model.forecast import QUANTILES, Floats, Forecast, Series
from ..model.site import SolarSite
from .decide import Standing, Taken, decisions
from .load_forecast import forecast_load
from .price_forecast import forecast_prices
from .problem import FREE_MEANS, Means, PlanningProblem
from .recourse import Recourse
from .solar_forecast import forecast_solar

HORIZON: Final = timedelta(hours=48)
_FINE: Final = timedelta(hours=24)
"""Steps further ahead are an hour long."""
_MEMORY: Final = timedelta(days=120)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ReplaySeries:
    """What was measured and what was known, in equal steps; not a number where unknown."""

    starts_at: datetime
    step: timedelta
    load_kw: Floats
    solar_kw: Floats
    import_per_kwh: Floats
    export_per_kwh: Floats
    segments: tuple[tuple[int, int], ...]
    """Stretches without gaps that are lived through, each from the home's first level; what lies before is history."""
    known_until: NDArray[np.intp]
    """For each step, the first step whose price was not published yet."""
    solar_foretold_kw: Floats | None = None
    """By a forecast service, the day before."""
    import_foretold: Floats | None = None
    export_foretold: Floats | None = None

    @property
    def hours(self) -> float:
        """The length of a step."""
        return self.step / timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ReplayHome:
    """The home that lives through it."""

    zone: tzinfo
    site: SolarSite
    battery: BatteryModel
    start_kwh: float
    grid: GridLimits
    rule: ConnectionRule = ConnectionRule.FREE
    means: Mapping[DecisionKind, Means] = field(default_factory=lambda: FREE_MEANS)
    risk: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ReplayResult:
    """What happened; powers are means over steps, + discharging."""

    battery_kw: Floats
    level_kwh: Floats
    """At the end of each step."""
    decisions: tuple[Decision | None, ...]
    """``None`` outside of segments."""


type Decide = Callable[[PlanningProblem, Standing | None], Iterator[Taken]]


def by_recourse(problem: PlanningProblem, standing: Standing | None) -> Iterator[Taken]:
    """Decide as the planner does."""
    return decisions(Recourse(problem), standing)


def replay(
    series: ReplaySeries,
    home: ReplayHome,
    *,
    progress: Callable[[int, int], None] | None = None,
    decide: Decide = by_recourse,
) -> ReplayResult:
    """Live through the segments of *series* in *home*, deciding at the start of each step.

    The decision is made from what was measured before the step and from prices published by then; what the house and
    the sun do in the step shows only through what the battery does. *progress* is told steps done and in all.
    """
    count = series.load_kw.size
    battery_kw, level_kwh = np.zeros(count), np.full(count, np.nan)
    taken: list[Decision | None] = [None] * count
    total, done = sum(end - start for start, end in series.segments), 0
    outlook = Outlook(series, home)
    for start, end in series.segments:
        level, standing, meant = home.start_kwh, None, None
        for index in range(start, end):
            problem = outlook.problem(index, level)
            first, *following = islice(decide(problem, standing), 2)
            acts = meant or first.decision
            battery_kw[index] = _carried_out(series, home, index, level, acts, first.decision)
            level = _after(home.battery, level, float(battery_kw[index]), series.hours)
            level_kwh[index], taken[index] = level, first.decision
            standing = Standing(decision=first.decision, since=first.since)
            meant = following[0].decision if following else None
            done += 1
            if progress is not None:
                progress(done, total)
    return ReplayResult(battery_kw=battery_kw, level_kwh=level_kwh, decisions=tuple(taken))


class Outlook:
    """What a planner would have known at each step."""

    def __init__(self, series: ReplaySeries, home: ReplayHome) -> None:
        """Prepare for *series* as *home* measures it."""
        self._series, self._home = series, home
        fine = max(round(_FINE / series.step), 1)
        coarse = max(round(timedelta(hours=1) / series.step), 1)
        self._count = round(HORIZON / series.step)
        self._borders = np.array([*range(fine), *range(fine, self._count, coarse), self._count])
        self._widths = np.diff(self._borders)
        self._memory = round(_MEMORY / series.step)

    def problem(self, index: int, level_kwh: float) -> PlanningProblem:
        """Return the problem at the start of a step, with all forecasts made from what lies before it."""
        series, home = self._series, self._home
        now = series.starts_at + index * series.step
        load = forecast_load(self._past(series.load_kw, index), self._count, home.zone)
        solar = forecast_solar(
            self._past(series.solar_kw, index), self._count, home.site, given=self._solar_given(index, now)
        )
        return PlanningProblem(
            now=now,
            edges=tuple(now + int(border) * series.step for border in self._borders),
            load_kw=self._means(load),
            solar_kw=self._means(solar),
            import_per_kwh=self._prices(index, series.import_per_kwh, series.import_foretold),
            export_per_kwh=self._prices(index, series.export_per_kwh, series.export_foretold),
            level_kwh=level_kwh,
            battery=home.battery,
            grid=home.grid,
            rule=home.rule,
            means=home.means,
            risk=home.risk,
        )

    def _past(self, values: Floats, index: int) -> Series:
        first = max(index - self._memory, 0)
        series = self._series
        return Series(starts_at=series.starts_at + first * series.step, step=series.step, values=values[first:index])

    def _solar_given(self, index: int, now: datetime) -> Series | None:
        """Return what was foretold, no further than to the end of tomorrow."""
        given = self._series.solar_foretold_kw
        if given is None:
            return None
        local = now.astimezone(self._home.zone)
        midnight = (local + timedelta(days=2)).replace(hour=0, minute=0, second=0, microsecond=0)
        last = index + max(int((midnight - now) / self._series.step), 0)
        return self._past(given, min(last, given.size))

    def _prices(self, index: int, prices: Floats, foretold: Floats | None) -> Floats:
        series = self._series
        end = min(int(series.known_until[index]), index + self._count, prices.size)
        now = series.starts_at + index * series.step
        known = np.full(self._count, np.nan)
        known[: end - index] = prices[index:end]
        if not np.isnan(known).any():
            rows = np.broadcast_to(known, (len(QUANTILES), known.size))
            return self._mean_rows(rows)
        given = None if foretold is None else self._past(foretold, min(index + self._count, foretold.size))
        forecast = forecast_prices(
            self._past(prices, index),
            Series(starts_at=now, step=series.step, values=known),
            self._count,
            self._home.zone,
            given=given,
        )
        return self._means(forecast)

    def _means(self, forecast: Forecast) -> Floats:
        return self._mean_rows(forecast.quantiles)

    def _mean_rows(self, rows: Floats) -> Floats:
        means: Floats = np.add.reduceat(rows, self._borders[:-1], axis=1) / self._widths
        return means


def _carried_out(
    series: ReplaySeries, home: ReplayHome, index: int, level_kwh: float, before: Decision, decision: Decision
) -> float:
    """Return the battery's mean power in a step: what was meant before goes on until the path has acted."""
    means = home.means.get(decision.kind, Means())
    late = 0.0 if before == decision else min(means.delay / series.step, 1.0)
    load_kw, solar_kw = float(series.load_kw[index]), float(series.solar_kw[index])
    wanted = sum(
        share * _allowed(home, each.battery_kw(load_kw - solar_kw), load_kw, solar_kw)
        for share, each in ((late, before), (1.0 - late, decision))
        if share > 0.0
    )
    battery, hours = home.battery, series.hours
    room_kw = max(battery.capacity_kwh - level_kwh, 0.0) / (battery.charge_efficiency * hours)
    stored_kw = max(level_kwh - battery.reserve_kwh, 0.0) * battery.discharge_efficiency / hours
    return min(max(wanted, -room_kw), stored_kw)


def _allowed(home: ReplayHome, wanted_kw: float, load_kw: float, solar_kw: float) -> float:
    """Return what of a power battery, connection and contract allow."""
    battery, grid = home.battery, home.grid
    most_in_kw = min(battery.max_charge_kw, max(grid.max_import_kw - load_kw + solar_kw, 0.0))
    if not home.rule.allows_grid_charging:
        most_in_kw = min(most_in_kw, solar_kw)
    most_out_kw = min(battery.max_discharge_kw, max(grid.max_export_kw + load_kw - solar_kw, 0.0))
    if not home.rule.allows_battery_export:
        most_out_kw = min(most_out_kw, load_kw)
    return min(max(wanted_kw, -most_in_kw), most_out_kw)


def _after(battery: BatteryModel, level_kwh: float, battery_kw: float, hours: float) -> float:
    if battery_kw > 0.0:
        return max(level_kwh - battery_kw * hours / battery.discharge_efficiency, min(level_kwh, battery.reserve_kwh))
    return min(level_kwh - battery_kw * hours * battery.charge_efficiency, battery.capacity_kwh)
