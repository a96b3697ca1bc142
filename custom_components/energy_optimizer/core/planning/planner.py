"""Makes a plan of a problem: what is placed, what each step decides, and why."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import numpy as np

from ..model.decision import DecisionKind
from ..model.forecast import MEDIAN, Floats
from ..model.plan import Origin, Plan, PlanStep
from .decide import Standing, Taken, decisions, is_bound
from .greedy import greedy_plan
from .optimum import NoOptimumError, Optimum, solve
from .optimum_check import check_problem, check_quantiles
from .problem import Means, PlanningProblem
from .reasons import reason_for
from .recourse import Recourse
from .scenarios import median_scenario

_FOLLOWING: Final = DecisionKind.SELF_CONSUMPTION


def make_plan(problem: PlanningProblem, previous: Plan | None = None) -> Plan:
    """Return the plan for *problem*; what *previous* decided goes on where another decision is worth hardly more.

    Consumers are placed by the exact optimum over the median of the forecasts; the battery's decisions then come from
    the worth of stored energy over all that the forecasts hold possible. There is always a plan: without an optimum,
    consumers are placed by simple rules.

    Raises:
        ValueError: something in the problem is no number, or no home can be so; the message names it.
    """
    started = time.perf_counter()
    check_quantiles(problem)
    check_problem(problem, median_scenario(problem))
    optimum, standing = _placed(problem), standing_of(previous, problem.now)
    recourse, placed_kw, taken = _decided(problem, optimum, standing)
    return Plan(
        made_at=problem.now,
        decided_at=taken[0].since,
        steps=tuple(_step(recourse, each, optimum, placed_kw) for each in taken),
        origin=optimum.origin if optimum else Origin.OPTIMUM,
        expected_cost=recourse.cost_at(0, problem.level_kwh),
        self_consumption_cost=recourse.self_consumption_cost_at(0, problem.level_kwh),
        solve_s=time.perf_counter() - started,
        gap=optimum.gap if optimum else 0.0,
    )


def standing_of(previous: Plan | None, now: datetime) -> Standing | None:
    """Return what a plan tells the battery at *now*, and since when; ``None`` where it does not reach."""
    step = previous.at(now) if previous else None
    if previous is None or step is None:
        return None
    first, since, before = previous.steps[0], previous.decided_at, None
    for each in previous.steps:
        if each.decision != first.decision:
            first, since, before = each, each.starts_at, first.decision
        if each is step:
            break
    prices = (first.import_per_kwh, first.export_per_kwh)
    return Standing(decision=step.decision, since=since, prices=prices, before=before)


def _placed(problem: PlanningProblem) -> Optimum | None:
    """Place the consumers and find the peak; ``None`` where there is neither, as the battery needs no optimum.

    Nothing is placed that overloads the connection if the battery does other than the optimum, which it often decides.
    """
    if not (problem.loads or problem.vehicles or problem.peak_per_kw):
        return None
    try:
        return solve(problem, unaided=True)
    except NoOptimumError:
        return greedy_plan(problem)


def _decided(
    problem: PlanningProblem, optimum: Optimum | None, standing: Standing | None
) -> tuple[Recourse, Floats, Sequence[Taken]]:
    """Return what stored energy is worth, what is placed and what each step decides.

    If nothing is left to chance, the decisions never cost more than self-consumption. They may by little, because the
    worth of levels is interpolated and decisions of nearly the same worth go on.
    """
    count = len(problem.hours)
    placed_kw = sum(optimum.placed_kw.values(), np.zeros(count)) if optimum else np.zeros(count)
    peak_kw = float(optimum.grid_kw.max()) if optimum and problem.peak_per_kw else None
    recourse = Recourse(problem, placed_kw, peak_kw)
    taken = list(decisions(recourse, standing, placed_kw=placed_kw))
    goes_on = standing is not None and taken[0].decision == standing.decision and is_bound(standing, problem, 0)
    if not _is_sure(problem) or (goes_on and taken[0].decision.kind is not _FOLLOWING):
        return recourse, placed_kw, taken
    follower = Recourse(replace(problem, means={_FOLLOWING: Means()}), placed_kw, peak_kw)
    following = list(decisions(follower, standing, placed_kw=placed_kw))
    return recourse, placed_kw, min(taken, following, key=lambda path: _cost(recourse, path))


def _is_sure(problem: PlanningProblem) -> bool:
    """Tell whether the forecasts hold only one course of things possible."""
    forecasts = (problem.load_kw, problem.solar_kw, problem.import_per_kwh, problem.export_per_kwh)
    return all(bool((rows == rows[0]).all()) for rows in forecasts)


def _cost(recourse: Recourse, path: Sequence[Taken]) -> float:
    """Return what a path costs if all goes as the medians have it, less the value of what is left."""
    problem = recourse.problem
    battery_kw = np.array([each.battery_kw for each in path])
    grid_kw = np.maximum([each.net_kw for each in path] - battery_kw, -problem.grid.max_export_kw)
    prices = np.where(grid_kw > 0.0, problem.import_per_kwh[MEDIAN], problem.export_per_kwh[MEDIAN])
    wear = problem.battery.wear_per_kwh * np.maximum(battery_kw, 0.0)
    peak = problem.peak_per_kw * max(float(grid_kw.max()) - problem.peak_so_far_kw, 0.0)
    left = recourse.end_value_per_kwh * path[-1].after_kwh
    return float((prices * grid_kw + wear) @ problem.hours) + peak - left


def _step(recourse: Recourse, taken: Taken, optimum: Optimum | None, placed_kw: Floats) -> PlanStep:
    problem, index = recourse.problem, taken.step
    import_per_kwh = float(problem.import_per_kwh[MEDIAN, index])
    export_per_kwh = float(problem.export_per_kwh[MEDIAN, index])
    marginal = recourse.marginal_per_kwh(index + 1, taken.after_kwh)
    grid_kw = max(taken.net_kw - taken.battery_kw, -problem.grid.max_export_kw)
    reason = reason_for(
        taken,
        problem.battery,
        import_per_kwh=import_per_kwh,
        export_per_kwh=export_per_kwh,
        worth_per_kwh=recourse.worth_per_kwh(index + 1, taken.after_kwh, taken.else_kwh),
    )
    return PlanStep(
        starts_at=problem.edges[index],
        ends_at=problem.edges[index + 1],
        decision=taken.decision,
        reason=reason,
        load_kw=float(problem.load_kw[MEDIAN, index]),
        solar_kw=float(problem.solar_kw[MEDIAN, index]),
        battery_kw=taken.battery_kw,
        grid_kw=grid_kw,
        level_kwh=taken.after_kwh,
        import_per_kwh=import_per_kwh,
        export_per_kwh=export_per_kwh,
        marginal_per_kwh=marginal,
        placed_kw={name: float(power[index]) for name, power in optimum.placed_kw.items()} if optimum else {},
    )
