"""What a plan expects the exchange with the grid to cost over a time."""

from datetime import datetime
from math import isfinite

from ..model.plan import Plan


def expected_cost(plan: Plan, start: datetime, end: datetime) -> float | None:
    """Return what flows from *start* to *end* costs, less what it earns; ``None`` unless the plan knows it all."""
    if start >= end:
        return 0.0
    if not plan.steps or plan.steps[0].starts_at > start or plan.steps[-1].ends_at < end:
        return None
    cost = 0.0
    for step in plan.steps:
        share = (min(step.ends_at, end) - max(step.starts_at, start)) / (step.ends_at - step.starts_at)
        if share > 0.0:
            cost += share * step.cost
    return cost if isfinite(cost) else None
