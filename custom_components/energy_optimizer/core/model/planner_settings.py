"""What a user sets about how the home is planned."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannerSettings:
    """How a home is to be planned, and whether the plan is carried out."""

    reserve_percent: float | None = None
    """Down to which level a plan may discharge; ``None`` for the backup reserve that the Powerwall has."""
    wear_per_kwh: float = 0.0
    """What a kWh discharged counts for wear, in the home's currency."""
    risk: float = 0.0
    """From 0, bold, to 1, careful."""
    optimizes: bool = False
    """Whether the plan is carried out; without, it only advises."""
