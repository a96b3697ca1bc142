"""A plan without a solver: simple, quick and always there."""

import time
from collections.abc import Sequence
from typing import Final

import numpy as np

from ..model.forecast import Floats
from ..model.plan import Origin
from .optimum_check import check_number, check_problem
from .optimum_goals import EPS, Goal, committed_kw, goals_of
from .optimum_home import Home, Limits, follow, home_of, limits_of, settle, value_of_stored
from .optimum_result import Optimum, Placed, carry_out, placed_by
from .problem import PlanningProblem
from .scenarios import Scenario, median_scenario

_CHARGE_BELOW: Final = (0.05, 0.15, 0.25, 0.4)
_HOLD_BELOW: Final = (0.25, 0.5, 0.75, 0.9)
_SELL_ABOVE: Final = (0.98, 0.95, 0.9, 0.8)
"""Percentiles of the coming prices that are tried as borders between the battery's ways."""


def greedy_plan(
    problem: PlanningProblem, scenario: Scenario | None = None, *, end_value_per_kwh: float | None = None
) -> Optimum:
    """Return a plan for *scenario*, by default the median: loads in their cheapest steps, the battery by price borders.

    The battery charges below one price, waits below a second, sells above a third and follows the house otherwise; of
    all borders tried, plain self-consumption among them, the cheapest wins. Raises ``ValueError`` as the optimum does.
    """
    started = time.perf_counter()
    path = median_scenario(problem)[0] if scenario is None else scenario
    home = _home(problem, path, end_value_per_kwh)
    goals, limits = _limits(problem, home, path)
    placed = _place(home, goals, limits, path)
    net = limits.net_kw + placed.free_kw
    wishes = _wishes(home, path, net)
    battery, level = follow(home, limits, placed.free_kw, wishes)
    best = int(np.argmin(settle(home, path, net, battery, level).cost))
    return _result(home, path, limits, placed, wishes[best], started)


def self_consumption(
    problem: PlanningProblem,
    scenario: Scenario | None = None,
    *,
    placed_kw: Floats | None = None,
    end_value_per_kwh: float | None = None,
) -> Optimum:
    """Return what happens if the battery only follows the house, with *placed_kw* or nothing on top of it."""
    started = time.perf_counter()
    path = median_scenario(problem)[0] if scenario is None else scenario
    home = _home(problem, path, end_value_per_kwh)
    limits = _limits(problem, home, path)[1]
    free = np.zeros(home.hours.size) if placed_kw is None else placed_kw
    nothing = Placed(power_kw={}, free_kw=free, missing_kwh={}, cost=0.0)
    return _result(home, path, limits, nothing, limits.net_kw + free, started)


def _home(problem: PlanningProblem, scenario: Scenario, end_value_per_kwh: float | None) -> Home:
    check_problem(problem, (scenario,))
    if end_value_per_kwh is None:
        end_value_per_kwh = value_of_stored(problem.battery, scenario.import_per_kwh, problem.hours)
    check_number("end_value_per_kwh", end_value_per_kwh)
    return home_of(problem, end_value_per_kwh)


def _limits(problem: PlanningProblem, home: Home, scenario: Scenario) -> tuple[tuple[Goal, ...], Limits]:
    goals = goals_of(problem, scenario.import_per_kwh)
    running = committed_kw(goals, home.hours.size)
    return goals, limits_of(home, scenario.load_kw + running, scenario.solar_kw)


def _result(home: Home, scenario: Scenario, limits: Limits, placed: Placed, wish_kw: Floats, started: float) -> Optimum:
    run = carry_out(home, scenario, limits, placed, wish_kw)
    return Optimum(
        origin=Origin.GREEDY,
        runs=(run,),
        placed_kw=placed.power_kw,
        missing_kwh=placed.missing_kwh,
        marginal_per_kwh=_worth_later(home, scenario, limits.net_kw + placed.free_kw),
        status="simple",
        seconds=time.perf_counter() - started,
    )


def _worth_later(home: Home, scenario: Scenario, net_kw: Floats) -> Floats:
    """Return the most that a kWh stored after each step could save later on."""
    saved = home.battery.discharge_efficiency * (scenario.import_per_kwh - home.battery.wear_per_kwh)
    worth = np.append(np.where(net_kw > EPS, saved, 0.0)[1:], 0.0)
    most: Floats = np.maximum(np.maximum.accumulate(worth[::-1])[::-1], home.end_value_per_kwh)
    return most


