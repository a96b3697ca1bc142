"""Other ways to decide under uncertainty than the one that ships, to see what each captures."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

from custom_components.energy_optimizer.core.model.decision import Decision, DecisionKind
from custom_components.energy_optimizer.core.model.forecast import MEDIAN
from custom_components.energy_optimizer.core.planning.decide import Standing, Taken
from custom_components.energy_optimizer.core.planning.optimum import solve
from custom_components.energy_optimizer.core.planning.problem import PlanningProblem
from custom_components.energy_optimizer.core.planning.replay import Decide, by_recourse
from custom_components.energy_optimizer.core.planning.scenarios import (
    Scenario,
    median_scenario,
    quantile_scenarios,
    sampled_scenarios,
)

_SLIGHT_KW = 0.05
_RISK = 0.3
_PATHS = 8


def _sampled(problem: PlanningProblem) -> Sequence[Scenario]:
    return sampled_scenarios(problem, _PATHS, seed=int(problem.now.timestamp()) // 60)


def _weighted(problem: PlanningProblem) -> Sequence[Scenario]:
    return quantile_scenarios(problem, _RISK)


def _by_optimum(scenarios: Callable[[PlanningProblem], Sequence[Scenario]]) -> Decide:
    """Return a way to decide that names the first power of the exact optimum over *scenarios*."""

    def decide(problem: PlanningProblem, standing: Standing | None) -> Iterator[Taken]:
        optimum = solve(problem, scenarios(problem), near=timedelta(0))
        net_kw = float(problem.load_kw[MEDIAN, 0] - problem.solar_kw[MEDIAN, 0])
        decision = named(float(optimum.battery_kw[0]), net_kw)
        stands = standing is not None and standing.decision == decision
        yield Taken(
            step=0,
            decision=decision,
            since=standing.since if stands and standing else problem.now,
            battery_kw=float(optimum.battery_kw[0]),
            net_kw=net_kw,
            before_kwh=problem.level_kwh,
            after_kwh=float(optimum.level_kwh[0]),
            else_kwh=problem.level_kwh,
        )

    return decide


def named(planned_kw: float, net_kw: float) -> Decision:
    """Return the decision that comes to a planned power (+ discharge) where the house lacks *net_kw*."""
    if planned_kw < -_SLIGHT_KW and -planned_kw > max(0.0, -net_kw) + _SLIGHT_KW:
        return Decision(kind=DecisionKind.CHARGE, power_kw=-planned_kw)
    if planned_kw > _SLIGHT_KW and planned_kw > max(0.0, net_kw) + _SLIGHT_KW:
        return Decision(kind=DecisionKind.DISCHARGE, power_kw=planned_kw)
    if net_kw > 0.0 and planned_kw < 0.5 * net_kw:
        return Decision(kind=DecisionKind.HOLD)
    if net_kw < -_SLIGHT_KW and planned_kw > 0.5 * net_kw:
        return Decision(kind=DecisionKind.EXPORT_SOLAR)
    return Decision(kind=DecisionKind.SELF_CONSUMPTION)


POLICIES: Mapping[str, Decide] = {
    "recourse": by_recourse,
    "median": _by_optimum(median_scenario),
    "quantiles": _by_optimum(_weighted),
    "scenarios": _by_optimum(_sampled),
}
"""``recourse`` ships: the worth of stored energy over all outcomes. The others solve the exact optimum over the median,
over risk-weighted quantiles, and over sampled scenarios with a common first decision."""
