"""What a home's contract with its supplier and its connection to the grid allow."""

from dataclasses import dataclass
from enum import StrEnum


class ConnectionRule(StrEnum):
    """What the battery may exchange with the grid."""

    SUN_ONLY = "sun_only"
    """It is charged from the sun alone and may be sold: the rule of net billing."""
    NO_EXPORT = "no_export"
    """It may be charged from the grid and never feeds it."""
    FREE = "free"

    @property
    def allows_grid_charging(self) -> bool:
        """Whether the battery may take what was bought."""
        return self is not ConnectionRule.SUN_ONLY

    @property
    def allows_battery_export(self) -> bool:
        """Whether what the battery gives may be sold."""
        return self is not ConnectionRule.NO_EXPORT


@dataclass(frozen=True, kw_only=True, slots=True)
class GridLimits:
    """What may flow through the home's connection; a load above it is not the plan's doing and is allowed."""

    max_import_kw: float
    max_export_kw: float
