"""What a battery can be told in a step, as bounds between which it follows the house."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ..model.decision import Decision, DecisionKind
from ..model.forecast import Floats
from .problem import Means, PlanningProblem

POWER_SHARES: Final = (0.2, 0.4, 0.6, 0.8, 1.0)
"""Powers that are tried where any can be ordered, as shares of the most."""
_LEAST_POWER_KW: Final = 0.05


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Options:
    """The decisions that may be taken; the battery's power is what the house lacks, kept between two bounds.

    What interferes least comes first: of two that are worth the same, the first is taken.
    """

    decisions: tuple[Decision, ...]
    low_kw: Floats
    high_kw: Floats

    def index_of(self, decision: Decision) -> int | None:
        """Return which of them is nearest to *decision*; ``None`` if there is none of its kind."""
        like = [index for index, each in enumerate(self.decisions) if each.kind is decision.kind]
        wanted = decision.power_kw or 0.0
        return min(like, key=lambda index: abs((self.decisions[index].power_kw or 0.0) - wanted), default=None)


def options_of(problem: PlanningProblem) -> Options:
    """Return the decisions that the path, the battery and the contract of *problem* allow."""
    decisions = [Decision(kind=DecisionKind.SELF_CONSUMPTION)]
    decisions += [
        Decision(kind=kind) for kind in (DecisionKind.HOLD, DecisionKind.EXPORT_SOLAR) if kind in problem.means
    ]
    battery, means = problem.battery, problem.means
    decisions += _with_powers(DecisionKind.CHARGE, battery.max_charge_kw, means)
    if problem.rule.allows_battery_export:
        decisions += _with_powers(DecisionKind.DISCHARGE, battery.max_discharge_kw, means)
    bounds = [_bounds(each) for each in decisions]
    return Options(
        decisions=tuple(decisions),
        low_kw=np.array([low for low, _ in bounds]),
        high_kw=np.array([high for _, high in bounds]),
    )


def _with_powers(kind: DecisionKind, most_kw: float, means: Mapping[DecisionKind, Means]) -> list[Decision]:
    if kind not in means or most_kw < _LEAST_POWER_KW:
        return []
    limit_kw = min(most_kw, means[kind].power_kw or most_kw)
    shares = POWER_SHARES if means[kind].adjustable else (1.0,)
    return [Decision(kind=kind, power_kw=round(share * limit_kw, 3)) for share in shares]


def _bounds(decision: Decision) -> tuple[float, float]:
    """Return between which powers a decision lets the battery follow the house."""
    power_kw = decision.power_kw or 0.0
    match decision.kind:
        case DecisionKind.SELF_CONSUMPTION:
            return -np.inf, np.inf
        case DecisionKind.HOLD:
            return -np.inf, 0.0
        case DecisionKind.EXPORT_SOLAR:
            return 0.0, np.inf
        case DecisionKind.CHARGE:
            return -np.inf, -power_kw
        case DecisionKind.DISCHARGE:
            return power_kw, np.inf
