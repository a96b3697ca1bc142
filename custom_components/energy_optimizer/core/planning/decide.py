"""Which decision to take, step by step: the cheapest, unless another that stands is worth nearly the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from ..model.battery import BatteryModel
from ..model.decision import Decision, DecisionKind
from ..model.forecast import MEDIAN, Floats
from .problem import Means, PlanningProblem
from .recourse import Recourse

_FOLLOW: Final = Decision(kind=DecisionKind.SELF_CONSUMPTION)
SHORTEST: Final = timedelta(minutes=15)
"""A decision lasts so long unless a price changes; on a path that is slow to act, twice as long as it takes to."""
_SLIGHT_KWH: Final = 0.05
WORTH_CHANGING: Final = 0.02
"""Another decision must save more than this share of the mean price, per kW and hour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What the battery is told already."""

    decision: Decision
    since: datetime
    prices: tuple[float, float] | None = None
    """Of import and export when it was decided; ``None`` where that is not known."""
    before: Decision | None = None
    """What a slow path still does until it has acted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What is decided in one step, and what it comes to if house and sun do as the median has it."""

    step: int
    decision: Decision
    since: datetime
    battery_kw: float
    net_kw: float
    """What the house lacks, with what is placed; negative is surplus."""
    before_kwh: float
    after_kwh: float
    else_kwh: float
    """The level had the battery followed the house, or, where that was decided, had it been held."""


def is_bound(standing: Standing, problem: PlanningProblem, step: int) -> bool:
    """Tell whether what stands must go on in a step: no price has changed, and it has not lasted long enough yet."""
    if standing.prices is not None and not np.allclose(_prices(problem, step), standing.prices, rtol=0.0, atol=1e-6):
        return False
    stands_for = max(problem.edges[step], problem.now) - standing.since
    delay = problem.means.get(standing.decision.kind, Means()).delay
    return timedelta(0) <= stands_for < max(SHORTEST, 2 * delay)


def decisions(
    recourse: Recourse, standing: Standing | None = None, *, placed_kw: Floats | None = None
) -> Iterator[Taken]:
    """Yield what is decided from the present step on, each step standing on the one before."""
    problem, level_kwh = recourse.problem, recourse.problem.level_kwh
    load_kw, solar_kw = problem.load_kw[MEDIAN], problem.solar_kw[MEDIAN]
    if placed_kw is not None:
        load_kw = load_kw + placed_kw
    worth_changing = WORTH_CHANGING * float(np.abs(problem.import_per_kwh[MEDIAN]).mean())
    for step in range(load_kw.size):
        starts_at = max(problem.edges[step], problem.now)
        chosen = _choose(recourse, step, level_kwh, standing, worth_changing)
        decision = recourse.options.decisions[chosen]
        if standing is None or decision != standing.decision:
            before = None if standing is None else standing.decision
            standing = Standing(decision=decision, since=starts_at, prices=_prices(problem, step), before=before)
        battery_kw = _carried_out(recourse, step, level_kwh, standing, (float(load_kw[step]), float(solar_kw[step])))
        hours = float(problem.hours[step])
        after_kwh = float(recourse.after(np.array(level_kwh), np.array(battery_kw), hours))
        yield Taken(
            step=step,
            decision=decision,
            since=standing.since,
            battery_kw=battery_kw,
            net_kw=float(load_kw[step] - solar_kw[step]),
            before_kwh=level_kwh,
            after_kwh=after_kwh,
            else_kwh=_otherwise(recourse, step, level_kwh, decision, (float(load_kw[step]), float(solar_kw[step]))),
        )
        level_kwh = after_kwh


def _carried_out(
    recourse: Recourse, step: int, level_kwh: float, standing: Standing, flows_kw: tuple[float, float]
) -> float:
    """Return the battery's mean power in a step, at a load and a sun: a slow path first goes on as before."""
    problem = recourse.problem
    begins, ends = max(problem.edges[step], problem.now), problem.edges[step + 1]
    acts_at = standing.since + problem.means.get(standing.decision.kind, Means()).delay
    late = 0.0 if standing.before is None else min(max((acts_at - begins) / (ends - begins), 0.0), 1.0)
    power_kw = (1.0 - late) * _power_kw(recourse, step, level_kwh, standing.decision, flows_kw)
    if standing.before is not None and late > 0.0:
        power_kw += late * _power_kw(recourse, step, level_kwh, standing.before, flows_kw)
    return power_kw


def _otherwise(
    recourse: Recourse, step: int, level_kwh: float, decision: Decision, flows_kw: tuple[float, float]
) -> float:
    """Return the level after a step in which the battery did what is nearest to nothing instead."""
    follows = decision.kind is DecisionKind.SELF_CONSUMPTION
    power_kw = 0.0 if follows else _power_kw(recourse, step, level_kwh, _FOLLOW, flows_kw)
    return float(recourse.after(np.array(level_kwh), np.array(power_kw), float(recourse.problem.hours[step])))


def _power_kw(
    recourse: Recourse, step: int, level_kwh: float, decision: Decision, flows_kw: tuple[float, float]
) -> float:
    """Return what the battery does by a decision at a load and a sun; nothing if it cannot be decided."""
    option = recourse.options.index_of(decision)
    if option is None:
        return 0.0
    load_kw, solar_kw = (np.array([each]) for each in flows_kw)
    hours, which = float(recourse.problem.hours[step]), slice(option, option + 1)
    return float(recourse.battery_kw(load_kw, solar_kw, np.array([level_kwh]), hours, which)[0, 0, 0])


def _choose(recourse: Recourse, step: int, level_kwh: float, standing: Standing | None, worth_changing: float) -> int:
    """Return which option to take in a step."""
    costs = recourse.decision_costs(step, level_kwh)
    best = int(np.argmin(costs))
    present = None if standing is None else recourse.options.index_of(standing.decision)
    if standing is None or present is None or present == best:
        return best
    is_near = costs[present] - costs[best] <= worth_changing * float(recourse.problem.hours[step])
    if is_near and not _has_ended(standing.decision, recourse.problem.battery, level_kwh):
        return present
    return present if is_bound(standing, recourse.problem, step) else best


def _prices(problem: PlanningProblem, step: int) -> tuple[float, float]:
    """Return the prices of import and export."""
    return float(problem.import_per_kwh[MEDIAN, step]), float(problem.export_per_kwh[MEDIAN, step])


def _has_ended(decision: Decision, battery: BatteryModel, level_kwh: float) -> bool:
    """Tell whether a decision has brought the battery to where it can go no further."""
    if decision.kind is DecisionKind.CHARGE:
        return level_kwh >= battery.capacity_kwh - _SLIGHT_KWH
    return decision.kind is DecisionKind.DISCHARGE and level_kwh <= battery.reserve_kwh + _SLIGHT_KWH
