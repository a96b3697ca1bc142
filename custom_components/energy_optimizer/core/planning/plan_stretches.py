"""Times over which a plan decides the same, however short its steps are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ..model.decision import Decision
from ..model.plan import Plan, PlanStep, ReasonKey


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanStretch:
    """Neighbouring steps that decide the same; powers may differ among them."""

    steps: tuple[PlanStep, ...]

    @property
    def starts_at(self) -> datetime:
        """When the decision begins."""
        return self.steps[0].starts_at

    @property
    def ends_at(self) -> datetime:
        """When another one begins, or the plan ends."""
        return self.steps[-1].ends_at

    @property
    def decision(self) -> Decision:
        """What the first step decides."""
        return self.steps[0].decision

    @property
    def reasons(self) -> tuple[PlanStep, ...]:
        """The first step of each reason there is, as a decision may have one after the other."""
        firsts: dict[ReasonKey, PlanStep] = {}
        for step in self.steps:
            firsts.setdefault(step.reason.key, step)
        return tuple(firsts.values())

    @property
    def powers_kw(self) -> tuple[float, float] | None:
        """The lowest and the highest power that is asked for; ``None`` for decisions without one."""
        powers = [step.decision.power_kw for step in self.steps if step.decision.power_kw is not None]
        return (min(powers), max(powers)) if powers else None


def plan_stretches(steps: Iterable[PlanStep]) -> list[PlanStretch]:
    """Join neighbours of *steps*, given in order, that decide the same."""
    groups: list[list[PlanStep]] = []
    for step in steps:
        if groups and groups[-1][-1].ends_at == step.starts_at and _are_alike(groups[-1][0], step):
            groups[-1].append(step)
        else:
            groups.append([step])
    return [PlanStretch(steps=tuple(group)) for group in groups]


def present_stretch(plan: Plan, now: datetime) -> PlanStretch | None:
    """Return what holds *now*; ``None`` outside the plan."""
    return next((each for each in plan_stretches(plan.steps) if each.starts_at <= now < each.ends_at), None)


def next_change(plan: Plan, now: datetime) -> datetime | None:
    """Return when another decision than that of *now* begins; ``None`` if none does within the plan."""
    present = present_stretch(plan, now)
    return None if present is None or present.ends_at == plan.steps[-1].ends_at else present.ends_at


def _are_alike(one: PlanStep, other: PlanStep) -> bool:
    first, second = one.decision, other.decision
    return (first.kind, first.reserve_percent) == (second.kind, second.reserve_percent)