def _wishes(home: Home, scenario: Scenario, net_kw: Floats) -> Floats:
    """Return rows of battery powers, the first of them plain self-consumption."""
    buy, sell = scenario.import_per_kwh, scenario.export_per_kwh
    nothing, everything = -np.inf, np.inf
    lows = [nothing, *np.quantile(buy, _CHARGE_BELOW)]
    waits = [nothing, *np.quantile(buy, _HOLD_BELOW)]
    highs = [everything, *np.quantile(sell, _SELL_ABOVE)]
    low, wait, high = (each.reshape(-1, 1) for each in np.meshgrid(lows, waits, highs, indexing="ij"))
    wish = np.where(buy <= wait, np.minimum(net_kw, 0.0), net_kw)
    wish = np.where(buy <= low, -home.battery.max_charge_kw, wish)
    rows: Floats = np.where(sell >= high, home.battery.max_discharge_kw, wish)
    return rows


def _place(home: Home, goals: Sequence[Goal], limits: Limits, scenario: Scenario) -> Placed:
    """Put one load after the other where it is cheapest, as long as that is worth it and the grid bears it."""
    n = home.hours.size
    net, chosen = limits.net_kw, {}
    for goal in goals:
        if goal.committed_kw is not None:
            continue
        room = np.maximum(limits.import_kw - net, 0.0)
        place = _run if goal.in_one_go else _pieces
        chosen[goal.name] = power = place(goal, net, room, scenario)
        net = net + power
    return placed_by(goals, chosen, n)


def _price(power_kw: Floats, net_kw: Floats, scenario: Scenario) -> Floats:
    """Return what powers on top of the house cost per hour, the part that is surplus at the price of export."""
    surplus = np.minimum(np.maximum(-net_kw, 0.0), power_kw)
    cost: Floats = surplus * scenario.export_per_kwh + (power_kw - surplus) * scenario.import_per_kwh
    return cost


def _run(goal: Goal, net_kw: Floats, room_kw: Floats, scenario: Scenario) -> Floats:
    """Return the cheapest uninterrupted run, or nothing if that is cheaper."""
    starts_h = np.maximum(goal.starts_h, goal.opens_h)
    possible = (goal.starts_h + goal.hours > goal.opens_h + EPS) & (goal.starts_h < goal.due_h - EPS)
    runs = goal.run_from(starts_h)
    possible &= np.all(runs <= room_kw + EPS, axis=1)
    if not possible.any():
        return np.zeros(goal.hours.size)
    costs = _price(runs, net_kw, scenario) @ goal.hours + goal.cost(runs)
    best = int(np.argmin(np.where(possible, costs, np.inf)))
    nothing = np.zeros(goal.hours.size)
    chosen: Floats = runs[best] if costs[best] < float(goal.cost(nothing)) else nothing
    return chosen


def _pieces(goal: Goal, net_kw: Floats, room_kw: Floats, scenario: Scenario) -> Floats:
    """Return its power in the cheapest stretches of its least run until it has what it needs."""
    most = np.minimum(goal.most_kw, room_kw)
    share = goal.most_kw / goal.max_kw
    least = np.minimum(goal.min_kw * share, goal.energy_kwh / goal.hours)
    most = np.where((most < least - EPS) | (most <= EPS), 0.0, most)
    power = np.zeros(most.size)
    price = np.where(most > EPS, _price(most, net_kw, scenario) / np.maximum(most, EPS), np.inf)
    stretches = _stretches(goal, most, price)
    missing = float(goal.energy_kwh)
    for first, last, mean_price in stretches:
        if missing <= EPS or mean_price >= goal.missing_per_kwh:
            break
        for k in range(first, last):
            if power[k] == 0.0 and missing > EPS:
                kw = min(float(most[k]), missing / float(goal.hours[k]))
                if kw < least[k] - EPS and goal.min_kw < goal.max_kw:
                    continue
                power[k] = kw
                missing -= kw * float(goal.hours[k])
    return power


def _stretches(goal: Goal, most_kw: Floats, price: Floats) -> list[tuple[int, int, float]]:
    """Return stretches of at least its least run, the cheapest first."""
    ends_h = goal.starts_h + goal.hours
    found = []
    for first in np.flatnonzero(most_kw > EPS):
        last = int(np.searchsorted(ends_h, goal.starts_h[first] + goal.least_run_h - EPS)) + 1
        last = max(last, int(first) + 1)
        here = slice(int(first), last)
        if last <= most_kw.size and np.all(most_kw[here] > EPS):
            found.append((int(first), last, float(price[here] @ goal.hours[here] / goal.hours[here].sum())))
    return sorted(found, key=lambda stretch: (stretch[2], stretch[0]))
