"""The last problem and plan as plain data, for whoever has to find a fault."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.model.forecast import Floats
from ..core.model.plan import Plan
from ..core.planning.problem import PlanningProblem

if TYPE_CHECKING:
    from .planning import PlanningSnapshot

_DIGITS = 4


def plan_diagnostics(data: PlanningSnapshot) -> dict[str, Any]:
    """Return what the last round came to; nothing in it tells where the home stands."""
    return {
        "why_not": data.why_not.value if data.why_not else None,
        "settings": asdict(data.settings),
        "scores": {name: asdict(score) for name, score in data.scores.items()},
        "problem": _problem(data.problem) if data.problem else None,
        "plan": _plan(data.plan) if data.plan else None,
    }


def _problem(problem: PlanningProblem) -> dict[str, Any]:
    return {
        "now": problem.now.isoformat(),
        "edges": [int(edge.timestamp()) for edge in problem.edges],
        "load_kw": _rows(problem.load_kw),
        "solar_kw": _rows(problem.solar_kw),
        "import_per_kwh": _rows(problem.import_per_kwh),
        "export_per_kwh": _rows(problem.export_per_kwh),
        "level_kwh": problem.level_kwh,
        "battery": asdict(problem.battery),
        "grid": asdict(problem.grid),
        "rule": problem.rule.value,
        "means": {
            kind.value: {
                "delay_s": means.delay.total_seconds(),
                "power_kw": means.power_kw,
                "adjustable": means.adjustable,
            }
            for kind, means in problem.means.items()
        },
        "risk": problem.risk,
    }


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "made_at": plan.made_at.isoformat(),
        "origin": plan.origin.value,
        "expected_cost": plan.expected_cost,
        "self_consumption_cost": plan.self_consumption_cost,
        "solve_s": plan.solve_s,
        "gap": plan.gap,
        "steps": [
            [
                int(step.starts_at.timestamp()),
                step.decision.kind.value,
                step.decision.power_kw,
                step.decision.reserve_percent,
                step.reason.key.value,
                *(
                    round(each, _DIGITS)
                    for each in (step.battery_kw, step.grid_kw, step.level_kwh, step.marginal_per_kwh)
                ),
            ]
            for step in plan.steps
        ],
    }


def _rows(rows: Floats) -> list[list[float | None]]:
    return [[round(value, _DIGITS) if np.isfinite(value) else None for value in row] for row in rows.tolist()]
