"""What the home means to do, step by step, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .decision import Decision


class ReasonKey(StrEnum):
    """Why a step's decision is what it is; a key of the translations."""

    COVER_HOUSE = "cover_house"
    """Stored energy saves {price} now, which nothing later beats."""
    STORE_SURPLUS = "store_surplus"
    """Surplus is worth more later ({later}) than sold now ({price})."""
    KEEP_FOR_LATER = "keep_for_later"
    """What is stored will be worth {later}, more than {price} now."""
    BUY_CHEAP = "buy_cheap"
    """Bought now at {price}, it will be worth {later}."""
    SELL_DEAR = "sell_dear"
    """Sold now at {price}, more than the {later} that it would be worth later."""
    SELL_SURPLUS = "sell_surplus"
    """Surplus is sold at {price}; the battery fills later."""
    PAID_TO_TAKE = "paid_to_take"
    """The grid pays for what is taken: {price}."""
    RESERVE_REACHED = "reserve_reached"
    BATTERY_FULL = "battery_full"
    NOTHING_TO_GAIN = "nothing_to_gain"
    """No other decision is worth more."""
    PRICES_UNKNOWN = "prices_unknown"
    LEVEL_UNKNOWN = "level_unknown"
    ASKED = "asked"
    """The user chose it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why, with the prices per kWh that the sentence names."""

    key: ReasonKey
    price_per_kwh: float | None = None
    later_per_kwh: float | None = None
    """What a stored kWh will bring, losses taken off."""


class Origin(StrEnum):
    """What made a plan."""

    OPTIMUM = "optimum"
    GREEDY = "greedy"
    """The solver failed or took too long: the simple plan stands in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlanStep:
    """What one step decides and what is expected of it; powers are means (battery + discharge, grid + import)."""

    starts_at: datetime
    ends_at: datetime
    decision: Decision
    reason: Reason
    load_kw: float
    """The house without what the plan places."""
    solar_kw: float
    battery_kw: float
    grid_kw: float
    level_kwh: float
    """At the end of the step."""
    import_per_kwh: float
    export_per_kwh: float
    marginal_per_kwh: float
    """What one more kWh stored at the end of the step would be worth."""
    placed_kw: Mapping[str, float] = field(default_factory=dict)
    """Flexible loads and cars by name."""

    @property
    def cost(self) -> float:
        """What the step's exchange with the grid costs, negative if it earns."""
        hours = (self.ends_at - self.starts_at).total_seconds() / 3600.0
        return self.grid_kw * hours * (self.import_per_kwh if self.grid_kw > 0.0 else self.export_per_kwh)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Steps without gaps from the present on."""

    made_at: datetime
    decided_at: datetime
    """Since when the first step's decision stands."""
    steps: tuple[PlanStep, ...]
    origin: Origin
    expected_cost: float
    """Of all steps, with wear and less the value of what is left, over all that the forecasts hold possible."""
    self_consumption_cost: float
    """The same if the battery only followed the house."""
    solve_s: float = 0.0
    gap: float = 0.0
    """How far from the proven optimum the solver stopped, as a share."""

    def at(self, instant: datetime) -> PlanStep | None:
        """Return the step of *instant*; ``None`` outside the plan."""
        return next((step for step in self.steps if step.starts_at <= instant < step.ends_at), None)
