"""Times over which the same was decided, and what the battery did meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..model.decision import DecisionKind
from ..model.metering import SLOT
from .plan_history import PastStep


@dataclass(frozen=True, kw_only=True, slots=True)
class PastStretch:
    """Neighbouring steps of the past in which the same was decided."""

    decision: DecisionKind
    steps: tuple[PastStep, ...]

    @property
    def starts_at(self) -> datetime:
        """When the decision began."""
        return self.steps[0].starts_at

    @property
    def ends_at(self) -> datetime:
        """When another one began, or when no more is known."""
        return self.steps[-1].starts_at + SLOT

    @property
    def energies_kwh(self) -> tuple[float, float] | None:
        """What the battery took and gave; ``None`` unless it was measured all the time."""
        powers = [step.battery_kw for step in self.steps if step.battery_kw is not None]
        if len(powers) < len(self.steps):
            return None
        hours = SLOT / timedelta(hours=1)
        return -sum(min(power, 0.0) for power in powers) * hours, sum(max(power, 0.0) for power in powers) * hours


def past_stretches(steps: Iterable[PastStep], until: datetime) -> list[PastStretch]:
    """Join neighbours of *steps*, given in order, that decided the same and ended by *until*."""
    groups: list[tuple[DecisionKind, list[PastStep]]] = []
    for step in steps:
        if step.decision is None or step.starts_at + SLOT > until:
            continue
        if groups and groups[-1][0] is step.decision and groups[-1][1][-1].starts_at + SLOT == step.starts_at:
            groups[-1][1].append(step)
        else:
            groups.append((step.decision, [step]))
    return [PastStretch(decision=decision, steps=tuple(group)) for decision, group in groups]
