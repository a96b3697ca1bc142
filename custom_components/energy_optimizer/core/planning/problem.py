"""All that a plan is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np

from ..model.battery import BatteryModel
from ..model.contract import ConnectionRule, GridLimits
from ..model.decision import DecisionKind
from ..model.forecast import Floats
from ..model.loads import FlexibleLoad, VehicleLoad


@dataclass(frozen=True, kw_only=True, slots=True)
class Means:
    """How a path carries one kind of decision out."""

    delay: timedelta = timedelta(0)
    """How long the battery goes on as before."""
    power_kw: float | None = None
    """The only power it can be done at, or the most if it is adjustable; ``None`` for the battery's own."""
    adjustable: bool = True


FREE_MEANS: Mapping[DecisionKind, Means] = {kind: Means() for kind in DecisionKind}
"""A battery that does at once whatever it is told."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PlanningProblem:
    """One look ahead: what is known, what is expected and what is allowed. Arrays have a column for each step."""

    now: datetime
    edges: tuple[datetime, ...]
    """Where steps begin and end, one more than there are steps; the first is *now* or shortly before."""
    load_kw: Floats
    """The house without what the plan places, a row for each of ``QUANTILES``."""
    solar_kw: Floats
    import_per_kwh: Floats
    """Quantiles too; all rows are alike where the price is published."""
    export_per_kwh: Floats
    level_kwh: float
    battery: BatteryModel
    grid: GridLimits
    rule: ConnectionRule = ConnectionRule.FREE
    means: Mapping[DecisionKind, Means] = field(default_factory=lambda: FREE_MEANS)
    """The decisions that the battery's path can carry out; self-consumption is always among them."""
    loads: tuple[FlexibleLoad, ...] = ()
    vehicles: tuple[VehicleLoad, ...] = ()
    peak_per_kw: float = 0.0
    """What a kW more of the month's highest import costs, where a tariff has a demand charge."""
    peak_so_far_kw: float = 0.0
    risk: float = 0.0
    """From 0, where only the expected cost counts, to 1, where the worst outcomes do."""

    hours: Floats = field(init=False, repr=False)
    """The length of each step."""

    def __post_init__(self) -> None:
        """Measure the steps once, as each decision in each of them asks for their lengths."""
        object.__setattr__(self, "hours", np.diff([edge.timestamp() for edge in self.edges]) / 3600.0)
